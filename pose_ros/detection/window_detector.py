# SPDX-License-Identifier: Apache-2.0
"""Finds people in single windows of a picture, and has a second look at each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.appearance import trunk_color
from pose_ros.detection.duplicates import likeness, without_duplicates
from pose_ros.detection.followed import Followed
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.detection.sight import Sight, sights
from pose_ros.detection.windows import Window
from pose_ros.poses.skeleton import Landmark

__all__ = ['WindowDetector']

# What of a person is painted over so that the detector does not find her again: face and trunk.
CORE = (
    Landmark.NOSE,
    Landmark.LEFT_EAR,
    Landmark.RIGHT_EAR,
    Landmark.LEFT_SHOULDER,
    Landmark.RIGHT_SHOULDER,
    Landmark.LEFT_HIP,
    Landmark.RIGHT_HIP,
    Landmark.LEFT_KNEE,
    Landmark.RIGHT_KNEE,
)
DETECTION_RADII = 2.6  # side of a window for the detector over a body's radius
CORE_MARGIN = 0.5  # around it, in torsos, as the width of a line
# Twice the way from the hips to the farthest landmark of somebody who sits or crouches, over her
# standing height: the head is 0.42 heights above the hips.
SEATED = 0.75


class WindowDetector:
    """
    Runs MediaPipe's person detector in windows; to be closed after use.

    :ivar looks: how often it ran
    """

    def __init__(self, options: LandmarkerOptions) -> None:
        """
        Build the landmarker, in running mode IMAGE.

        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self._landmarker = Landmarker(replace(options, running_mode=RunningMode.IMAGE))
        self.looks = 0

    @property
    def engine(self) -> str:
        """See Landmarker.engine."""
        return self._landmarker.engine

    def people(
        self, rgb: NDArray[np.uint8], window: Window, known: Iterable[Sight] = ()
    ) -> list[Sight]:
        """
        Return who is found in a window.

        :param known: people who are painted over
        :raises LandmarkerError: when MediaPipe fails
        """
        self.looks += 1
        shown = window.cut(rgb)
        for person in known:
            if window.share_of(person.box_px()) > 0:
                _paint_over(shown, window, person)
        return sights(window, self._landmarker.detect(self._landmarker.load(shown), 0))

    def sure(
        self,
        rgb: NDArray[np.uint8],
        candidates: Iterable[Sight],
        min_person_height: float,
        known: Iterable[Sight] = (),
    ) -> list[Sight]:
        """
        Return who of some people is found again in a window of her own.

        Whom the edge of another window cut is whole there, and what only looked like a person is
        seldom found twice. What is too small for a person, even for one who sits, is left out.

        :param min_person_height: as a fraction of the picture's height
        :param known: people who are not wanted again
        :raises LandmarkerError: when MediaPipe fails
        """
        least_radius_px = SEATED * min_person_height * len(rgb) / 2
        known, kept = list(known), list[Sight]()
        large = [each for each in candidates if each.radius_px >= least_radius_px]
        for candidate in without_duplicates(large, known):
            again = self.again(rgb, Followed(candidate, trunk_color(rgb, candidate), 0), 0)
            if again is not None and again.radius_px >= least_radius_px:
                kept += without_duplicates([again], known + kept)
        return kept

    def again(
        self,
        rgb: NDArray[np.uint8],
        person: Followed,
        stamp_ms: int,
        others: Iterable[Sight] = (),
    ) -> Sight | None:
        """
        Return a person as found in a window of her own.

        :param others: people who are painted over
        :raises LandmarkerError: when MediaPipe fails
        """
        expected = person.expected(stamp_ms)
        found = [
            each
            for each in self.people(rgb, person.window(stamp_ms, DETECTION_RADII), others)
            if person.can_be(each, stamp_ms)
        ]
        return max(found, key=lambda each: likeness(each, expected), default=None)

    def close(self) -> None:
        """Release the landmarker. Idempotent."""
        self._landmarker.close()


def _paint_over(shown: NDArray[np.uint8], window: Window, person: Sight) -> None:
    scale = window.scale
    points = (person.points_px[CORE, :] - (window.x, window.y)) * scale
    hull = cv2.convexHull(points.round().astype(np.int32))
    color = shown[::8, ::8].reshape(-1, 3).mean(axis=0).tolist()
    cv2.fillConvexPoly(shown, hull, color)
    thickness = max(round(person.torso_px * scale * CORE_MARGIN), 1)
    cv2.polylines(shown, [hull], isClosed=True, color=color, thickness=thickness)
