# SPDX-License-Identifier: Apache-2.0
"""
Measures positions from camera_info alone against four calibrated cameras, which film real people.

Each camera is a node of its own, which knows its camera_info and nothing else. The truth are the
landmarks that all four cameras together see, triangulated (see `simulation.room_people`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulation.recordings import ROOM_CAMERAS, calibration
from simulation.room_cameras import read_room_cameras
from simulation.room_people import PEOPLE, match_people
from simulation.room_positions import PARAMETERS, Sighting, found, placed, sightings

__all__ = ['RoomAccuracy', 'measure', 'table']


@dataclass(frozen=True)
class RoomAccuracy:
    """
    What one camera knows of one person; medians over the frames in which it sees them.

    :param videos: single or multi
    :param person: who
    :param camera: cam1 to cam4
    :param person_height_m: the parameter; 0: not given
    :param frames: in which the person is seen by this camera and another
    :param distance_m: the true one
    :param bias: signed error of the distance, as a fraction of it
    :param error: unsigned
    :param along_m: unsigned error along the ray
    :param across_m: likewise across it
    :param stated: position_error, as a fraction of the distance
    :param covered: share of the frames in which the position is off by less than 2 position_error
    :param landmarks_m: distance of placed landmarks from the triangulated ones
    :param landmarks_90_m: below which nine tenths of these are
    """

    videos: str
    person: str
    camera: str
    person_height_m: float
    frames: int
    distance_m: float
    bias: float
    error: float
    along_m: float
    across_m: float
    stated: float
    covered: float
    landmarks_m: float
    landmarks_90_m: float


def measure() -> list[RoomAccuracy]:
    """Return a row for each person and camera, without and with person_height; takes minutes."""
    return [row for videos in PARAMETERS for row in _measured(videos)]


def _measured(videos: str) -> Iterator[RoomAccuracy]:
    cameras = read_room_cameras(calibration(), videos)
    all_found = [found(videos, camera) for camera in ROOM_CAMERAS]
    truth = [
        match_people(cameras, [each.poses for each in moment])
        for moment in zip(*all_found, strict=True)
    ]
    for person in PEOPLE:
        for height_m in (0.0, person.height_m):
            for index, camera in enumerate(cameras):
                results = placed(all_found[index], camera, videos, height_m)
                seen = list(sightings(results, truth, cameras, index, person.name))
                if seen:
                    yield _row(videos, person.name, camera.name, height_m, seen)


def _row(
    videos: str, name: str, camera: str, person_height_m: float, seen: list[Sighting]
) -> RoomAccuracy:
    off_m = np.array([each.off_m for each in seen])
    distances_m = np.array([each.distance_m for each in seen])
    errors_m = np.array([each.error_m for each in seen])
    landmarks_m = np.concatenate([each.landmarks_m for each in seen])
    # Of the distance: the position's own length less the true one.
    lengths_m = np.hypot(distances_m + off_m[:, 0], off_m[:, 1])
    relative = lengths_m / distances_m - 1
    values = (
        np.median(distances_m),
        np.median(relative),
        np.median(np.abs(relative)),
        np.median(np.abs(off_m[:, 0])),
        np.median(off_m[:, 1]),
        np.median(errors_m / distances_m),
        np.mean(np.hypot(off_m[:, 0], off_m[:, 1]) < 2 * errors_m),
        np.median(landmarks_m),
        np.quantile(landmarks_m, 0.9),
    )
    return RoomAccuracy(
        videos, name, camera, person_height_m, len(seen), *(float(each) for each in values)
    )


def table(rows: list[RoomAccuracy]) -> str:
    """Return the rows, and the medians over the cameras, as Markdown."""
    lines = [
        '| videos | person | `person_height` | camera | frames | distance | error of distance '
        '| signed | along the ray | across it | `position_error` | within 2 of it '
        '| landmarks | 90 % below |',
        '|---' * 14 + '|',
        *map(_line, rows),
        '',
        '| videos | person | `person_height` | error of distance, median of the cameras | largest '
        '| within 2 `position_error` |',
        '|---' * 6 + '|',
    ]
    cases = dict.fromkeys((row.videos, row.person, row.person_height_m) for row in rows)
    for case in cases:
        same = [row for row in rows if (row.videos, row.person, row.person_height_m) == case]
        errors = [row.error for row in same]
        covered = np.average([row.covered for row in same], weights=[row.frames for row in same])
        lines.append(
            f'| {case[0]} | {case[1]} | {_height(case[2])} | {np.median(errors):.1%} '
            f'| {max(errors):.1%} | {covered:.0%} |'
        )
    return '\n'.join(lines)


def _height(height_m: float) -> str:
    return f'{height_m:g} m' if height_m else 'not given'


def _line(row: RoomAccuracy) -> str:
    return (
        f'| {row.videos} | {row.person} | {_height(row.person_height_m)} | {row.camera} '
        f'| {row.frames} | {row.distance_m:.2f} m | {row.error:.1%} | {row.bias:+.1%} '
        f'| {100 * row.along_m:.1f} cm | {100 * row.across_m:.1f} cm | {row.stated:.1%} '
        f'| {row.covered:.0%} | {100 * row.landmarks_m:.1f} cm '
        f'| {100 * row.landmarks_90_m:.1f} cm |'
    )


if __name__ == '__main__':
    print(table(measure()))
