# SPDX-License-Identifier: Apache-2.0
"""
Writes a LeRobot data set, version 3.0: the pictures of one camera, and poses as features.

The format is LeRobot's own description of version 3.0: data and episodes as Parquet files, videos
as MP4 files, and meta/info.json, stats.json and tasks.parquet about them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.exports.export import AnnotatedFrame, ExportError
from pose_ros.exports.lerobot_meta import (
    FILE,
    IDS,
    LANDMARKS,
    SCALARS,
    WORLD,
    About,
    pose_features,
    write_meta,
)
from pose_ros.exports.lerobot_statistics import ImageStatistics, statistics_of
from pose_ros.exports.parquet_table import import_pyarrow
from pose_ros.exports.video_file import VideoFile

__all__ = ['LeRobotDataset']

ROWS_TOGETHER = 300  # make one row group


class LeRobotDataset:
    """
    The folder lerobot: one episode.

    A feature has room for `num_poses` people. Where there are fewer, the rest is zero and has the
    track id -1. Pictures follow one another at the rate of the first ones.
    """

    def __init__(self, folder: Path, cameras: Sequence[str], people: int) -> None:
        """
        Create the files.

        :param people: for whom a feature has room
        :raises ExportError: without pyarrow, or with several cameras
        """
        if len(cameras) != 1:
            raise ExportError(
                f'--lerobot: wanted one camera, got {", ".join(cameras)}: their pictures are not '
                'of the same instants; name one with --image'
            )
        self._arrow = import_pyarrow()
        self._folder, self._people = folder / 'lerobot', people
        self._video_key = f'observation.images.{cameras[0]}'
        self._data = self._folder / f'data/{FILE}.parquet'
        video = self._folder / f'videos/{self._video_key}/{FILE}.mp4'
        for path in (self._data, video, self._folder / 'meta/info.json'):
            path.parent.mkdir(parents=True)
        # LeRobot has whole rates, and looks for each picture at the time that its number gives.
        self._video, self._images = VideoFile(video, whole_rate=True), ImageStatistics()
        self._size: tuple[int, int] | None = None
        self._waiting: list[dict[str, Any]] = []
        self._count = 0
        self._writer: Any = None

    def write(self, frame: AnnotatedFrame) -> None:
        """Write a picture."""
        output = frame.output
        self._size = self._size or output.size
        self._video.write(output.frame.rgb, frame.stamp_ns)
        self._images.add(output.frame.rgb)
        ids = output.poses.track_ids.tolist()[: self._people]
        self._waiting.append(
            {
                LANDMARKS: self._padded(output.poses.landmarks),
                WORLD: self._padded(output.poses.world_landmarks),
                IDS: ids + [-1] * (self._people - len(ids)),
            }
        )
        if self._video.rate_hz and len(self._waiting) >= ROWS_TOGETHER:
            self._flush()

    def close(self) -> None:
        """
        Write what waits, and the files about the data.

        :raises ExportError: when there was no picture, or the video is not whole
        """
        self._video.close()
        self._flush()
        if self._writer is None or self._size is None:
            raise ExportError('--lerobot: wanted pictures, got none')
        self._writer.close()
        table = self._arrow.parquet.read_table(self._data)
        statistics = {name: statistics_of(_matrix(table[name])) for name in table.column_names}
        statistics[self._video_key] = self._images.result()
        about = About(self._people, self._count, self._rate_hz, self._video_key, self._size)
        write_meta(self._folder, self._arrow, about, statistics)

    @property
    def _rate_hz(self) -> int:
        return round(self._video.rate_hz)

    def _padded(self, landmarks: NDArray[np.float32]) -> list[float]:
        padded = np.zeros((self._people, *landmarks.shape[1:]), np.float32)
        padded[: len(landmarks)] = landmarks[: self._people]
        return np.nan_to_num(padded).ravel().tolist()

    def _flush(self) -> None:
        if not self._waiting:
            return
        rows, self._waiting = self._waiting, []
        numbers = np.arange(self._count, self._count + len(rows))
        self._count += len(rows)
        zeros = np.zeros(len(rows), np.int64)
        values = {
            **{name: [row[name] for row in rows] for name in (LANDMARKS, WORLD, IDS)},
            'timestamp': (numbers / self._rate_hz).astype(np.float32),
            'frame_index': numbers,
            'episode_index': zeros,
            'index': numbers,
            'task_index': zeros,
        }
        schema = self._schema()
        if self._writer is None:
            self._writer = self._arrow.parquet.ParquetWriter(self._data, schema)
        self._writer.write_table(self._arrow.table(values, schema=schema))

    def _schema(self) -> Any:
        arrow = self._arrow
        fields = [
            (name, arrow.list_(arrow.from_numpy_dtype(about['dtype']), about['shape'][0]))
            for name, about in pose_features(self._people).items()
        ]
        fields += [(name, arrow.from_numpy_dtype(kind)) for name, kind in SCALARS.items()]
        return arrow.schema(fields)


def _matrix(column: Any) -> NDArray[Any]:
    values = np.array(column.to_pylist())
    return values.reshape(len(values), -1)
