# SPDX-License-Identifier: Apache-2.0
"""Holds a person who was found in a window, in the coordinates of the whole picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.windows import Window
from pose_ros.poses.poses import VISIBILITY, Poses, X, Y
from pose_ros.poses.skeleton import Landmark

__all__ = ['Sight', 'sights', 'to_poses']

XY = slice(X, Y + 1)
HIPS = (Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
SHOULDERS = (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER)
VISIBLE = 0.5  # least visibility of a landmark that counts for the box


@dataclass(frozen=True, eq=False)
class Sight:
    """
    One person, once found.

    :param landmarks: float32 (33, 5), as in Poses, but x, y and z in pixels of the picture
    :param world_landmarks: float32 (33, 5), as in Poses
    :param window: in which the person was found
    :param mask: float32 (h, w) of the window; None when none was asked for
    """

    landmarks: NDArray[np.float32]
    world_landmarks: NDArray[np.float32]
    window: Window
    mask: NDArray[np.float32] | None = None

    @property
    def points_px(self) -> NDArray[np.float32]:
        """float32 (33, 2)."""
        return self.landmarks[:, XY]

    @property
    def hips_px(self) -> NDArray[np.float32]:
        """float32 (2,), the middle of the hips."""
        middle: NDArray[np.float32] = self.points_px[HIPS, :].mean(axis=0)
        return middle

    @property
    def radius_px(self) -> float:
        """From the middle of the hips to the farthest landmark."""
        return float(np.sqrt(np.square(self.points_px - self.hips_px).sum(axis=1).max()))

    @property
    def torso_px(self) -> float:
        """The torso's longer diagonal."""
        diagonals = self.points_px[SHOULDERS, :] - self.points_px[HIPS[::-1], :]
        return float(np.sqrt(np.square(diagonals).sum(axis=1).max()))

    @property
    def incline(self) -> float:
        """Radians from upright, clockwise, of the line from the hips to the shoulders."""
        x, y = (self.points_px[SHOULDERS, :].mean(axis=0) - self.hips_px).tolist()
        return atan2(x, -y)

    def box_px(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the visible landmarks, or else of all."""
        visible = self.landmarks[:, VISIBILITY] >= VISIBLE
        points = self.points_px[visible] if visible.sum() > 1 else self.points_px
        left, top = points.min(axis=0).tolist()
        right, bottom = points.max(axis=0).tolist()
        return left, top, right, bottom

    def moved(self, way_px: NDArray[np.float32]) -> Sight:
        """Return the same person somewhere else."""
        landmarks = self.landmarks.copy()
        landmarks[:, XY] += way_px
        x, y = way_px.tolist()
        window = Window(
            self.window.x + x, self.window.y + y, self.window.width, self.window.height
        )
        return Sight(landmarks, self.world_landmarks, window, self.mask)


def sights(window: Window, found: Poses) -> list[Sight]:
    """Return the people found in what a window shows."""
    scales = np.array((window.width, window.height, window.width, 1, 1), np.float32)
    offsets = np.array((window.x, window.y, 0, 0, 0), np.float32)
    masks = found.masks or (None,) * len(found)
    return [
        Sight(landmarks * scales + offsets, world_landmarks, window, mask)
        for landmarks, world_landmarks, mask in zip(
            found.landmarks, found.world_landmarks, masks, strict=True
        )
    ]


def to_poses(
    people: Sequence[Sight], width: int, height: int, followed_ids: Sequence[int] | None = None
) -> Poses:
    """
    Return people as found in a whole picture; their masks are 0 outside of their windows.

    When some have a mask and others none, as who was last seen when none was asked for, that of
    the others is 0 everywhere.

    :param width: of the picture in pixels
    :param height: of the picture in pixels
    :param followed_ids: as in Poses; None: nobody is followed
    """
    if not people:
        return Poses.empty()
    scales = np.array((1 / width, 1 / height, 1 / width, 1, 1), np.float32)
    landmarks = np.stack([person.landmarks for person in people]) * scales
    masks = []
    if any(person.mask is not None for person in people):
        masks = [np.zeros((height, width), np.float32) for _ in people]
    for person, mask in zip(people, masks, strict=False):
        if person.mask is not None:
            person.window.paste(person.mask, mask)
    return Poses(
        landmarks,
        np.stack([person.world_landmarks for person in people]),
        tuple(masks),
        followed_ids=None if followed_ids is None else np.array(followed_ids, np.int32),  # type: ignore[arg-type]
    )
