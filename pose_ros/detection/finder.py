# SPDX-License-Identifier: Apache-2.0
"""Builds what finds people in successive frames (IMAGE, VIDEO), for the wanted options."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.detection.region_search import RegionSearch
from pose_ros.detection.search_options import Search, SearchOptions
from pose_ros.detection.still_search import StillSearch
from pose_ros.detection.window_search import WindowSearch
from pose_ros.poses.poses import Poses

__all__ = ['PoseFinder', 'build_finder']


class PoseFinder(Protocol):
    """Finds people frame by frame; never two calls at once; to be closed after use."""

    options: LandmarkerOptions

    @property
    def engine(self) -> str:
        """Which MediaPipe finds them, and how it is called; for a log."""

    def load(self, rgb: NDArray[np.uint8]) -> Any:
        """Copy a frame, uint8 (H, W, 3), C-contiguous, into MediaPipe's memory."""

    def detect(self, picture: Any, stamp_ms: int) -> Poses:
        """
        Find the people in what `load` returned.

        :param stamp_ms: milliseconds, larger than at every earlier call
        """

    def close(self) -> None:
        """Release everything. Idempotent."""


def build_finder(options: LandmarkerOptions, search: SearchOptions) -> PoseFinder:
    """
    Return a finder for running mode IMAGE or VIDEO.

    For stills, which no detector says anything of, REGIONS is the same as WINDOWS.

    :raises LandmarkerError: when MediaPipe refuses the options
    """
    if search.search is Search.IMAGE:
        return Landmarker(options)
    if options.running_mode is RunningMode.IMAGE:
        return StillSearch(options, search)
    if search.search is Search.REGIONS:
        return RegionSearch(options, search)
    return WindowSearch(options, search)
