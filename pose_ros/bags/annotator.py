# SPDX-License-Identifier: Apache-2.0
"""Finds and follows the people in the pictures of one camera of a recording."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from pose_ros.bags.cameras import Camera
from pose_ros.bags.frame_order import CameraFrame, Damaged, SideInput
from pose_ros.detection.counters import Counters, Drop
from pose_ros.detection.options import LandmarkerError, RunningMode
from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.outputs.markers import SkeletonMarkers
from pose_ros.stream.outputs import OutputFrame
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import DROPS, PoseStream

__all__ = ['Annotator', 'offline']

COMPLAINTS_KEPT = 3  # of each camera; the counters have the number of all


def offline(parameters: Parameters, needs_masks: bool) -> Parameters:
    """
    Return the parameters as they count for recordings.

    Running mode live_stream would drop pictures; video finds the same in all of them. Masks are
    computed where something that is written needs them, and only there.

    :param needs_masks: something is written that needs segmentation masks
    """
    mode = parameters.running_mode
    return replace(
        parameters,
        running_mode=RunningMode.VIDEO.value if mode == RunningMode.LIVE_STREAM.value else mode,
        output_segmentation_masks=needs_masks,
    )


class Annotator:
    """
    Does with the pictures of one camera what the node does; to be closed after use.

    :ivar counters: of the pictures
    :ivar complaints: why the first pictures were dropped that hold none
    """

    def __init__(self, camera: Camera, parameters: Parameters, camera_info: Any = None) -> None:
        """
        Load the model.

        :param camera_info: the first CameraInfo of the camera, which counts from the first
            picture on; None: not known yet
        :raises ModelError: when there is no usable model
        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self._parameters = parameters
        self._positions = Positions(*parameters.positions())
        if camera_info is not None:
            self._positions.take_camera_info(camera_info)
        self._people = People(parameters.following(), self._positions)
        self._skeletons = SkeletonMarkers(f'{camera.namespace}/'.lstrip('/'))
        self._stream = PoseStream(
            parameters.landmarker_options(),
            parameters.clock_restart_threshold,
            replace(parameters.search_options(), counts_looks=True),
        )
        self.counters: Counters = self._stream.counters
        self.complaints: list[str] = []

    @property
    def positions_problem(self) -> str:
        """Why positions of people in the newest picture are unknown or less exact; or ''."""
        return self._positions.problem

    def enter_thread(self) -> None:
        """Prepare the calling thread, for good, so that `find` runs on it and nowhere else."""
        self._stream.enter_thread()

    def take(self, side_input: SideInput) -> None:
        """Use a CameraInfo or a depth image from now on."""
        if side_input.is_depth:
            self._positions.take_depth(side_input.message)
        else:
            self._positions.take_camera_info(side_input.message)

    def drop(self, damaged: Damaged) -> None:
        """Count a message that holds no picture."""
        self.counters.received += 1
        self.counters.dropped[Drop.INVALID] += 1
        self._complain(damaged.reason)

    def find(self, picture: CameraFrame) -> OutputFrame | None:
        """Return what is in the next picture; None when it is dropped, which is counted."""
        self.counters.received += 1
        found = None
        with suppress(LandmarkerError):  # counted; the next picture meets a new landmarker
            tick = self._stream.admit(picture.frame, picture.log_ns)
            if tick.verdict not in DROPS:
                found = self._stream.find(picture.frame, tick)
        if found is None:
            return None
        return OutputFrame(
            found.frame,
            self._people.follow(found.frame, found.poses, found.time_ns),
            found.time_ns,
            self._parameters,
            self._people,
            self._skeletons,
        )

    def close(self) -> None:
        """Release the landmarker. Idempotent."""
        self._stream.close()

    def _complain(self, reason: str) -> None:
        if len(self.complaints) < COMPLAINTS_KEPT and reason not in self.complaints:
            self.complaints.append(reason)
