"""
Results in, messages on the node's topics out: the landmarks first, the rest for who listens.

Mask and marker messages are computed only while their topic has a subscriber.
"""

from __future__ import annotations

from functools import partial

from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from .frame import Frame
from .markers import SkeletonMarkers
from .masks import instance_mask_image, mask_image
from .messages import PoseMessageWriter
from .msg import PoseLandmarksArray
from .parameters import Parameters
from .result import Result

__all__ = ['Outputs']


class Outputs:
    """The publishers of one configured node; to be destroyed after use."""

    def __init__(self, node: LifecycleNode, parameters: Parameters) -> None:
        """Create the publishers; they publish while the node is active."""
        self._node = node
        self._writer = PoseMessageWriter()
        self._skeletons = SkeletonMarkers()
        self._header = Header()
        create = partial(node.create_lifecycle_publisher,
                         qos_overriding_options=QoSOverridingOptions.with_default_policies())
        self._landmarks = create(PoseLandmarksArray, '~/landmarks', QoSProfile(depth=5))
        self._mask = create(Image, '~/mask', QoSProfile(depth=1))
        self._instance_mask = create(Image, '~/instance_mask', QoSProfile(depth=1))
        self._markers = create(MarkerArray, '~/markers', QoSProfile(depth=5))
        self.set_parameters(parameters)

    def set_parameters(self, parameters: Parameters) -> None:
        """Take the looks from these parameters from now on."""
        self._mask_encoding = parameters.mask_encoding
        self._style = parameters.marker_style()

    def publish(self, frame: Frame, result: Result) -> None:
        """Publish what was found in one frame."""
        height, width = frame.rgb.shape[:2]
        header = self._header = frame.header
        self._landmarks.publish(self._writer.write(result, header, width, height))
        if self._mask.get_subscription_count():
            self._mask.publish(mask_image(result, header, width, height, self._mask_encoding))
        if self._instance_mask.get_subscription_count():
            self._instance_mask.publish(instance_mask_image(result, header, width, height))
        if self._markers.get_subscription_count():
            self._markers.publish(self._skeletons.write(result, header, self._style))

    def clear_markers(self) -> None:
        """Remove from RViz what still stands there."""
        self._markers.publish(self._skeletons.clear(self._header))

    def destroy(self) -> None:
        """Destroy the publishers."""
        for publisher in (self._landmarks, self._mask, self._instance_mask, self._markers):
            self._node.destroy_lifecycle_publisher(publisher)
