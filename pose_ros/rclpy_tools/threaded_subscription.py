# SPDX-License-Identifier: Apache-2.0
"""Messages of one topic in, the newest of them worked on by a thread of the subscription's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Condition, Thread
import traceback

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node, SubscriptionEventCallbacks  # whose module is another in Humble
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions

__all__ = ['ThreadedSubscription']

FOREVER = -1
UNNUMBERED = 2**64 - 1  # where the middleware does not number messages


class _NotTheExecutors(ReentrantCallbackGroup):
    """What is in it belongs to the node, but no executor waits for it: the thread does."""

    def can_execute(self, _entity: object) -> bool:
        return False


class ThreadedSubscription:
    """
    A thread that waits for one topic as rclpy.wait_for_message() does, and takes what comes.

    A round of the executor looks at all of a node's entities, and takes longer than an image does.
    All calls come from one thread, which is not this one; so does the destruction after use.
    """

    def __init__(
        self,
        node: Node,
        message_type: type,
        topic: str,
        callback: Callable[[bytes, int], None],
        on_idle: Callable[[], None],
        qos: QoSProfile,
        overriding: QoSOverridingOptions,
    ) -> None:
        """
        Subscribe.

        :param callback: called on the thread with a serialized message, and how many of the same
            publisher's were missed before it: replaced by newer ones, or lost on the way; 0 where
            nobody knows. What it raises is logged
        :param on_idle: called on the thread when, after a message, no other waits; raises nothing
        :param qos: its depth says how many messages wait while one is worked on
        """
        self._node, self._callback, self._on_idle = node, callback, on_idle
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
        self._number: int | None = None
        self._changed = Condition()
        self._busy = self._paused = self._ended = False
        self._thread = Thread(target=self._run, name=topic, daemon=True)
        self._thread.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have nothing worked on within the block; what is in work is finished before it."""
        with self._changed:
            self._paused = True
            self._changed.wait_for(lambda: not self._busy)
        try:
            yield
        finally:
            with self._changed:
                self._paused = False
                self._changed.notify_all()

    def destroy(self) -> None:
        """Finish what is in work, end the thread and unsubscribe."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._wake_up.trigger()
        self._thread.join()
        self._node.destroy_guard_condition(self._wake_up)
        self._node.destroy_subscription(self._subscription)

    def _run(self) -> None:
        wait_set = rclpy_implementation.WaitSet(1, 1, 0, 0, 0, 0, self._node.context.handle)
        while True:
            wait_set.clear_entities()
            wait_set.add_subscription(self._subscription.handle)
            wait_set.add_guard_condition(self._wake_up.handle)
            wait_set.wait(FOREVER)
            with self._changed:
                self._changed.wait_for(lambda: self._ended or not self._paused)
                if self._ended:
                    return
                self._busy = True
            while self._take() and not self._paused and not self._ended:
                pass
            self._on_idle()
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _take(self) -> bool:
        try:
            raw = True  # serialized
            taken = self._subscription.handle.take_message(self._subscription.msg_type, raw)
            if taken:
                serialized, info = taken
                self._callback(serialized, self._missed(info))
        except Exception:
            self._node.get_logger().error(f'a message failed:\n{traceback.format_exc()}')
            return False
        return taken is not None

    def _missed(self, info: Mapping[str, int]) -> int:
        number = info.get('publication_sequence_number', UNNUMBERED)
        before, self._number = self._number, number
        if before is None or number == UNNUMBERED or number <= before + 1:
            return 0
        # Each publisher numbers its own.
        return number - before - 1 if self._subscription.get_publisher_count() == 1 else 0


def _not_called(*_: object) -> None:
    pass
