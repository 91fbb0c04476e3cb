# SPDX-License-Identifier: Apache-2.0
"""Finds several people without running the person detector on every frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions
from pose_ros.poses.poses import Poses

__all__ = ['IntervalSearchLandmarker']


class IntervalSearchLandmarker:
    """
    A landmarker for several people that costs little more than one for one while one is there.

    With fewer people in view than `num_poses`, MediaPipe runs its person detector on every frame.
    So frames go to a landmarker for one person, and once in an interval also to one for
    `num_poses` people. When that sees a second person it takes over, until it has seen none for an
    interval. (VIDEO only; about 85 MB more.)
    """

    def __init__(self, options: LandmarkerOptions, interval_ms: int) -> None:
        """
        Build both landmarkers.

        :param interval_ms: milliseconds, > 0; a newcomer is found within it
        :raises LandmarkerError: when MediaPipe refuses; nothing is left behind
        """
        self.options = options
        self._interval_ms = interval_ms
        self._several = Landmarker(options)
        try:
            self._one = Landmarker(replace(options, num_poses=1))
        except BaseException:
            self._several.close()
            raise
        self._several_until_ms = self._search_at_ms = 0
        self._people = 0  # in the frame before

    @property
    def engine(self) -> str:
        """See Landmarker.engine."""
        return self._one.engine

    def load(self, rgb: NDArray[np.uint8]) -> Any:
        """Copy a frame into MediaPipe's memory, as `Landmarker.load` does."""
        return self._one.load(rgb)

    def detect(self, picture: Any, stamp_ms: int) -> Poses:
        """
        Find the people in one frame.

        :param picture: what `load` returned
        :param stamp_ms: milliseconds, larger than at every earlier call
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        if stamp_ms < self._several_until_ms:
            poses = self._search(picture, stamp_ms)
        else:
            poses = self._one.detect(picture, stamp_ms)
            lost = len(poses) < self._people
            if lost or stamp_ms >= self._search_at_ms:
                found = self._search(picture, stamp_ms)
                poses = found if len(found) > len(poses) else poses
        self._people = len(poses)
        return poses

    def _search(self, picture: Any, stamp_ms: int) -> Poses:
        found = self._several.detect(picture, stamp_ms)
        self._search_at_ms = stamp_ms + self._interval_ms
        if len(found) > 1:
            self._several_until_ms = self._search_at_ms
        return found

    def close(self) -> None:
        """Release both. Idempotent."""
        self._one.close()
        self._several.close()
