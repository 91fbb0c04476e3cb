# SPDX-License-Identifier: Apache-2.0
"""Finds pose nodes by the types of their topics and services, and the topics that they take."""

from __future__ import annotations

from dataclasses import dataclass

from rclpy.node import Node

__all__ = ['Inputs', 'PoseNodes', 'inputs_of', 'split_name']

LANDMARKS_TYPE = 'pose_ros/msg/PoseLandmarksArray'
DETECT_TYPE = 'pose_ros/srv/DetectPoses'
STATE_TYPE = 'lifecycle_msgs/srv/GetState'
IMAGE_TYPES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
CAMERA_INFO_TYPE = 'sensor_msgs/msg/CameraInfo'

LANDMARKS_TOPIC, COMPRESSED = '/landmarks', '/compressed'
DETECT, STATE = 'detect', 'get_state'


@dataclass(frozen=True)
class Inputs:
    """The topics that a pose node takes; empty where there is none."""

    image: str = ''
    camera_info: str = ''

    def or_else(self, other: Inputs) -> Inputs:
        """Return these, and where one is missing the other's: a node that ends takes nothing."""
        return Inputs(self.image or other.image, self.camera_info or other.camera_info)


@dataclass(frozen=True)
class PoseNodes:
    """
    What is in the graph now.

    :param publishing: names below which landmarks are published: of nodes, or what a bag replays
    :param lifecycle: nodes that have a lifecycle and parameters; only some are pose nodes
    """

    publishing: frozenset[str]
    lifecycle: frozenset[str]

    @classmethod
    def look(cls, node: Node) -> PoseNodes:
        """Return what a node sees."""
        publishing = {
            topic.removesuffix(LANDMARKS_TOPIC)
            for topic, types in node.get_topic_names_and_types()
            if LANDMARKS_TYPE in types
            if topic.endswith(LANDMARKS_TOPIC) and topic != LANDMARKS_TOPIC  # that names no node
            if node.count_publishers(topic)
        }
        # A service may outlive its node: rclpy keeps those of a lifecycle until the process ends.
        alive = {
            f'{namespace.rstrip("/")}/{name}'
            for name, namespace in node.get_node_names_and_namespaces()
        }
        services = [
            (*split_name(service), types) for service, types in node.get_service_names_and_types()
        ]
        publishing |= {
            name for base, name, types in services if base == DETECT and DETECT_TYPE in types
        } & alive
        lifecycle = {
            name for base, name, types in services if base == STATE and STATE_TYPE in types
        } & alive
        return cls(frozenset(publishing), frozenset(lifecycle))


def inputs_of(node: Node, name: str, stated_image: str) -> Inputs:
    """
    Return the topics that a pose node takes.

    :param node: that looks at the graph
    :param name: of the pose node
    :param stated_image: topic of the images, as its diagnostics name it; empty: they do not
    """
    base, namespace = split_name(name)
    try:
        taken = node.get_subscriber_names_and_types_by_node(base, namespace)
    except Exception:  # rclpy has another type in each distro for a node that is gone
        taken = []
    images = [topic for topic, types in taken if set(types) & set(IMAGE_TYPES)]
    named = [topic for topic in images if 'depth' not in topic]
    infos = [topic for topic, types in taken if CAMERA_INFO_TYPE in types]
    image = stated_image or next(iter(named or images), '')
    return Inputs(image.removesuffix(COMPRESSED), next(iter(infos), ''))


def split_name(name: str) -> tuple[str, str]:
    """Return a fully qualified name's last part, and the namespace before it."""
    namespace, _, base = name.rpartition('/')
    return base, namespace or '/'
