# SPDX-License-Identifier: Apache-2.0
"""Writes the 3D landmarks of each person as a TRC file, as OpenSim reads it."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pose_ros.exports.export import AnnotatedFrame
from pose_ros.exports.video_file import rate_of
from pose_ros.poses.geometry import placed_landmarks
from pose_ros.poses.poses import UNTRACKED
from pose_ros.poses.skeleton import Landmark

__all__ = ['TrcFiles']

NAMES = [landmark.name.lower() for landmark in Landmark]
VALUES = len(Landmark) * 3

# OpenSim's y points up; with x to the right, z points to the camera.
TO_OPENSIM = np.array((1.0, -1.0, -1.0))

# In place of a number. OpenSim refuses a row whose last cell is empty.
MISSING = 'NaN'

# What is kept of a picture until the file is written: the person's landmarks around the hip
# midpoint, and where they are in the camera's frame.
ROW = np.dtype(
    [('index', 'i8'), ('stamp_ns', 'i8'), ('hip', 'f4', VALUES), ('placed', 'f4', VALUES)]
)


class TrcFiles:
    """
    A file CAMERA_person_ID.trc for each person with a track id, in metres.

    Landmarks are where they are in the camera's frame when the person's position is known in all
    pictures, otherwise around the hip midpoint. y points up, x to the right as the camera sees it.
    """

    def __init__(self, folder: Path) -> None:
        """Create nothing before somebody came."""
        self._folder = folder
        self._kept: dict[tuple[str, int], Path] = {}

    def write(self, frame: AnnotatedFrame) -> None:
        """Keep the people of a picture, on disk."""
        poses = frame.output.poses
        placed = placed_landmarks(poses) * TO_OPENSIM
        hips = poses.world_landmarks[:, :, :3] * TO_OPENSIM
        for track_id, around_hip, in_camera in zip(
            poses.track_ids.tolist(), hips, placed, strict=True
        ):
            if track_id != UNTRACKED:
                row = np.zeros(1, ROW)
                row['index'], row['stamp_ns'] = frame.index, frame.stamp_ns
                row['hip'], row['placed'] = around_hip.ravel(), in_camera.ravel()
                name = f'{frame.camera}_person_{track_id}'
                path = self._kept.setdefault(
                    (frame.camera, track_id), self._folder / f'{name}.part'
                )
                with path.open('ab') as file:
                    file.write(row.tobytes())

    def close(self) -> None:
        """Write the files."""
        for path in self._kept.values():
            rows = np.fromfile(path, ROW)
            _write(path.with_suffix('.trc'), rows)
            path.unlink()


def _write(path: Path, rows: NDArray[np.void]) -> None:
    first, last = int(rows['index'][0]), int(rows['index'][-1])
    count = last - first + 1
    stamps_ns = rows['stamp_ns']
    rate = rate_of(stamps_ns[np.append(True, np.diff(rows['index']) == 1)].tolist())
    is_placed = bool(np.isfinite(rows['placed']).all())
    values = rows['placed'] if is_placed else rows['hip']
    by_index = dict(zip(rows['index'].tolist(), range(len(rows)), strict=True))
    with path.open('w') as file:
        file.write(f'PathFileType\t4\t(X/Y/Z)\t{path.name}\n')
        file.write(
            'DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\t'
            'OrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n'
            f'{rate:g}\t{rate:g}\t{count}\t{len(NAMES)}\tm\t{rate:g}\t1\t{count}\n'
        )
        file.write('Frame#\tTime\t' + '\t\t\t'.join(NAMES) + '\t\t\n')
        axes = [f'{axis}{number}' for number in range(1, len(NAMES) + 1) for axis in 'XYZ']
        file.write('\t\t' + '\t'.join(axes) + '\n')
        for index in range(first, last + 1):
            at = by_index.get(index)
            seen_ns = stamps_ns[at] - stamps_ns[0] if at is not None else None
            time = (index - first) / rate if seen_ns is None else seen_ns / 1e9
            cells = (
                [MISSING] * VALUES if at is None else [_cell(each) for each in values[at].tolist()]
            )
            file.write(f'{index - first + 1}\t{time:.6f}\t' + '\t'.join(cells) + '\n')


def _cell(value: float) -> str:
    return f'{value:.9g}' if isfinite(value) else MISSING
