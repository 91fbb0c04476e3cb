# SPDX-License-Identifier: Apache-2.0
"""Holds the people of many pictures as NumPy arrays, and gives them as a pandas table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import COLUMNS
from pose_ros.poses.skeleton import Landmark

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ['Sightings']

NAMES = [landmark.name.lower() for landmark in Landmark]


@dataclass(frozen=True, eq=False, repr=False)
class Sightings:
    """
    M sightings, each one person in one picture, in the order of the pictures.

    :param stamps_ns: int64 (M,), of the pictures
    :param frames: int64 (M,), numbers of the pictures, from 0; pictures without people have none
    :param track_ids: int32 (M,), -1 where a person is not tracked
    :param landmarks: float32 (M, 33, 5): x, y, z, visibility, presence; x and y as fractions of
        the picture's width and height
    :param world_landmarks: float32 (M, 33, 5), the same in metres from the hip midpoint
    :param positions: float64 (M, 3), the hip midpoint in the camera's frame in metres; NaN when
        unknown
    :param sizes: int64 (M, 2), width and height of the pictures in pixels; 0 when unknown
    """

    stamps_ns: NDArray[np.int64]
    frames: NDArray[np.int64]
    track_ids: NDArray[np.int32]
    landmarks: NDArray[np.float32]
    world_landmarks: NDArray[np.float32]
    positions: NDArray[np.float64]
    sizes: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of sightings."""
        return len(self.stamps_ns)

    def __repr__(self) -> str:
        """Return what it holds in one line, not the arrays: a notebook prints it."""
        pictures, people = np.unique(self.frames).size, np.unique(self.track_ids).tolist()
        return (
            f'<Sightings: {len(self)} in {pictures} pictures, {np.ptp(self.times):.2f} s, '
            f'track ids {people}>'
            if len(self)
            else '<Sightings: nobody>'
        )

    @property
    def times(self) -> NDArray[np.float64]:
        """float64 (M,): seconds since the first sighting."""
        first = self.stamps_ns[0] if len(self) else 0
        times: NDArray[np.float64] = (self.stamps_ns - first) / 1e9
        return times

    def person(self, track_id: int) -> Sightings:
        """Return the sightings of one person."""
        return self._where(self.track_ids == track_id)

    def frame(self, number: int) -> Sightings:
        """Return the people in one picture."""
        return self._where(self.frames == number)

    @property
    def table(self) -> DataFrame:
        """A tidy table: one row for each sighting and landmark; needs pandas."""
        import pandas as pd  # noqa: PLC0415 (an optional extra)

        count, each = len(self), len(Landmark)
        columns: dict[str, Any] = {
            'stamp_ns': np.repeat(self.stamps_ns, each),
            'time': np.repeat(self.times, each),
            'frame': np.repeat(self.frames, each),
            'track_id': np.repeat(self.track_ids, each),
            'landmark': NAMES * count,
        }
        for number, name in enumerate(COLUMNS):
            columns[name] = self.landmarks[:, :, number].ravel()
        for number, name in enumerate(COLUMNS[:3]):
            columns[f'world_{name}'] = self.world_landmarks[:, :, number].ravel()
        for number, name in enumerate(COLUMNS[:3]):
            columns[f'position_{name}'] = np.repeat(self.positions[:, number], each)
        return pd.DataFrame(columns)

    def _where(self, chosen: NDArray[np.bool_]) -> Sightings:
        return Sightings(*(getattr(self, each.name)[chosen] for each in fields(self)))
