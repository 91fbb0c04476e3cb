# SPDX-License-Identifier: Apache-2.0
"""Writes the files of a LeRobot data set, version 3.0, that say what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from pose_ros.exports.lerobot_statistics import Statistics, flattened
from pose_ros.poses.poses import COLUMNS
from pose_ros.poses.skeleton import Landmark

__all__ = ['FILE', 'IDS', 'LANDMARKS', 'SCALARS', 'WORLD', 'About', 'pose_features', 'write_meta']

VERSION = 'v3.0'
FILE = 'chunk-000/file-000'
TASK = 'observe people'
LANDMARKS, WORLD, IDS = (
    f'observation.pose.{name}' for name in ('landmarks', 'world_landmarks', 'track_ids')
)
NAMES = [landmark.name.lower() for landmark in Landmark]
SCALARS = {'timestamp': 'float32'} | dict.fromkeys(
    ('frame_index', 'episode_index', 'index', 'task_index'), 'int64'
)

# LeRobot's defaults.
LIMITS = {'chunks_size': 1000, 'data_files_size_in_mb': 100, 'video_files_size_in_mb': 200}

# With it pandas takes the second column of tasks.parquet for the names of its rows.
TASKS_FOR_PANDAS = {
    'index_columns': ['__index_level_0__'],
    'column_indexes': [],
    'columns': [
        {
            'name': name,
            'field_name': field,
            'pandas_type': kind,
            'numpy_type': numpy_kind,
            'metadata': None,
        }
        for name, field, kind, numpy_kind in (
            ('task_index', 'task_index', 'int64', 'int64'),
            (None, '__index_level_0__', 'unicode', 'object'),
        )
    ],
}


@dataclass(frozen=True)
class About:
    """
    What is in a data set of one episode.

    :param people: for whom a feature has room
    :param frames: how many it has
    :param rate_hz: of its frames
    :param video_key: name of the feature that is the pictures
    :param size: width and height of the pictures in pixels
    """

    people: int
    frames: int
    rate_hz: int
    video_key: str
    size: tuple[int, int]


def pose_features(people: int) -> dict[str, dict[str, Any]]:
    """Return what LeRobot wants to know of the features that are poses."""
    names = [
        f'{each}.{name}.{axis}' for each in range(people) for name in NAMES for axis in COLUMNS
    ]
    features: dict[str, dict[str, Any]] = {
        name: {'dtype': 'float32', 'shape': [len(names)], 'names': names}
        for name in (LANDMARKS, WORLD)
    }
    ids = [f'{each}.track_id' for each in range(people)]
    return features | {IDS: {'dtype': 'int64', 'shape': [people], 'names': ids}}


def write_meta(
    folder: Path, arrow: Any, about: About, statistics: Mapping[str, Statistics]
) -> None:
    """
    Write info.json, stats.json, tasks.parquet and the table of episodes.

    :param folder: of the data set
    :param arrow: the package pyarrow, with its module parquet
    """
    meta = folder / 'meta'
    (meta / 'info.json').write_text(json.dumps(_info(about), indent=4))
    (meta / 'stats.json').write_text(json.dumps(statistics, indent=4))
    tasks = arrow.table({'task_index': [0], '__index_level_0__': [TASK]})
    tasks = tasks.replace_schema_metadata({'pandas': json.dumps(TASKS_FOR_PANDAS)})
    arrow.parquet.write_table(tasks, meta / 'tasks.parquet')
    path = meta / f'episodes/{FILE}.parquet'
    path.parent.mkdir(parents=True)
    arrow.parquet.write_table(arrow.table(_episode(about, statistics)), path)


def _info(about: About) -> dict[str, Any]:
    width, height = about.size
    features = pose_features(about.people)
    features |= {
        name: {'dtype': kind, 'shape': [1], 'names': None} for name, kind in SCALARS.items()
    }
    features[about.video_key] = {
        'dtype': 'video',
        'shape': [height, width, 3],
        'names': ['height', 'width', 'channels'],
        'info': {
            'video.height': height,
            'video.width': width,
            'video.codec': 'mpeg4',
            'video.pix_fmt': 'yuv420p',
            'video.is_depth_map': False,
            'video.fps': about.rate_hz,
            'video.channels': 3,
            'has_audio': False,
        },
    }
    return {
        'codebase_version': VERSION,
        'robot_type': None,
        'total_episodes': 1,
        'total_frames': about.frames,
        'total_tasks': 1,
        **LIMITS,
        'fps': about.rate_hz,
        'splits': {'train': '0:1'},
        'data_path': 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet',
        'video_path': 'videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4',
        'features': features,
    }


def _episode(about: About, statistics: Mapping[str, Statistics]) -> dict[str, list[Any]]:
    video = f'videos/{about.video_key}'
    return {
        'episode_index': [0],
        'tasks': [[TASK]],
        'length': [about.frames],
        'data/chunk_index': [0],
        'data/file_index': [0],
        'dataset_from_index': [0],
        'dataset_to_index': [about.frames],
        f'{video}/chunk_index': [0],
        f'{video}/file_index': [0],
        f'{video}/from_timestamp': [0.0],
        f'{video}/to_timestamp': [about.frames / about.rate_hz],
        **{f'stats/{name}': [value] for name, value in flattened(statistics)},
        'meta/episodes/chunk_index': [0],
        'meta/episodes/file_index': [0],
    }
