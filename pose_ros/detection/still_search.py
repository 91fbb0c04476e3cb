# SPDX-License-Identifier: Apache-2.0
"""Finds people down to a stated height in pictures that have nothing to do with one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.options import LandmarkerOptions
from pose_ros.detection.search_options import SearchOptions
from pose_ros.detection.sight import to_poses
from pose_ros.detection.window_detector import WindowDetector
from pose_ros.detection.windows import search_windows
from pose_ros.poses.poses import Poses

__all__ = ['StillSearch']


class StillSearch:
    """A finder for IMAGE that looks at all windows of each picture, whatever that costs."""

    def __init__(self, options: LandmarkerOptions, search: SearchOptions) -> None:
        """
        Build the landmarker.

        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self.options, self._search = options, search
        self._detector = WindowDetector(options)

    @property
    def engine(self) -> str:
        """See Landmarker.engine."""
        return self._detector.engine

    def load(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the frame itself: windows are copied out of it in detect()."""
        return rgb

    def detect(self, picture: NDArray[np.uint8], _stamp_ms: int) -> Poses:
        """
        Find the people in a picture; the largest, when there are more than wanted.

        :param picture: what `load` returned
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        height, width = picture.shape[:2]
        found = [
            sight
            for level in search_windows(width, height, self._search.min_person_height)
            for window in level
            for sight in self._detector.people(picture, window)
        ]
        people = self._detector.sure(picture, found, self._search.min_person_height)
        people.sort(key=lambda each: -each.radius_px)
        return to_poses(people[: self.options.num_poses], width, height)

    def close(self) -> None:
        """Release the landmarker. Idempotent."""
        self._detector.close()
