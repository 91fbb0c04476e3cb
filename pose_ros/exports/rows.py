# SPDX-License-Identifier: Apache-2.0
"""Turns the people of a picture into rows of a tidy table: one a person and landmark."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.exports.export import AnnotatedFrame
from pose_ros.poses.poses import COLUMNS as LANDMARK_COLUMNS
from pose_ros.poses.poses import PRESENCE, VISIBILITY, X, Y, Z
from pose_ros.poses.skeleton import Landmark

__all__ = ['COLUMNS', 'rows']

NAMES = [landmark.name.lower() for landmark in Landmark]

# Names and NumPy types of the columns; 'str' is text. docs/recordings.md explains them.
COLUMNS = {
    'stamp_ns': 'int64',
    'time': 'float64',
    'camera': 'str',
    'frame': 'int64',
    'person': 'int32',
    'track_id': 'int32',
    'landmark': 'str',
    'x': 'float32',
    'y': 'float32',
    'z': 'float32',
    'visibility': 'float32',
    'presence': 'float32',
    'world_x': 'float32',
    'world_y': 'float32',
    'world_z': 'float32',
    'position_x': 'float64',
    'position_y': 'float64',
    'position_z': 'float64',
    'position_error': 'float32',
    'position_source': 'uint8',
}


def rows(frame: AnnotatedFrame, begin_ns: int) -> dict[str, NDArray[Any] | list[str]]:
    """
    Return the rows of a picture, column by column; none when nobody is in it.

    :param begin_ns: from which `time` counts, in nanoseconds
    """
    poses = frame.output.poses
    people, each = len(poses), len(Landmark)
    count = people * each
    found = poses.landmarks.reshape(count, len(LANDMARK_COLUMNS))
    world = poses.world_landmarks.reshape(count, len(LANDMARK_COLUMNS))
    positions = np.repeat(poses.positions, each, axis=0)
    return {
        'stamp_ns': np.full(count, frame.stamp_ns, np.int64),
        'time': np.full(count, (frame.stamp_ns - begin_ns) / 1e9),
        'camera': [frame.camera] * count,
        'frame': np.full(count, frame.index, np.int64),
        'person': np.repeat(np.arange(people, dtype=np.int32), each),
        'track_id': np.repeat(poses.track_ids, each),
        'landmark': NAMES * people,
        'x': found[:, X],
        'y': found[:, Y],
        'z': found[:, Z],
        'visibility': found[:, VISIBILITY],
        'presence': found[:, PRESENCE],
        'world_x': world[:, X],
        'world_y': world[:, Y],
        'world_z': world[:, Z],
        'position_x': positions[:, 0],
        'position_y': positions[:, 1],
        'position_z': positions[:, 2],
        'position_error': np.repeat(poses.position_errors, each).astype(np.float32),
        'position_source': np.repeat(poses.position_sources, each),
    }
