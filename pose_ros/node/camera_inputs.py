# SPDX-License-Identifier: Apache-2.0
"""What a camera publishes in, out to those who need it, while the node is active."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.following.positions import Positions
from pose_ros.node.image_input import ImageInput
from pose_ros.node.parameters import Parameters

__all__ = ['CameraInputs']


class CameraInputs:
    """
    The subscriptions to one camera; to be destroyed after use.

    Images and depth images are taken by a thread each, so that what an image is to be placed with
    comes in while the landmarker is at work.
    """

    def __init__(
        self,
        node: Node,
        steady: Clock,
        parameters: Parameters,
        positions: Positions,
        on_image: Callable[[Image | CompressedImage, int], None],
        on_idle: Callable[[], None],
    ) -> None:
        """
        Subscribe.

        :param steady: for timers
        :param positions: takes camera_info and depth images
        :param on_image: takes the images, as ImageInput's callback
        :param on_idle: see ImageInput
        """
        self._node = node
        self._camera_info = node.create_subscription(
            CameraInfo,
            'camera_info',
            positions.take_camera_info,
            QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT),
        )
        self._depth = ImageInput(
            node,
            steady,
            'depth',
            'raw',
            parameters.image_qos,
            lambda image, _missed: positions.take_depth(image),
        )
        self.images = ImageInput(
            node,
            steady,
            'image',
            parameters.image_transport,
            parameters.image_qos,
            on_image,
            on_idle,
        )

    def destroy(self) -> None:
        """Unsubscribe."""
        self.images.destroy()
        self._depth.destroy()
        self._node.destroy_subscription(self._camera_info)
