# SPDX-License-Identifier: Apache-2.0
"""Publishes people as TF frames and on the topics of ROS4HRI, where that is switched on."""

from __future__ import annotations

from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Header

from pose_ros.node.body_publishers import BodyPublishers, import_hri_msgs
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.name_prefix import node_prefix
from pose_ros.outputs.hri_frames import BodyIds, hri_transforms
from pose_ros.outputs.tf_frames import (
    STATIC_TF_TOPIC,
    TF_DEPTH,
    TF_TOPIC,
    body_transforms,
    import_tf_message,
    view_transform,
    with_time,
)
from pose_ros.poses.poses import Poses
from pose_ros.stream.parameters import Parameters

__all__ = ['WorldPublishers']

STATIC_TF_QOS = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
FRAME_ID = 'frame_id'  # a kind of condition
NO_FRAME_ID = (
    "the images' headers have no frame_id: publish_tf, hri and view_frame cannot say where people "
    "and camera are; set the camera driver's frame_id to the camera's optical frame"
)


class WorldPublishers:
    """
    People in the robot's world; to be destroyed after use.

    The list of bodies is published by active nodes only: an inactive one leaves it to others.
    """

    def __init__(
        self,
        node: Node,
        parameters: Parameters,
        faults: FaultLog,
        conditions: dict[str, str],
    ) -> None:
        """
        Create the publishers that the parameters want; those for bodies at `activate`.

        :param faults: takes what one of them fails with; the other goes on
        :param conditions: has, while something keeps people out of the world, what to do
        :raises ImportError: when a ROS package that is needed is not there; which, and what to do
        """
        self._node, self._faults, self._conditions = node, faults, conditions
        self._ids, self._is_active = BodyIds(), False
        self._tf: Publisher | None = None
        self._tf_message: Any = None
        self._bodies: BodyPublishers | None = None
        self._view: Publisher | None = None
        self._view_parent = ''  # the frame in which view_frame was published
        self.set_parameters(parameters)

    def set_parameters(self, parameters: Parameters) -> None:
        """
        Use these parameters from the next frame on. To be called in the executor.

        :raises ImportError: as at construction; the old ones go on
        """
        wants_tf = parameters.publish_tf or parameters.hri
        if wants_tf or parameters.view_frame:
            self._tf_message = import_tf_message()
        if parameters.hri:
            import_hri_msgs()
        self._set_bodies(parameters)
        self._tf = self._kept(self._tf, wants_tf, TF_TOPIC, QoSProfile(depth=TF_DEPTH))
        self._view = self._kept(
            self._view, bool(parameters.view_frame), STATIC_TF_TOPIC, STATIC_TF_QOS
        )
        self._conditions.pop(FRAME_ID, None)
        self._view_parent = ''
        self._parameters = parameters
        self._prefix = parameters.tf_prefix or node_prefix(self._node)

    def _set_bodies(self, parameters: Parameters) -> None:
        is_wanted = parameters.hri and self._is_active
        if is_wanted and self._bodies is None:
            self._bodies = BodyPublishers(
                self._node, self._ids, parameters.track_timeout, self._faults, self._conditions
            )
        elif self._bodies is not None and not is_wanted:
            self._bodies.destroy()
            self._bodies = None
        if self._bodies is not None:
            self._bodies.timeout_s = parameters.track_timeout

    def _kept(
        self, publisher: Publisher | None, is_wanted: bool, topic: str, qos: QoSProfile
    ) -> Publisher | None:
        """Return the publisher of a topic, or a new one where it is wanted; else destroy it."""
        if is_wanted and publisher is None:
            return self._node.create_publisher(self._tf_message, topic, qos)
        if publisher is not None and not is_wanted:
            self._node.destroy_publisher(publisher)
            return None
        return publisher

    def publish(self, poses: Poses, header: Header, time_ns: int) -> None:
        """
        Publish where the people of one frame are.

        :param header: the image's own
        :param time_ns: of the frame, which TF has where the header has no stamp
        """
        if self._tf is None and self._view is None:
            return
        if header.frame_id:
            self._conditions.pop(FRAME_ID, None)
        else:
            self._conditions[FRAME_ID] = NO_FRAME_ID
        with self._faults.guard('tf'):
            if self._view is not None:
                self._publish_view(self._view, header)
            if self._tf is not None:
                self._publish_tf(self._tf, poses, with_time(header, time_ns))
        if self._bodies is not None:
            with self._faults.guard('hri'):
                self._bodies.publish(poses, header)

    def _publish_view(self, view: Publisher, header: Header) -> None:
        """Publish the viewers' frame, once for each frame that images have."""
        if header.frame_id not in ('', self._view_parent):
            transform = view_transform(self._parameters.view_frame, header)
            view.publish(self._tf_message(transforms=[transform]))
            self._view_parent = header.frame_id

    def _publish_tf(self, tf: Publisher, poses: Poses, header: Header) -> None:
        transforms = []
        if self._parameters.publish_tf:
            transforms += body_transforms(
                poses, header, self._prefix, self._parameters.tf_landmarks
            )
        if self._bodies is not None and not self._bodies.is_silent:
            transforms += hri_transforms(poses, header, self._ids)
        if transforms:
            tf.publish(self._tf_message(transforms=transforms))

    def activate(self) -> None:
        """Publish bodies, too, from the next frame on. To be called in the executor."""
        self._is_active = True
        self._set_bodies(self._parameters)

    def clear(self) -> None:
        """Publish that nobody is tracked, and no more of bodies. To be called in the executor."""
        self._is_active = False
        self._conditions.pop(FRAME_ID, None)
        with self._faults.guard('hri'):
            self._set_bodies(self._parameters)

    def destroy(self) -> None:
        """Publish that nobody is tracked, and destroy the publishers."""
        self.clear()
        for publisher in filter(None, (self._tf, self._view)):
            self._node.destroy_publisher(publisher)
