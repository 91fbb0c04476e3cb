# SPDX-License-Identifier: Apache-2.0
"""Subscribes to one camera (images, camera_info, depth, regions) while the node is active."""

from __future__ import annotations

from contextlib import ExitStack

from rclpy.clock import Clock
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from pose_ros.following.positions import Positions
from pose_ros.node.camera_info_input import CameraInfoInput
from pose_ros.node.depth_stream import DepthStream
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.image_input import ImageInput
from pose_ros.node.image_stream import ImageStream
from pose_ros.node.regions_input import RegionsInput
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.serialized import read_message

__all__ = ['CameraInputs']


class CameraInputs:
    """
    The subscriptions to one camera; to be destroyed after use.

    :ivar images: the subscription to the images
    :ivar depths: the subscription to the depth images
    :ivar stream: the images' thread
    """

    def __init__(
        self,
        node: Node,
        steady_clock: Clock,
        parameters: Parameters,
        positions: Positions,
        stream: ImageStream,
        depth: DepthStream,
        regions: RegionsInput,
        faults: FaultLog,
    ) -> None:
        """
        Subscribe, and start the threads.

        :param steady_clock: for timers
        :param positions: takes camera_info
        :param stream: takes the images
        :param depth: takes the depth images
        :param regions: subscribes to a detector's boxes, where they are wanted
        :param faults: takes what is wrong with camera_info
        :raises RuntimeError: when the system has no thread for it; nothing is left behind
        """
        qos = parameters.image_qos
        self.stream = stream
        self._positions, self._faults = positions, faults
        self._regions, self._steady_clock = regions, steady_clock
        with ExitStack() as resources:
            camera_info = CameraInfoInput(node, steady_clock, self._take_camera_info)
            resources.callback(camera_info.destroy)
            resources.callback(regions.destroy)
            regions.subscribe(parameters, steady_clock)
            self.depths = ImageInput(node, steady_clock, depth, 'depth', 'raw', qos)
            resources.callback(self.depths.destroy)
            self.images = ImageInput(
                node, steady_clock, stream, 'image', parameters.image_transport, qos
            )
            resources.callback(self.images.destroy)
            self._resources = resources.pop_all()

    def set_parameters(self, parameters: Parameters) -> None:
        """Take images by other ways from now on."""
        self.images.subscribe(parameters.image_transport, parameters.image_qos)
        self.depths.subscribe('raw', parameters.image_qos)
        self._regions.subscribe(parameters, self._steady_clock)

    def replace_stuck(self, stream: ImageStream) -> None:
        """Give up the images' thread, and go on with another one."""
        self.images.replace_stuck(stream)
        self.stream = stream

    def destroy(self) -> None:
        """
        Unsubscribe and end the threads.

        :raises StuckError: when a thread does not end; all else is destroyed
        """
        self._resources.close()

    def _take_camera_info(self, serialized: bytes) -> None:
        with self._faults.guard('camera_info'):
            self._positions.take_camera_info(read_message(serialized, CameraInfo))
