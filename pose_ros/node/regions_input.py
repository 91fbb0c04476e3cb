# SPDX-License-Identifier: Apache-2.0
"""Subscribes to a detector's boxes while people are looked for in them, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from time import monotonic
from typing import Any

from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from pose_ros.detection.search_options import Search
from pose_ros.node.fault_log import FaultLog
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.regions import Regions
from pose_ros.stream.serialized import read_message

__all__ = ['RegionsInput', 'require_region_messages']

TOPIC = 'regions'
TYPE = 'vision_msgs/msg/Detection2DArray'
KIND = 'regions'  # of conditions and faults
CHECK_PERIOD_S = 0.5
QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)  # hears every publisher


def require_region_messages(parameters: Parameters) -> Any:
    """
    Return the class Detection2DArray when people are looked for in regions; else None.

    :raises ImportError: when the package is not installed; its text says what to do
    """
    if parameters.search != Search.REGIONS.value:
        return None
    try:
        return import_module('vision_msgs.msg').Detection2DArray
    except ImportError as error:
        raise ImportError(
            f'search: regions needs the ROS package vision_msgs ({error}): sudo apt install '
            'ros-$ROS_DISTRO-vision-msgs, or set search to windows or image'
        ) from error


class RegionsInput:
    """The subscription to `regions`, where `search` asks for it; to be destroyed after use."""

    def __init__(
        self,
        node: Node,
        regions: Regions,
        faults: FaultLog,
        conditions: Callable[[], dict[str, str]],
    ) -> None:
        """
        Subscribe to nothing yet.

        :param regions: takes the messages
        :param faults: takes what is wrong with them
        :param conditions: returns what has, while no regions can be used, why and what to do
        """
        self._node, self._regions = node, regions
        self._faults, self._conditions = faults, conditions
        self._topic = node.resolve_topic_name(TOPIC)
        self._subscription: Any = None
        self._timer: Any = None
        self._since_s, self._patience_s = 0.0, 0.0
        self._said = ''

    def subscribe(self, parameters: Parameters, steady_clock: Clock) -> None:
        """
        Subscribe where `search` asks for it, and unsubscribe where it does not.

        :param steady_clock: for the timer that watches the topic
        :raises ImportError: see require_region_messages()
        """
        message_type = require_region_messages(parameters)
        self._patience_s = parameters.silence_warn
        if message_type is None:
            self.destroy()
        elif self._subscription is None:

            def take(serialized: bytes) -> None:
                with self._faults.guard(KIND):
                    self._regions.take(read_message(serialized, message_type))

            # Raw: a damaged message is counted, not printed by the middleware.
            self._subscription = self._node.create_subscription(
                message_type, TOPIC, take, QOS, raw=True
            )
            self._timer = self._node.create_timer(CHECK_PERIOD_S, self._check, clock=steady_clock)
            self._since_s = monotonic()

    def destroy(self) -> None:
        """Unsubscribe. Idempotent."""
        if self._subscription is not None:
            self._node.destroy_timer(self._timer)
            self._node.destroy_subscription(self._subscription)
            self._subscription = None
        self._conditions().pop(KIND, None)

    def _check(self) -> None:
        with self._faults.guard(KIND):
            problem = self._problem(monotonic())
            if problem:
                self._conditions()[KIND] = f'{problem} (known people are followed, no others)'
            else:
                self._conditions().pop(KIND, None)

    def _problem(self, now_s: float) -> str:
        """Return why no regions can be used, and what to do; '' while they can."""
        regions = self._regions
        silence_s = now_s - max(regions.taken_s, self._since_s)
        if silence_s >= self._patience_s:
            return self._silence(silence_s)
        is_asked = now_s - regions.asked_s < self._patience_s
        unmatched_s = now_s - max(regions.matched_s, self._since_s)
        if is_asked and unmatched_s >= self._patience_s:
            return f'no regions for the images: {regions.misfit}'
        return ''

    def _silence(self, silence_s: float) -> str:
        publishers = self._node.get_publishers_info_by_topic(self._topic)
        text = f'no regions on {self._topic} for {silence_s:.0f} s; '
        if not publishers:
            return text + 'it has no publisher: is the detector running, and its topic right?'
        wrong = sorted({each.topic_type for each in publishers} - {TYPE})
        if wrong:
            return text + f'it has a publisher of type {", ".join(wrong)}; wanted {TYPE}'
        return text + 'it has a publisher: is the detector sending, and does it get images?'
