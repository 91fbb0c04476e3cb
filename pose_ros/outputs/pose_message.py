# SPDX-License-Identifier: Apache-2.0
"""
A `Poses` and the header of its image in, a `PoseLandmarksArray` out.

The writer keeps its message objects: building them anew for each frame takes twice as long.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pose_ros.msg import Landmark, PoseLandmarks, PoseLandmarksArray

if TYPE_CHECKING:
    from std_msgs.msg import Header

    from pose_ros.poses.poses import Poses

__all__ = ['ROI_MIN_VISIBILITY', 'PoseMessageWriter', 'visible_box_px']

ROI_MIN_VISIBILITY = 0.5  # a landmark below it does not widen the region of interest


class PoseMessageWriter:
    """
    Writes one result after the other into the same `PoseLandmarksArray`.

    The message that `write` returns is overwritten by the next call: publish or copy it before.
    """

    def __init__(self) -> None:
        """Begin without message objects; they grow with the number of people."""
        self._array = PoseLandmarksArray()
        self._poses: list[PoseLandmarks] = []

    def write(self, result: Poses, header: Header, width: int, height: int) -> PoseLandmarksArray:
        """
        Return the message of one frame.

        :param result: N people; every landmark goes into the message in its place, bit for bit
        :param header: the image's own; it becomes the message's header as it is
        :param width: of the image, pixels
        :param height: of the image, pixels
        :returns: a message with N poses in the result's order, valid until the next call
        """
        while len(self._poses) < len(result):
            self._poses.append(PoseLandmarks())
        array = self._array
        array.header = header
        array.image_width = width
        array.image_height = height
        array.poses = self._poses[: len(result)]
        people = zip(
            array.poses,
            result.landmarks,
            result.landmarks.tolist(),
            result.world_landmarks.tolist(),
            result.track_ids.tolist(),
            result.confidence.tolist(),
            result.positions.tolist(),
            result.position_errors.tolist(),
            result.position_sources.tolist(),
            strict=True,
        )
        for (
            pose,
            normalized,
            landmarks,
            world_landmarks,
            pose.track_id,
            pose.confidence,
            position_m,
            pose.position_error,
            pose.position_source,
        ) in people:
            _write_landmarks(pose.landmarks, landmarks)
            _write_landmarks(pose.world_landmarks, world_landmarks)
            pose.position.x, pose.position.y, pose.position.z = position_m
            roi = pose.roi
            roi.x_offset, roi.y_offset, roi.width, roi.height = visible_box_px(
                normalized, width, height
            )
        return array


def _write_landmarks(messages: Iterable[Landmark], rows: Iterable[list[float]]) -> None:
    for message, row in zip(messages, rows, strict=True):
        message.x, message.y, message.z, message.visibility, message.presence = row


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
    points = [
        (x, y)
        for x, y, _, visibility, _ in landmarks.tolist()
        if visibility >= ROI_MIN_VISIBILITY and isfinite(x) and isfinite(y)
    ]
    if not any(0 <= x <= 1 and 0 <= y <= 1 for x, y in points):
        return 0, 0, 0, 0
    xs, ys = zip(*points, strict=True)
    left, right = _pixel(min(xs), width), _pixel(max(xs), width)
    top, bottom = _pixel(min(ys), height), _pixel(max(ys), height)
    return left, top, right - left + 1, bottom - top + 1


def _pixel(normalized: float, size: int) -> int:
    """Return which of so many pixels in a row a coordinate is in, or the nearest to it."""
    return int(min(max(normalized * size, 0), size - 1))
