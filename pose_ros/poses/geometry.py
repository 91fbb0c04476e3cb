# SPDX-License-Identifier: Apache-2.0
"""
Computes where a person's landmarks are: in the optical frame, and their box in the image.

MediaPipe's landmark model sees each person in a crop of its own, as if the camera had turned to
them: its world landmarks are in a frame whose z axis is the line of sight, not the optical axis.
"""

from __future__ import annotations

from math import hypot, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import Poses

__all__ = [
    'ROI_MIN_VISIBILITY',
    'placed_landmarks',
    'turned',
    'viewing_quaternions',
    'viewing_rotations',
    'visible_box',
    'visible_box_px',
]

EPSILON = 1e-9
ROI_MIN_VISIBILITY = 0.5  # a landmark below it does not widen the region of interest


def placed_landmarks(result: Poses) -> NDArray[np.float64]:
    """
    Return the world landmarks where they are in the world.

    :returns: float64 (N, 33, 3) in metres in the camera's optical frame; NaN where a person's
        position is unknown
    """
    world_m = result.world_landmarks[:, :, :3]
    return turned(world_m, result.positions) + result.positions[:, None]


def viewing_rotations(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return the rotations from the frames of the world landmarks to the camera's optical frame.

    Rodrigues' formula for the axis (-y, x, 0), whose length is the sine of the angle.

    :param positions: (N, 3), of people, or directions in which they are seen
    :returns: float64 (N, 3, 3), the shortest rotations that take (0, 0, 1) to each direction;
        as a quaternion x y z w, (-dy, dx, 0, 1 + dz), normalized, for a direction of length 1
    """
    rotations = []
    for position in positions.tolist():
        length = max(hypot(*position), EPSILON)
        x, y, z = (each / length for each in position)
        share = 1 / max(1 + z, EPSILON)
        rotations.append(
            (
                (1 - share * x * x, -share * x * y, x),
                (-share * x * y, 1 - share * y * y, y),
                (-x, -y, z),
            )
        )
    return np.array(rotations, np.float64).reshape(-1, 3, 3)


def viewing_quaternions(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return the same rotations as quaternions.

    :param positions: (N, 3), of people; not all zero
    :returns: float64 (N, 4), x y z w of length 1
    """
    lengths = np.sqrt(np.einsum('ni,ni->n', positions, positions))
    x, y, z = (positions / np.maximum(lengths, EPSILON)[:, None]).T
    quaternions = np.stack((-y, x, np.zeros_like(z), 1 + z), axis=1)
    return quaternions / np.sqrt(np.einsum('ni,ni->n', quaternions, quaternions))[:, None]


def turned(
    world_m: NDArray[Any],
    directions: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Return world landmarks along the axes of the optical frame.

    :param world_m: (N, 33, 3) in metres
    :param directions: (N, 3) in which the people are seen
    """
    with np.errstate(invalid='ignore'):  # landmarks that are not finite stay so
        return world_m @ viewing_rotations(directions).transpose(0, 2, 1)


def visible_box(landmarks: NDArray[np.float32]) -> tuple[float, float, float, float] | None:
    """
    Return the box around the visible landmarks of one person.

    :param landmarks: float32 (33, 5), normalized
    :returns: left, top, right and bottom as fractions of the image's width and height, outside
        [0, 1] where landmarks are outside the image; None when none of them is inside
    """
    points = [
        (x, y)
        for x, y, _, visibility, _ in landmarks.tolist()
        if visibility >= ROI_MIN_VISIBILITY and isfinite(x) and isfinite(y)
    ]
    if not any(0 <= x <= 1 and 0 <= y <= 1 for x, y in points):
        return None
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def visible_box_px(
    landmarks: NDArray[np.float32],
    width: int,
    height: int,
) -> tuple[int, int, int, int]:
    """
    Return the box of the pixels that hold the visible landmarks; all zero when none is in view.

    :param landmarks: float32 (33, 5), normalized
    :param width: of the image, pixels
    :param height: of the image, pixels
    :returns: left, top, width and height in pixels
    """
    box = visible_box(landmarks)
    if box is None:
        return 0, 0, 0, 0
    left, right = _pixel(box[0], width), _pixel(box[2], width)
    top, bottom = _pixel(box[1], height), _pixel(box[3], height)
    return left, top, right - left + 1, bottom - top + 1


def _pixel(normalized: float, size: int) -> int:
    """Return which of so many pixels in a row a coordinate is in, or the nearest to it."""
    return int(min(max(normalized * size, 0), size - 1))
