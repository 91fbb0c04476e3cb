# SPDX-License-Identifier: Apache-2.0
"""Draws people with matplotlib: over the picture, in 3D, and a landmark over time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import COLUMNS, VISIBILITY, X, Y, Z
from pose_ros.poses.skeleton import CONNECTIONS, Landmark, Side, side_of
from pose_ros.reading.sightings import Sightings

__all__ = ['plot_3d', 'plot_over_time', 'plot_picture']

MIN_VISIBILITY = 0.5  # a landmark less visible is not drawn

# Left and right as in the markers; their white centre would not be seen on white paper.
COLORS = {Side.LEFT: '#e69f00', Side.RIGHT: '#56b4e9', Side.CENTER: '#666666'}


def plot_picture(rgb: NDArray[np.uint8], people: Sightings, axes: Any = None) -> Any:
    """
    Draw skeletons over a picture, and return matplotlib's axes.

    :param rgb: uint8 (H, W, 3)
    :param people: in this picture
    :param axes: to draw on; None: new ones
    """
    axes = _new_axes() if axes is None else axes
    height, width = rgb.shape[:2]
    axes.imshow(rgb)
    for landmarks in people.landmarks:
        points = landmarks[:, [X, Y]] * (width, height)
        _draw(axes, points, landmarks[:, VISIBILITY] >= MIN_VISIBILITY)
    axes.set_axis_off()
    return axes


def plot_3d(people: Sightings, axes: Any = None) -> Any:
    """
    Draw skeletons in 3D, in metres, and return matplotlib's axes.

    People whose position is known stand where they are before the camera; others are around the
    origin. Up is up.

    :param people: in one picture
    :param axes: with projection 3d; None: new ones
    """
    axes = _new_axes(projection='3d') if axes is None else axes
    for landmarks, position in zip(people.world_landmarks, people.positions, strict=True):
        points = landmarks[:, [X, Y, Z]] + np.nan_to_num(position)
        _draw(axes, points[:, [X, Z, Y]] * (1, 1, -1), landmarks[:, VISIBILITY] >= MIN_VISIBILITY)
    axes.set(xlabel='right (m)', ylabel='ahead (m)', zlabel='up (m)')
    axes.set_aspect('equal', adjustable='datalim')  # a box would be too thin for its numbers
    for each in (axes.xaxis, axes.yaxis, axes.zaxis):
        each.get_major_locator().set_params(nbins=5)
    return axes


def plot_over_time(
    people: Sightings, landmark: str, value: str = 'y', *, world: bool = False, axes: Any = None
) -> Any:
    """
    Draw a value of a landmark over time, a line for each person; return matplotlib's axes.

    A line has a gap where the person was not found.

    :param landmark: its name, such as left_wrist
    :param value: x, y, z, visibility or presence
    :param world: of the world landmarks, in metres
    :param axes: to draw on; None: new ones
    :raises ValueError: when there is no such landmark or value
    """
    if landmark.upper() not in Landmark.__members__ or value not in COLUMNS:
        raise ValueError(
            f'wanted a landmark such as left_wrist and one of {", ".join(COLUMNS)}, got '
            f'{landmark} and {value}'
        )
    axes = _new_axes() if axes is None else axes
    number, column = Landmark[landmark.upper()], COLUMNS.index(value)
    source = people.world_landmarks if world else people.landmarks
    for track_id in np.unique(people.track_ids):
        chosen = people.track_ids == track_id
        missed = 1 + np.flatnonzero(np.diff(people.frames[chosen]) > 1)
        axes.plot(
            np.insert(people.times[chosen], missed, np.nan),
            np.insert(source[chosen, number, column], missed, np.nan),
            label=f'person {track_id}',
        )
    axes.set(xlabel='time (s)', ylabel=f'{value} of {landmark}')
    if len(people):
        axes.legend()
    return axes


def _new_axes(**keywords: Any) -> Any:
    from matplotlib import pyplot  # noqa: PLC0415 (an optional extra)

    return pyplot.figure().add_subplot(**keywords)


def _draw(axes: Any, points: NDArray[Any], shown: NDArray[np.bool_]) -> None:
    for start, end in CONNECTIONS:
        if shown[start] and shown[end]:
            axes.plot(*points[[start, end]].T, color=COLORS[side_of(start, end)], linewidth=2)
