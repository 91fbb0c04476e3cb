# SPDX-License-Identifier: Apache-2.0
"""Answers `~/detect`: finds the people in one still image, beside the stream."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from rclpy.serialization import deserialize_message

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
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
    changed: it takes 0.3 s and about 85 MB.
    """

    def __init__(
        self,
        options: LandmarkerOptions,
        max_pixels: int,
        positions: Positions,
        alone: Callable[[], AbstractContextManager[None]],
        faults: FaultLog,
    ) -> None:
        """
        Build nothing yet.

        :param options: as for the stream
        :param max_pixels: the most pixels that an image may have
        :param positions: places the people of stills that are this camera's
        :param alone: gives a block for each request, within which no other landmarker runs
        :param faults: takes what nobody expected; the client gets its text, too
        """
        self._positions, self._alone, self._faults = positions, alone, faults
        self._landmarker: Landmarker | None = None
        self.set_options(options, max_pixels)

    def set_options(self, options: LandmarkerOptions, max_pixels: int) -> None:
        """Use these options, as at construction, from the next request on."""
        self._max_pixels = max_pixels
        self._options = replace(
            options, running_mode=RunningMode.IMAGE, output_segmentation_masks=False
        )

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
        if self._landmarker is None or self._landmarker.options != self._options:
            self.close()
            self._landmarker = Landmarker(self._options)
        result = self._landmarker.detect(self._landmarker.load(frame.rgb), 0)
        result = self._positions.place_still(frame, result)
        height, width = frame.rgb.shape[:2]
        response.success = True
        response.result = deserialize_message(
            serialize_poses(result, frame.header, width, height), PoseLandmarksArray
        )
        return response

    def close(self) -> None:
        """Release the landmarker. Idempotent."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None
