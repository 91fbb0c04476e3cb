# SPDX-License-Identifier: Apache-2.0
"""Answers `~/detect`: finds the people in one still image, beside the stream."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from rclpy.serialization import deserialize_message

from pose_ros.detection.finder import PoseFinder, build_finder
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.picture_view import PictureView
from pose_ros.detection.search_options import SearchOptions
from pose_ros.following.positions import Positions
from pose_ros.images.frame import FrameError, to_frame
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.fault_log import FaultLog
from pose_ros.outputs.pose_cdr import serialize_poses
from pose_ros.srv import DetectPoses

__all__ = ['DetectService']


class DetectService:
    """
    Finds people in stills with a landmarker of its own; to be closed after use.

    The landmarker (running mode IMAGE) is built at the first request, and again after its options
    changed: it takes 0.3 s and about 85 MB. Where people are looked for is as for the stream, but
    all windows are looked at for each request.
    """

    def __init__(
        self,
        options: LandmarkerOptions,
        search: SearchOptions,
        max_pixels: int,
        positions: Positions,
        alone: Callable[[], AbstractContextManager[None]],
        faults: FaultLog,
    ) -> None:
        """
        Build nothing yet.

        :param options: as for the stream
        :param search: likewise
        :param max_pixels: the most pixels that an image may have
        :param positions: places the people of stills that are this camera's
        :param alone: gives a block for each request, within which no other landmarker runs
        :param faults: takes what nobody expected; the client gets its text, too
        """
        self._positions, self._alone, self._faults = positions, alone, faults
        self._finder: PoseFinder | None = None
        self._built_for: tuple[LandmarkerOptions, SearchOptions] | None = None
        self.set_options(options, search, max_pixels)

    def set_options(
        self, options: LandmarkerOptions, search: SearchOptions, max_pixels: int
    ) -> None:
        """Use these options, as at construction, from the next request on."""
        self._max_pixels = max_pixels
        self._options = replace(
            options, running_mode=RunningMode.IMAGE, output_segmentation_masks=False
        )
        self._search = search

    def detect(
        self, request: DetectPoses.Request, response: DetectPoses.Response
    ) -> DetectPoses.Response:
        """Answer one request; what goes wrong stands in the answer."""
        try:
            with self._alone():
                return self._detect(request, response)
        except Exception as error:
            if not isinstance(error, FrameError | LandmarkerError):
                self._faults.report('detect service', error)
            response.success, response.message = False, str(error) or repr(error)
            return response

    def _detect(
        self, request: DetectPoses.Request, response: DetectPoses.Response
    ) -> DetectPoses.Response:
        frame = to_frame(request.image, self._max_pixels)
        finder = self._fitting_finder()
        view = PictureView.of(self._search)
        height, width = frame.rgb.shape[:2]
        result = view.in_picture(
            finder.detect(finder.load(view.shown(frame.rgb)), 0), width, height
        )
        result = self._positions.place_still(frame, result)
        response.success = True
        response.result = deserialize_message(
            serialize_poses(result, frame.header, width, height), PoseLandmarksArray
        )
        return response

    def _fitting_finder(self) -> PoseFinder:
        wanted = self._options, self._search
        if self._finder is None or wanted != self._built_for:
            self.close()
            self._finder, self._built_for = build_finder(*wanted), wanted
        return self._finder

    def close(self) -> None:
        """Release the landmarker. Idempotent."""
        finder, self._finder = self._finder, None
        if finder is not None:
            finder.close()
