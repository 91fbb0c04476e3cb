# SPDX-License-Identifier: Apache-2.0
"""Hands on the messages of one topic, serialized, with their stamps."""

from __future__ import annotations

from collections.abc import Callable
import struct

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from pose_ros.images.image_cdr import can_be_read
from pose_ros.rclpy_tools.topic_reader import TopicReader
from pose_ros.rclpy_tools.topic_thread import TopicThread

__all__ = ['TopicStream', 'has_publisher', 'stamp_ns_of']

BEGIN = 4  # of the header, behind the encapsulation
DEPTH = 5  # messages that wait while one is worked on


class TopicStream(TopicThread):
    """A subscription whose messages are handed on by a thread of its own; ends with `end`."""

    def __init__(
        self, node: Node, message_type: type, topic: str, give: Callable[[int, bytes], None]
    ) -> None:
        """
        Subscribe, with the reliability that the publishers offer.

        :param message_type: begins with a header
        :param give: takes stamp in nanoseconds and serialized message, on the thread
        """
        super().__init__(f'page {topic}')
        self.topic = topic
        self._give, self._logger = give, node.get_logger()
        self._reliability = _reliability(node, topic)
        qos = QoSProfile(depth=DEPTH, reliability=self._reliability)
        self.start(TopicReader(node, message_type, topic, qos))

    def fits(self, node: Node, topic: str) -> bool:
        """Say whether it is subscribed to this topic in a way that suits its publishers."""
        return self.topic == topic and self._reliability == _reliability(node, topic)

    def work(self) -> None:
        """Hand on what waits."""
        while taken := self.take():
            self._give(stamp_ns_of(taken.serialized), taken.serialized)

    def failed(self, error: Exception) -> None:
        """Log it; the next message may be better."""
        self._logger.error(f'{self.topic}: {error}', throttle_duration_sec=5.0)


def stamp_ns_of(serialized: bytes) -> int:
    """Return the stamp of a serialized message that begins with a header."""
    order = '<' if can_be_read(serialized) else '>'
    seconds, nanoseconds = struct.unpack_from(f'{order}iI', serialized, BEGIN)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def has_publisher(node: Node, topic: str) -> bool:
    """Say whether anybody publishes on a topic."""
    return bool(node.count_publishers(topic))


def _reliability(node: Node, topic: str) -> ReliabilityPolicy:
    offers = [each.qos_profile.reliability for each in node.get_publishers_info_by_topic(topic)]
    if ReliabilityPolicy.BEST_EFFORT in offers:
        return ReliabilityPolicy.BEST_EFFORT
    return ReliabilityPolicy.RELIABLE
