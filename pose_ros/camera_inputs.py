"""What a camera publishes in, out to those who need it, while the node is active."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from .image_input import ImageInput
from .parameters import Parameters
from .positions import Positions

__all__ = ['CameraInputs']


class CameraInputs:
    """
    The subscriptions to one camera; to be destroyed after use.

    An executor with several messages at hand takes them in the order of the subscriptions: what
    an image is to be placed with comes before it.
    """

    def __init__(self, node: Node, steady: Clock, parameters: Parameters, positions: Positions,
                 on_image: Callable[[Image | CompressedImage], None]) -> None:
        """
        Subscribe.

        :param steady: for timers
        :param positions: takes camera_info and depth images
        """
        self._node = node
        self._camera_info = node.create_subscription(
            CameraInfo, 'camera_info', positions.take_camera_info,
            QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT))
        self._depth = ImageInput(
            node, steady, 'depth', 'raw', parameters.image_qos, positions.take_depth)
        self.images = ImageInput(
            node, steady, 'image', parameters.image_transport, parameters.image_qos, on_image)

    def destroy(self) -> None:
        """Unsubscribe."""
        self.images.destroy()
        self._depth.destroy()
        self._node.destroy_subscription(self._camera_info)
