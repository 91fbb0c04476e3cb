# SPDX-License-Identifier: Apache-2.0
"""Results in, TF frames and the topics of ROS4HRI out, each only where it is switched on."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from pose_ros.node.parameters import Parameters
from pose_ros.outputs.hri import BodyPublishers
from pose_ros.outputs.tf_frames import (
    TF_DEPTH,
    TF_TOPIC,
    body_transforms,
    hri_transforms,
    import_tf_message,
)
from pose_ros.poses.poses import Poses

__all__ = ['WorldPublishers']


class WorldPublishers:
    """People in the robot's world, for one set of parameters; to be destroyed after use."""

    def __init__(self, node: Node, parameters: Parameters) -> None:
        """
        Create the publishers.

        :raises ImportError: when a ROS package that is needed is not there; which, and what to do
        """
        self._node, self._parameters = node, parameters
        self._prefix = parameters.tf_prefix or f'{node.get_namespace()}/'.lstrip('/')
        self._tf: Publisher | None = None
        self._bodies: BodyPublishers | None = None
        if parameters.publish_tf or parameters.hri:
            self._message = import_tf_message()
        if parameters.hri:
            self._bodies = BodyPublishers(node.create_publisher, node.destroy_publisher)
        if parameters.publish_tf or parameters.hri:
            self._tf = node.create_publisher(self._message, TF_TOPIC, QoSProfile(depth=TF_DEPTH))

    def publish(self, result: Poses, header: Header) -> None:
        """Publish where the people of one frame are."""
        if self._tf is None:
            return
        transforms = []
        if self._parameters.publish_tf:
            transforms += body_transforms(
                result, header, self._prefix, self._parameters.tf_landmarks
            )
        if self._bodies is not None:
            self._bodies.publish(result, header)
            transforms += hri_transforms(result, header)
        if transforms:
            self._tf.publish(self._message(transforms=transforms))

    def clear(self, header: Header) -> None:
        """Publish that nobody is tracked."""
        if self._bodies is not None:
            self._bodies.clear(header)

    def destroy(self) -> None:
        """Destroy the publishers."""
        if self._bodies is not None:
            self._bodies.destroy()
        if self._tf is not None:
            self._node.destroy_publisher(self._tf)
