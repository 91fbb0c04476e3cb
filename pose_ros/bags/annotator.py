# SPDX-License-Identifier: Apache-2.0
"""Finds and follows the people in the pictures of one camera of a recording."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from pose_ros.bags.cameras import Camera
from pose_ros.bags.frame_order import CameraFrame, Damaged, SideInput
from pose_ros.detection.counters import Counters, Drop
from pose_ros.detection.options import LandmarkerError, RunningMode
from pose_ros.detection.stream_clock import Tick
from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.images.frame import Frame
from pose_ros.outputs.markers import SkeletonMarkers
from pose_ros.stream.frame_result import DROPS, FrameResult
from pose_ros.stream.output_frame import OutputFrame
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream

__all__ = ['Annotator', 'Loaded', 'offline']

REMARKS_KEPT = 3  # of each camera; the counters have the number of all


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


@dataclass(frozen=True, eq=False)
class Loaded:
    """A picture in MediaPipe's memory, and what the clock says of it."""

    picture: Any
    frame: Frame
    tick: Tick


class Annotator:
    """
    Does with the pictures of one camera what the node does; to be closed after use.

    One thread may call `load`, `find` and `drop`, another one `take` and `follow`, each in the
    order of the recording.

    :ivar counters: of the pictures
    :ivar remarks: why the first pictures were dropped that hold none, and how others were read
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
        self._positions = Positions(parameters.positions())
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
        self.remarks: list[str] = []

    @property
    def positions_problem(self) -> str:
        """Why positions of people in the newest picture are unknown or less exact; or ''."""
        return self._positions.problem

    def enter_thread(self) -> None:
        """Prepare the calling thread, for good, so that `find` runs on it and nowhere else."""
        self._stream.enter_thread()

    def take(self, side_input: SideInput) -> None:
        """Use a CameraInfo or a depth image for all that is followed from now on."""
        if side_input.is_depth:
            self._positions.take_depth(side_input.message)
        else:
            self._positions.take_camera_info(side_input.message)

    def drop(self, damaged: Damaged) -> None:
        """Count a message that holds no picture."""
        self.counters.received += 1
        self.counters.dropped[Drop.INVALID] += 1
        self._remark(damaged.reason)

    def load(self, picture: CameraFrame) -> Loaded | None:
        """Return the next picture, ready for `find`; None when it is dropped, which is counted."""
        self.counters.received += 1
        if picture.frame.remark:
            self._remark(picture.frame.remark)
        with suppress(LandmarkerError):  # counted; the next picture meets a new landmarker
            tick = self._stream.admit(picture.frame, picture.log_ns)
            if tick.verdict not in DROPS:
                return Loaded(self._stream.load(picture.frame), picture.frame, tick)
        return None

    def find(self, loaded: Loaded) -> FrameResult | None:
        """Return what is in a picture; None when MediaPipe failed, which is counted."""
        with suppress(LandmarkerError):
            return self._stream.detect(loaded.picture, loaded.frame, loaded.tick)
        return None

    def follow(self, found: FrameResult) -> OutputFrame:
        """Follow the people that `find` returned, and return what messages are made from."""
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

    def _remark(self, text: str) -> None:
        if len(self.remarks) < REMARKS_KEPT and text not in self.remarks:
            self.remarks.append(text)
