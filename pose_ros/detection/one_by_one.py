# SPDX-License-Identifier: Apache-2.0
"""
Shows several people to one landmarker that follows one, each in a window of her own.

In a stream MediaPipe looks where the person was in the picture before, and saves the detector's
time. Here each window has its person in the middle and at the same size, so that where one person
was, the next one is: the landmarker takes all of them for one. What it mixes over time is undone:
the stamps are so far apart that it smooths no coordinate, and what it does to visibilities, a
low-pass filter that knows no time, is inverted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.detection.sight import Sight, sights
from pose_ros.detection.windows import Window
from pose_ros.poses.poses import VISIBILITY, Poses

__all__ = ['SIDE_RADII', 'OneByOneLandmarker', 'window_of']

STEP_MS = 10_000_000  # between two pictures: 0.05 Hz, the least cutoff, lets 0.9997 through
VISIBILITY_ALPHA = (
    0.1  # mediapipe/tasks/cc/vision/pose_landmarker/pose_landmarks_detector_graph.cc
)

# Side of a window over the radius of the body. MediaPipe looks at a square of 2.5 radii; the rest
# is for the person to move in, and for its detector, which wants the person to fill half of it.
SIDE_RADII = 3.2
# How far a person may be from the middle, in sides, from the size and from the next one's incline.
MOST_AWAY, SIZES, MOST_TURN = 0.15, (0.6, 1.6), np.radians(40)


def window_of(hips_px: NDArray[np.float32], radius_px: float, radii: float = SIDE_RADII) -> Window:
    """Return the window for a person whose hips are expected there."""
    side = max(radius_px * radii, 16.0)
    x, y = (hips_px - side / 2).tolist()
    return Window(x, y, side, side)


class OneByOneLandmarker:
    """
    One landmarker for any number of people; to be closed after use.

    :ivar looks: how often MediaPipe ran
    """

    def __init__(self, options: LandmarkerOptions) -> None:
        """
        Build it.

        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self._landmarker = Landmarker(
            replace(options, running_mode=RunningMode.VIDEO, num_poses=1)
        )
        self._blank = self._landmarker.load(np.zeros((8, 8, 3), np.uint8))
        self._stamp_ms, self.looks = 0, 0
        # What MediaPipe gave last, while it follows somebody, and who that was.
        self._visibility: NDArray[np.float32] | None = None
        self._last: Sight | None = None

    def look(self, rgb: NDArray[np.uint8], window: Window, expected: Sight) -> Sight | None:
        """
        Return who is in the middle of a window.

        She is followed from the window before. Where that fails the detector runs.

        :param window: made by window_of()
        :param expected: the person as last seen
        :raises LandmarkerError: when MediaPipe fails
        """
        if self._last is not None and not _is_alike(self._last, expected):
            self._forget()
        followed = self._last is not None
        picture = self._landmarker.load(window.cut(rgb))
        found = self._detect(picture)
        if followed and not len(found):
            found = self._detect(picture)
        self._last = sights(window, found)[0] if len(found) else None
        return self._last

    def _detect(self, picture: Any) -> Poses:
        self._stamp_ms += STEP_MS
        self.looks += 1
        found = self._landmarker.detect(picture, self._stamp_ms)
        if not len(found):
            self._visibility = None
            return found
        given, before = found.landmarks[:, :, VISIBILITY].copy(), self._visibility
        self._visibility = given
        if before is not None:
            visibility = (given - (1 - VISIBILITY_ALPHA) * before) / VISIBILITY_ALPHA
            for each in (found.landmarks, found.world_landmarks):
                each[:, :, VISIBILITY] = np.clip(visibility, 0, 1)
        return found

    def _forget(self) -> None:
        """Have the detector run on the next picture."""
        self._detect(self._blank)
        self._last = None

    def close(self) -> None:
        """Release the landmarker. Idempotent."""
        self._landmarker.close()


def _is_alike(last: Sight, expected: Sight) -> bool:
    """Return whether one person lies in her window so that the next one is found from there."""
    middle = np.array((last.window.x, last.window.y)) + last.window.width / 2
    away = float(np.abs(last.hips_px - middle).max()) / last.window.width
    size = last.radius_px * SIDE_RADII / last.window.width
    turn = (last.incline - expected.incline + np.pi) % (2 * np.pi) - np.pi
    return away <= MOST_AWAY and SIZES[0] <= size <= SIZES[1] and abs(turn) <= MOST_TURN
