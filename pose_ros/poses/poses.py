# SPDX-License-Identifier: Apache-2.0
"""Holds the people who were found in one frame, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.skeleton import Landmark

__all__ = ['COLUMNS', 'UNTRACKED', 'Poses', 'PositionSource']

UNTRACKED = -1  # the track id of a person who is not tracked

# Columns of Poses.landmarks and Poses.world_landmarks, with the names of Landmark.msg.
COLUMNS = ('x', 'y', 'z', 'visibility', 'presence')
X, Y, Z, VISIBILITY, PRESENCE = range(5)


class PositionSource(IntEnum):
    """Where a person's position comes from; the values of PoseLandmarks.position_source."""

    NONE = 0
    CAMERA_INFO = 1
    DEPTH = 2


@dataclass(frozen=True, eq=False)
class Poses:
    """
    N people found in one frame, N >= 0. Row i of every array is the same person. What is not given
    is unknown: an array that is shared and cannot be written to.

    :param landmarks: float32 (N, 33, 5), columns x, y, z, visibility, presence. Normalized: x and
        y as fractions of image width and height (outside [0, 1] when outside the image), z
        relative to the hip midpoint on roughly the scale of x, smaller is nearer; visibility and
        presence in [0, 1]
    :param world_landmarks: float32 (N, 33, 5), the same columns in metres from the hip midpoint:
        x right, y down, z away from the camera along the line of sight to the person
    :param masks: N arrays float32 (H, W) in [0, 1] at the size of the frame, or empty when none
        were asked for
    :param track_ids: int32 (N,), UNTRACKED where a person is not tracked
    :param positions: float64 (N, 3), the hip midpoint in the camera's optical frame in metres,
        NaN when unknown
    :param position_errors: float64 (N,), one standard deviation in metres, NaN when unknown
    :param position_sources: uint8 (N,), values of PositionSource
    :param followed_ids: int32 (N,), numbers by which whoever found the people follows them from
        frame to frame, UNTRACKED where it does not
    :param is_smooth: MediaPipe smoothed the landmarks itself
    """

    landmarks: NDArray[np.float32]
    world_landmarks: NDArray[np.float32]
    masks: tuple[NDArray[np.float32], ...] = ()
    track_ids: NDArray[np.int32] = None  # type: ignore[assignment]
    positions: NDArray[np.float64] = None  # type: ignore[assignment]
    position_errors: NDArray[np.float64] = None  # type: ignore[assignment]
    position_sources: NDArray[np.uint8] = None  # type: ignore[assignment]
    followed_ids: NDArray[np.int32] = None  # type: ignore[assignment]
    is_smooth: bool = False

    def __post_init__(self) -> None:
        """Fill what was not given with "unknown", and check the shapes."""
        people = len(self.landmarks)
        for name, unknown in _unknown(people):
            value = getattr(self, name)
            if value is None:
                object.__setattr__(self, name, unknown)
            elif value.shape != unknown.shape:
                raise ValueError(f'{name}: wanted shape {unknown.shape}, got {value.shape}')
        for name in ('landmarks', 'world_landmarks'):
            shape = getattr(self, name).shape
            if shape != (people, len(Landmark), 5):
                wanted = (people, len(Landmark), 5)
                raise ValueError(f'{name}: wanted shape {wanted}, got {shape}')
        if len(self.masks) not in (0, people):
            raise ValueError(f'masks: wanted none or {people}, got {len(self.masks)}')

    @classmethod
    def empty(cls) -> Poses:
        """Return the result of a frame without people."""
        nobody = np.empty((0, len(Landmark), 5), np.float32)
        return cls(nobody, nobody)

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.landmarks)

    @property
    def visibility(self) -> NDArray[np.float32]:
        """float32 (N, 33) in [0, 1]: likelihood that a landmark is in view and not hidden."""
        return self.landmarks[:, :, VISIBILITY]

    @property
    def confidence(self) -> NDArray[np.float32]:
        """float32 (N,) in [0, 1]: mean presence of each person's landmarks."""
        mean: NDArray[np.float32] = self.landmarks[:, :, PRESENCE].mean(axis=1)
        return mean


@cache
def _unknown(people: int) -> tuple[tuple[str, NDArray[Any]], ...]:
    """Return what is unknown of so many people at first."""
    unknown = (
        ('track_ids', np.full(people, UNTRACKED, np.int32)),
        ('followed_ids', np.full(people, UNTRACKED, np.int32)),
        ('positions', np.full((people, 3), np.nan)),
        ('position_errors', np.full(people, np.nan)),
        ('position_sources', np.full(people, PositionSource.NONE, np.uint8)),
    )
    for _, array in unknown:
        array.flags.writeable = False
    return unknown
