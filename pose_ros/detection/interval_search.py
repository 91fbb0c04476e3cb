# SPDX-License-Identifier: Apache-2.0
"""Frames in, people out, without looking for more people on every frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker, LandmarkerOptions
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

    def __init__(
        self,
        options: LandmarkerOptions,
        interval_ms: int,
        on_begin: Callable[[], None] | None = None,
    ) -> None:
        """
        Build both landmarkers.

        :param interval_ms: milliseconds, > 0; a newcomer is found within it
        :param on_begin: of both landmarkers
        :raises LandmarkerError: when MediaPipe refuses
        """
        self.options = options
        self._interval_ms = interval_ms
        self._several = Landmarker(options, on_begin=on_begin)
        self._one = Landmarker(replace(options, num_poses=1), on_begin=on_begin)
        self._several_until_ms = self._search_at_ms = 0
        self._people = 0  # in the frame before

    def detect(self, rgb: NDArray[np.uint8], stamp_ms: int) -> Poses:
        """
        Find the people in one frame.

        :param rgb: uint8 (H, W, 3), C-contiguous
        :param stamp_ms: milliseconds, larger than at every earlier call
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        if stamp_ms < self._several_until_ms:
            result = self._search(rgb, stamp_ms)
        else:
            result = self._one.detect(rgb, stamp_ms)
            lost = len(result) < self._people
            if lost or stamp_ms >= self._search_at_ms:
                found = self._search(rgb, stamp_ms)
                result = found if len(found) > len(result) else result
        self._people = len(result)
        return result

    def _search(self, rgb: NDArray[np.uint8], stamp_ms: int) -> Poses:
        found = self._several.detect(rgb, stamp_ms)
        self._search_at_ms = stamp_ms + self._interval_ms
        if len(found) > 1:
            self._several_until_ms = self._search_at_ms
        return found

    def close(self) -> None:
        """Release both. Idempotent."""
        self._one.close()
        self._several.close()
