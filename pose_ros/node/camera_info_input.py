# SPDX-License-Identifier: Apache-2.0
"""
Subscribes to camera_info with the durability that its publishers offer.

Some drivers and simulators publish it once, transient local (latched). A subscription that asks
for less never hears what was published before it; one that asks for transient local does not hear
publishers that offer less.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo

__all__ = ['CameraInfoInput', 'is_latched']

TOPIC = 'camera_info'
POLL_PERIOD_S = 0.25  # how soon a publisher that appears is noticed

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
SENSOR = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def is_latched(offers: Sequence[QoSProfile]) -> bool:
    """Say whether all publishers keep their last message for latecomers; there must be one."""
    return len(offers) > 0 and all(
        offer.durability == LATCHED.durability and offer.reliability == LATCHED.reliability
        for offer in offers
    )


class CameraInfoInput:
    """The subscription to camera_info; to be destroyed after use."""

    def __init__(self, node: Node, steady_clock: Clock, take: Callable[[bytes], None]) -> None:
        """
        Subscribe.

        :param steady_clock: for the timer that watches the publishers
        :param take: gets each serialized message
        """
        self._node, self._take = node, take
        self._topic = node.resolve_topic_name(TOPIC)
        self._is_latched = self._choose()
        self._subscription = self._subscribed()
        self._timer = node.create_timer(POLL_PERIOD_S, self._follow, clock=steady_clock)

    def destroy(self) -> None:
        """Unsubscribe."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._subscription)

    def _choose(self) -> bool:
        publishers = self._node.get_publishers_info_by_topic(self._topic)
        return is_latched([publisher.qos_profile for publisher in publishers])

    def _subscribed(self) -> object:
        # Raw: a damaged message is counted, not printed by the middleware.
        return self._node.create_subscription(
            CameraInfo, TOPIC, self._take, LATCHED if self._is_latched else SENSOR, raw=True
        )

    def _follow(self) -> None:
        is_latched_now = self._choose()
        if is_latched_now != self._is_latched:
            self._is_latched = is_latched_now
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribed()
