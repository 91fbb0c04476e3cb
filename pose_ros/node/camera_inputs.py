# SPDX-License-Identifier: Apache-2.0
"""Subscribes to one camera (images, camera_info, depth images) while the node is active."""

from __future__ import annotations

from contextlib import ExitStack

from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo

from pose_ros.following.positions import Positions
from pose_ros.node.depth_stream import DepthStream
from pose_ros.node.image_input import ImageInput
from pose_ros.node.image_stream import ImageStream
from pose_ros.stream.parameters import Parameters

__all__ = ['CameraInputs']


class CameraInputs:
    """
    The subscriptions to one camera; to be destroyed after use.

    :ivar images: the subscription to the images
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
    ) -> None:
        """
        Subscribe, and start the threads.

        :param steady_clock: for timers
        :param positions: takes camera_info
        :param stream: takes the images
        :param depth: takes the depth images
        :raises RuntimeError: when the system has no thread for it; nothing is left behind
        """
        qos = parameters.image_qos
        self.stream = stream
        with ExitStack() as resources:
            camera_info = node.create_subscription(
                CameraInfo,
                'camera_info',
                positions.take_camera_info,
                QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
            )
            resources.callback(node.destroy_subscription, camera_info)
            depths = ImageInput(node, steady_clock, depth, 'depth', 'raw', qos)
            resources.callback(depths.destroy)
            self.images = ImageInput(
                node, steady_clock, stream, 'image', parameters.image_transport, qos
            )
            resources.callback(self.images.destroy)
            self._resources = resources.pop_all()

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
