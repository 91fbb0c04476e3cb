# SPDX-License-Identifier: Apache-2.0
"""
Finds out who is whom in the pictures of the room's four cameras, and where everybody is.

People are matched by geometry alone: of all ways to choose at most one person of each camera,
those count first in which most cameras agree on one body, and of these the one with the smallest
residual. A body is found in the room by the direct linear transformation (Hartley and Zisserman,
Multiple View Geometry, 12.2), see `room_cameras.triangulate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo

from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import TORSO, Landmark
from simulation.room_cameras import RoomCamera, triangulate

__all__ = ['PEOPLE', 'Known', 'RoomPerson', 'camera_info', 'match_people']

LEAST_VIEWS = 2
MIN_WEIGHT = 0.02  # of a landmark that is not visible at all, so that all can be triangulated
# Mean distance between where the landmarks of a torso are seen and where they are projected to.
# The same person has 7 to 35 px, 8 of them in the median for the man, 21 for the figure.
MAX_RESIDUAL_PX = 40.0
MAX_AWAY_M = 0.7  # from where somebody stands; the man moves by 0.3 m to each side
VISIBLE = 0.5  # least visibility of a landmark that counts as seen

HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]


@dataclass(frozen=True)
class Known:
    """
    Somebody in the room.

    :param home_m: where the hips are, more or less, (3,) in the room
    :param height_m: standing height as the authors of the recordings give it, in the
        configuration of their example for several people: 1.72 and 1.40. Triangulated landmarks
        say the same: from heel by ankle, knee, hip and shoulder to the eye it is 1.60 and 1.30 m,
        and eyes are at 0.936 of the height (Drillis and Contini, 1966)
    """

    name: str
    home_m: tuple[float, float, float]
    height_m: float


# The woman at the back is in view of two cameras, which seldom find her: she has no truth.
PEOPLE = (Known('man', (-1.15, -0.05, 0.88), 1.72), Known('figure', (0.19, -0.42, 0.66), 1.40))


@dataclass(frozen=True)
class RoomPerson:
    """
    Somebody whom several cameras see in the same moment.

    :param name: one of PEOPLE
    :param rows: of each camera, which person of its result it is; -1 where she was not found
    :param room_m: where the landmarks are in the room, (33, 3)
    :param visible: by how many cameras a landmark is seen with a visibility of 0.5, int (33,)
    :param residual_px: mean over cameras and landmarks of the torso
    """

    name: str
    rows: tuple[int, ...]
    room_m: NDArray[np.float64]
    visible: NDArray[np.int64]
    residual_px: float


def camera_info(camera: RoomCamera) -> CameraInfo:
    """Return what a driver of the camera would publish."""
    fx, fy, cx, cy = camera.matrix[[0, 1, 0, 1], [0, 1, 2, 2]].tolist()
    return CameraInfo(
        width=camera.width,
        height=camera.height,
        distortion_model='plumb_bob',
        d=[*camera.distortion.tolist(), 0.0],
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
    )


def match_people(cameras: tuple[RoomCamera, ...], found: Sequence[Poses]) -> list[RoomPerson]:
    """
    Return the people whom at least two cameras see, each once.

    :param found: what each camera sees in the same moment
    """
    points_px = [
        poses.landmarks[:, :, :2].astype(np.float64) * (camera.width, camera.height) - 0.5
        for camera, poses in zip(cameras, found, strict=True)
    ]
    choices = [
        rows
        for rows in product(*(range(-1, len(poses)) for poses in found))
        if sum(row >= 0 for row in rows) >= LEAST_VIEWS
    ]
    bodies = [_triangulated(cameras, points_px, found, rows, list(TORSO)) for rows in choices]
    order = sorted(
        range(len(choices)), key=lambda index: (choices[index].count(-1), bodies[index][1])
    )
    people: list[RoomPerson] = []
    for index in order:
        rows, residual_px = choices[index], bodies[index][1]
        is_taken = any(
            row >= 0 and row == other
            for person in people
            for row, other in zip(rows, person.rows, strict=True)
        )
        if residual_px <= MAX_RESIDUAL_PX and not is_taken:
            people.append(_person(cameras, points_px, found, rows, residual_px))
    return [person for person in people if person.name]


def _triangulated(
    cameras: tuple[RoomCamera, ...],
    points_px: Sequence[NDArray[np.float64]],
    found: Sequence[Poses],
    rows: tuple[int, ...],
    landmarks: list[int],
) -> tuple[NDArray[np.float64], float]:
    """Return these landmarks (K, 3) of one person in the room, and their mean residual."""
    chosen = [index for index, row in enumerate(rows) if row >= 0]
    seen_by = tuple(cameras[index] for index in chosen)
    points = np.array([points_px[index][rows[index]][landmarks] for index in chosen])
    weights = np.array([found[index].visibility[rows[index]][landmarks] for index in chosen])
    room_m = triangulate(seen_by, points, np.maximum(weights, MIN_WEIGHT).astype(float))
    off_px = [
        np.linalg.norm(camera.project(room_m) - each, axis=1)
        for camera, each in zip(seen_by, points, strict=True)
    ]
    return room_m, float(np.mean(off_px))


def _person(
    cameras: tuple[RoomCamera, ...],
    points_px: Sequence[NDArray[np.float64]],
    found: Sequence[Poses],
    rows: tuple[int, ...],
    residual_px: float,
) -> RoomPerson:
    room_m, _ = _triangulated(cameras, points_px, found, rows, list(range(len(Landmark))))
    visible = sum(
        (poses.visibility[row] >= VISIBLE).astype(int)
        for poses, row in zip(found, rows, strict=True)
        if row >= 0
    )
    return RoomPerson(
        _name(room_m[HIPS].mean(axis=0)), rows, room_m, np.asarray(visible), residual_px
    )


def _name(hips_m: NDArray[np.float64]) -> str:
    """Return who stands there; '' when nobody does."""
    away_m = {each.name: float(np.linalg.norm(hips_m - each.home_m)) for each in PEOPLE}
    name = min(away_m, key=away_m.__getitem__)
    return name if away_m[name] <= MAX_AWAY_M else ''
