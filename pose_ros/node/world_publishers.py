# SPDX-License-Identifier: Apache-2.0
"""Publishes people as TF frames and on the topics of ROS4HRI, where that is switched on."""

from __future__ import annotations

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from pose_ros.node.fault_log import FaultLog
from pose_ros.outputs.hri import BodyPublishers
from pose_ros.outputs.hri_frames import BodyIds, hri_transforms
from pose_ros.outputs.tf_frames import (
    TF_DEPTH,
    TF_TOPIC,
    body_transforms,
    import_tf_message,
)
from pose_ros.poses.poses import Poses
from pose_ros.stream.parameters import Parameters

__all__ = ['WorldPublishers']


class WorldPublishers:
    """People in the robot's world, for one set of parameters; to be destroyed after use."""

    def __init__(self, node: Node, parameters: Parameters, faults: FaultLog) -> None:
        """
        Create the publishers.

        :param faults: takes what one of them fails with; the other goes on
        :raises ImportError: when a ROS package that is needed is not there; which, and what to do
        """
        self._node, self._parameters, self._faults = node, parameters, faults
        self._prefix = parameters.tf_prefix or f'{node.get_namespace()}/'.lstrip('/')
        self._ids = BodyIds()
        self._tf: Publisher | None = None
        self._bodies: BodyPublishers | None = None
        if not (parameters.publish_tf or parameters.hri):
            return
        self._message = import_tf_message()
        if parameters.hri:
            self._bodies = BodyPublishers(node.create_publisher, node.destroy_publisher, self._ids)
        self._tf = node.create_publisher(self._message, TF_TOPIC, QoSProfile(depth=TF_DEPTH))

    def publish(self, poses: Poses, header: Header) -> None:
        """Publish where the people of one frame are."""
        if self._tf is None:
            return
        with self._faults.guard('tf'):
            transforms = []
            if self._parameters.publish_tf:
                transforms += body_transforms(
                    poses, header, self._prefix, self._parameters.tf_landmarks
                )
            if self._bodies is not None:
                transforms += hri_transforms(poses, header, self._ids)
            if transforms:
                self._tf.publish(self._message(transforms=transforms))
        if self._bodies is not None:
            with self._faults.guard('hri'):
                self._bodies.publish(poses, header)

    def clear(self, header: Header) -> None:
        """Publish that nobody is tracked."""
        if self._bodies is not None:
            with self._faults.guard('hri'):
                self._bodies.clear(header)

    def destroy(self) -> None:
        """Destroy the publishers."""
        if self._bodies is not None:
            self._bodies.destroy()
        if self._tf is not None:
            self._node.destroy_publisher(self._tf)
