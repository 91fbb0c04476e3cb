# SPDX-License-Identifier: Apache-2.0
"""A thread takes what is newest, counts what it missed, and stands still when asked to."""

from __future__ import annotations

from collections.abc import Iterator
from queue import Empty, Queue
import threading
import time

import pytest
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.serialization import deserialize_message
from std_msgs.msg import Int32

from pose_ros.rclpy_tools.threaded_subscription import ThreadedSubscription
from simulation.ros_world import World

WAIT_S = 10.0
ARRIVAL_S = 0.5  # for messages of which nobody tells that they have come


class Slow:
    """Works on a message until it may go on; a negative number it cannot work on."""

    def __init__(self, ros: World) -> None:
        self.begun: Queue[tuple[int, int]] = Queue()
        self.may_go_on = threading.Semaphore(0)
        self.events: list[int | str] = []
        self.publisher = ros.node.create_publisher(Int32, 'number', QoSProfile(depth=10))
        self.subscription = ThreadedSubscription(
            ros.node,
            Int32,
            'number',
            self._work,
            lambda: self.events.append('idle'),
            QoSProfile(depth=1),
            QoSOverridingOptions([]),
        )
        ros.until(self.publisher.get_subscription_count)

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.publisher.publish(Int32(data=number))

    def _work(self, serialized: bytes, missed: int) -> None:
        message = deserialize_message(serialized, Int32)
        self.begun.put((message.data, missed))
        if message.data < 0:
            raise ValueError('a number that nobody wants')
        assert self.may_go_on.acquire(timeout=WAIT_S)
        self.events.append(message.data)


@pytest.fixture
def slow(ros: World) -> Iterator[Slow]:
    this = Slow(ros)
    yield this
    this.may_go_on.release(100)
    this.subscription.destroy()


def test_the_newest_is_next_and_the_missed_are_counted(slow: Slow) -> None:
    slow.send(1)
    assert slow.begun.get(timeout=WAIT_S) == (1, 0)
    slow.send(2, 3, 4)
    time.sleep(ARRIVAL_S)
    slow.may_go_on.release(2)
    number, missed = slow.begun.get(timeout=WAIT_S)
    assert number == 4
    assert missed == 2
    with slow.subscription.paused():
        assert slow.events == [1, 4, 'idle']


def test_what_several_publishers_number_is_not_compared(slow: Slow, ros: World) -> None:
    slow.may_go_on.release(100)
    other = ros.node.create_publisher(Int32, 'number', QoSProfile(depth=10))
    ros.until(lambda: other.get_subscription_count() > 0)
    for number in range(5):
        other.publish(Int32(data=number))
        assert slow.begun.get(timeout=WAIT_S) == (number, 0)
    slow.send(10)
    assert slow.begun.get(timeout=WAIT_S) == (10, 0)
    other.publish(Int32(data=11))
    assert slow.begun.get(timeout=WAIT_S) == (11, 0)


def test_a_pause_waits_for_what_is_in_work_and_lets_nothing_begin(slow: Slow) -> None:
    slow.send(1)
    slow.begun.get(timeout=WAIT_S)
    threading.Timer(0.1, slow.may_go_on.release).start()
    with slow.subscription.paused():
        assert slow.events == [1, 'idle']
        slow.send(2)
        with pytest.raises(Empty):
            slow.begun.get(timeout=ARRIVAL_S)
    slow.may_go_on.release()
    assert slow.begun.get(timeout=WAIT_S)[0] == 2


def test_a_pause_begins_although_messages_never_end(slow: Slow) -> None:
    slow.may_go_on.release(100_000)
    ended = threading.Event()

    def flood() -> None:
        while not ended.is_set():
            slow.send(1)

    flooding = threading.Thread(target=flood)
    flooding.start()
    try:
        for _ in range(10):
            slow.begun.get(timeout=WAIT_S)
            with slow.subscription.paused():
                assert slow.events[-1] == 'idle'
    finally:
        ended.set()
        flooding.join()


def test_a_callback_that_fails_is_logged_and_the_next_message_comes(
    slow: Slow, capfd: pytest.CaptureFixture[str]
) -> None:
    slow.send(-1)
    slow.begun.get(timeout=WAIT_S)
    slow.may_go_on.release()
    slow.send(1)
    assert slow.begun.get(timeout=WAIT_S)[0] == 1
    assert 'a number that nobody wants' in capfd.readouterr().err


def test_the_end_waits_for_what_is_in_work(ros: World) -> None:
    threads = threading.active_count()
    slow = Slow(ros)
    slow.send(1)
    slow.begun.get(timeout=WAIT_S)
    threading.Timer(0.1, slow.may_go_on.release).start()
    slow.subscription.destroy()
    assert slow.events == [1, 'idle']
    assert threading.active_count() == threads
    assert slow.subscription._subscription not in list(ros.node.subscriptions)


def test_the_executor_sleeps_while_a_message_waits(slow: Slow, ros: World) -> None:
    slow.send(1)
    slow.begun.get(timeout=WAIT_S)
    slow.send(2)
    time.sleep(ARRIVAL_S)
    used_s = time.thread_time()
    ros.spin(0.5)
    assert time.thread_time() - used_s < 0.25
