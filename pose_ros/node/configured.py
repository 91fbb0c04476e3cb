# SPDX-License-Identifier: Apache-2.0
"""Holds what the node has from configure to cleanup: landmarker, publishers, service, reports."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from rclpy.clock import Clock

from pose_ros.detection.counters import Counters
from pose_ros.detection.free_memory import free_memory
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions
from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.images.frame import FrameReader
from pose_ros.node.depth_stream import DepthStream
from pose_ros.node.detect_service import DetectService
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.image_stream import ImageStream
from pose_ros.node.publishers import Publishers
from pose_ros.node.regions_input import RegionsInput, require_region_messages
from pose_ros.node.reporter import Reporter
from pose_ros.srv import DetectPoses
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream
from pose_ros.stream.regions import Regions

__all__ = ['Configured']


class Configured:
    """
    What exists from configure to cleanup; to be released after use.

    :ivar stream: finds people in frames
    :ivar positions: places people
    :ivar publishers: publishes what was found
    """

    def __init__(
        self, node: Any, settings: Parameters, steady_clock: Clock, faults: FaultLog
    ) -> None:
        """
        Load the model; create publishers, service and diagnostics.

        :param node: the PoseNode
        :param steady_clock: for timers
        :param faults: takes what nobody expected
        :raises ModelError: when there is no usable model
        :raises LandmarkerError: when MediaPipe refuses the options
        :raises ImportError: when a ROS package that is needed is not there
        """
        free_memory()  # of a node that was cleaned up: the executor lets go of it later
        self._node, self._settings, self._faults = node, settings, faults
        require_region_messages(settings)
        self._regions = Regions(settings.regions_options())
        self._stream_is_stuck = False
        self._reader = FrameReader(settings.max_image_pixels)
        with ExitStack() as resources:
            self.stream = self._new_stream(
                settings, settings.landmarker_options(), Counters(faults=faults.counter)
            )
            resources.callback(self._close_stream)
            self.positions = Positions(settings.positions())
            self._people = People(settings.following(), self.positions)
            self.publishers = Publishers(
                node, settings, self.stream.counters, self._people, self._faults
            )
            resources.callback(self.publishers.destroy)
            self._stills = self._new_stills(settings)
            resources.callback(self._stills.close)
            detect = node.create_service(DetectPoses, '~/detect', self._stills.detect)
            resources.callback(node.destroy_service, detect)
            reporter = Reporter(node, steady_clock, self, self._faults)
            resources.callback(reporter.destroy)
            self._resources = resources.pop_all()

    def image_stream(self) -> ImageStream:
        """Return a thread for the images, to be started."""
        return ImageStream(
            self._reader, self.stream, self.publishers, self._faults, self._node.get_logger()
        )

    def depth_stream(self) -> DepthStream:
        """Return a thread for the depth images, to be started."""
        return DepthStream(self.positions, self._faults)

    def regions_input(self) -> RegionsInput:
        """Return what subscribes to regions, where they are wanted."""
        return RegionsInput(
            self._node, self._regions, self._faults, lambda: self.stream.counters.conditions
        )

    def options_for(self, settings: Parameters) -> LandmarkerOptions:
        """
        Return the options of the landmarker for other parameters; images go on meanwhile.

        The model's file is read when the parameter `model` is another one, and then only.

        :raises ModelError: when there is no usable model
        :raises LandmarkerError: when the GPU is wanted and cannot be used
        """
        is_same = settings.model == self._settings.model
        return settings.landmarker_options(self.stream.options if is_same else None)

    def apply(self, settings: Parameters, options: LandmarkerOptions) -> None:
        """
        Use other parameters from the next image on, or raise and stay with the old ones.

        To be called between two images.

        :param options: those for the parameters, see options_for()
        :raises LandmarkerError, ImportError: as at construction
        """
        require_region_messages(settings)
        self.publishers.set_parameters(settings)
        try:
            self.stream.set_options(options, settings.search_options())
        except LandmarkerError:
            self.publishers.set_parameters(self._settings)
            raise
        self.stream.clock.restart_after_s = settings.clock_restart_threshold
        self._reader.max_pixels = settings.max_image_pixels
        self._stills.set_options(options, settings.search_options(), settings.max_image_pixels)
        self.positions.set_options(settings.positions())
        self._regions.options = settings.regions_options()
        self._people.set_following(settings.following())
        self._settings = settings

    def leave_stream_behind(self) -> None:
        """Do not wait for MediaPipe, which hangs, when everything is released."""
        self._stream_is_stuck = True

    def replace_stuck_stream(self) -> None:
        """
        Go on with a new landmarker, and leave the one that hangs behind, with its memory.

        :raises LandmarkerError: when there is no new one
        """
        stuck, self.stream = (
            self.stream,
            self._new_stream(self._settings, self.stream.options, self.stream.counters),
        )
        stuck.counters.restarts += 1
        self._stream_is_stuck = False

    def release(self) -> None:
        """Tell subscribers that nobody is there, and give everything back."""
        self.publishers.clear()
        self._resources.close()

    def _new_stream(
        self, settings: Parameters, options: LandmarkerOptions, counters: Counters
    ) -> PoseStream:
        return PoseStream(
            options,
            settings.clock_restart_threshold,
            settings.search_options(),
            self._node.wake,
            counters,
            masks_on_demand=True,
            regions=self._regions,
        )

    def _new_stills(self, settings: Parameters) -> DetectService:
        return DetectService(
            self.stream.options,
            settings.search_options(),
            settings.max_image_pixels,
            self.positions,
            self._node.between_images,
            self._faults,
        )

    def _close_stream(self) -> None:
        if not self._stream_is_stuck:
            self.stream.close()
