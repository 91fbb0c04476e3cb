# SPDX-License-Identifier: Apache-2.0
"""
Takes the messages of one topic, serialized, on a thread that waits for nothing else.

A round of the executor looks at all of a node's entities, and takes longer than an image does; so
the thread waits by itself, as `rclpy.wait_for_message` does. docs/benchmarks.md has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node, SubscriptionEventCallbacks  # whose module is another in Humble
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions

__all__ = ['Taken', 'TopicReader']

FOREVER = -1
UNNUMBERED = 2**64 - 1  # where the middleware does not number messages


@dataclass(frozen=True)
class Taken:
    """
    A message that was taken.

    :param message_type: its class
    :param serialized: the message
    :param missed: how many of the same publisher's were missed before it: replaced by newer ones,
        or lost on the way; 0 where nobody knows
    """

    message_type: type
    serialized: bytes
    missed: int


class TopicReader:
    """The subscription of a `TopicThread`; to be destroyed after use."""

    def __init__(
        self,
        node: Node,
        message_type: type,
        topic: str,
        qos: QoSProfile,
        overriding: QoSOverridingOptions | None = None,
    ) -> None:
        """
        Subscribe.

        :param qos: its depth says how many messages wait while one is worked on
        :param overriding: which parameters of the node override the QoS; None: none
        """
        self._node = node
        self._message_type = message_type
        group = _NotTheExecutors()
        # Without handlers of QoS events: an executor that waited for those would be woken by every
        # message, and spin as long as it is not taken.
        self._subscription = node.create_subscription(
            message_type,
            topic,
            _not_called,
            qos,
            callback_group=group,
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
            qos_overriding_options=overriding,
        )
        self._wake_up = node.create_guard_condition(_not_called, callback_group=group)
        self._wait_set = rclpy_implementation.WaitSet(1, 1, 0, 0, 0, 0, node.context.handle)
        self._number: int | None = None

    def wait(self) -> None:
        """Return when a message waits, or after `wake`."""
        self._wait_set.clear_entities()
        self._wait_set.add_subscription(self._subscription.handle)
        self._wait_set.add_guard_condition(self._wake_up.handle)
        self._wait_set.wait(FOREVER)

    def wake(self) -> None:
        """Let `wait` return; may be called on any thread."""
        self._wake_up.trigger()

    def take(self) -> Taken | None:
        """Return the next message that waits, if there is one."""
        raw = True  # serialized
        taken = self._subscription.handle.take_message(self._subscription.msg_type, raw)
        if taken is None:
            return None
        serialized, info = taken
        return Taken(self._message_type, serialized, self._missed(info))

    def destroy(self) -> None:
        """Unsubscribe; no thread may wait any more."""
        self._node.destroy_guard_condition(self._wake_up)
        self._node.destroy_subscription(self._subscription)

    def _missed(self, info: Mapping[str, int]) -> int:
        number = info.get('publication_sequence_number', UNNUMBERED)
        before, self._number = self._number, number
        if before is None or number == UNNUMBERED or number <= before + 1:
            return 0
        # Each publisher numbers its own.
        return number - before - 1 if self._subscription.get_publisher_count() == 1 else 0


class _NotTheExecutors(ReentrantCallbackGroup):
    """What is in it belongs to the node, but no executor waits for it: the thread does."""

    def can_execute(self, _entity: object) -> bool:
        return False


def _not_called(*_: object) -> None:
    pass
