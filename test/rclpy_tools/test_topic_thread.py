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

from pose_ros.rclpy_tools import topic_thread
from pose_ros.rclpy_tools.topic_reader import TopicReader
from pose_ros.rclpy_tools.topic_thread import StuckError, TopicThread
from simulation.ros_world import World

WAIT_S = 10.0
ARRIVAL_S = 0.5  # for messages of which nobody tells that they have come


class Slow(TopicThread):
    """Works on a message until it may go on; a negative number it cannot work on."""

    def __init__(self, ros: World) -> None:
        super().__init__('slow')
        self.begun: Queue[tuple[int, int]] = Queue()
        self.may_go_on = threading.Semaphore(0)
        self.events: list[int | str] = []
        self.errors: Queue[Exception] = Queue()
        self.publisher = ros.node.create_publisher(Int32, 'number', QoSProfile(depth=10))
        self.start(reader(ros))
        ros.until(self.publisher.get_subscription_count)

    def send(self, *numbers: int) -> None:
        for number in numbers:
            self.publisher.publish(Int32(data=number))

    def work(self) -> None:
        while taken := self.take():
            message = deserialize_message(taken.serialized, taken.message_type)
            self.begun.put((message.data, taken.missed))
            if message.data < 0:
                raise ValueError('a number that nobody wants')
            assert self.may_go_on.acquire(timeout=WAIT_S)
            self.events.append(message.data)
        self.events.append('idle')

    def failed(self, error: Exception) -> None:
        self.errors.put(error)
        raise RuntimeError('the report fails, too')


def reader(ros: World, topic: str = 'number') -> TopicReader:
    return TopicReader(ros.node, Int32, topic, QoSProfile(depth=1), QoSOverridingOptions([]))


@pytest.fixture
def slow(ros: World) -> Iterator[Slow]:
    this = Slow(ros)
    yield this
    this.may_go_on.release(100)
    this.end()


def test_the_newest_is_next_and_the_missed_are_counted(slow: Slow) -> None:
    slow.send(1)
    assert slow.begun.get(timeout=WAIT_S) == (1, 0)
    slow.send(2, 3, 4)
    time.sleep(ARRIVAL_S)
    slow.may_go_on.release(2)
    number, missed = slow.begun.get(timeout=WAIT_S)
    assert number == 4
    assert missed == 2
    with slow.paused():
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
    with slow.paused():
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
            with slow.paused():
                assert slow.events[-1] == 'idle'
    finally:
        ended.set()
        flooding.join()


def test_a_failure_is_reported_and_the_next_message_comes(slow: Slow) -> None:
    slow.send(-1)
    slow.begun.get(timeout=WAIT_S)
    assert 'a number that nobody wants' in str(slow.errors.get(timeout=WAIT_S))
    slow.may_go_on.release()
    slow.send(1)
    assert slow.begun.get(timeout=WAIT_S)[0] == 1
    with slow.paused():
        assert slow.is_alive


def test_the_end_waits_for_what_is_in_work(ros: World) -> None:
    threads, subscriptions = threading.active_count(), len(list(ros.node.subscriptions))
    slow = Slow(ros)
    slow.send(1)
    slow.begun.get(timeout=WAIT_S)
    threading.Timer(0.1, slow.may_go_on.release).start()
    slow.end()
    assert slow.events[0] == 1
    assert threading.active_count() == threads
    assert len(list(ros.node.subscriptions)) == subscriptions


def test_a_pause_without_messages_begins_at_once(slow: Slow) -> None:
    for _ in range(100):
        with slow.paused(), slow.paused():
            pass


def test_another_reader_is_waited_for(slow: Slow, ros: World) -> None:
    slow.may_go_on.release(10)
    slow.exchange(reader(ros, 'other'))
    other = ros.node.create_publisher(Int32, 'other', QoSProfile(depth=10))
    ros.until(other.get_subscription_count)
    assert slow.publisher.get_subscription_count() == 0
    other.publish(Int32(data=7))
    assert slow.begun.get(timeout=WAIT_S)[0] == 7


def test_a_stuck_thread_is_told_and_holds_nobody_up(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_thread, 'PAUSE_TIMEOUT_S', 0.2)
    slow.send(1)
    slow.begun.get(timeout=WAIT_S)
    with pytest.raises(StuckError, match='at work on one message for 0 s'), slow.paused():
        raise AssertionError('the block was entered')
    with pytest.raises(StuckError, match='is left behind'):
        slow.end()
    slow.may_go_on.release(100)
    monkeypatch.undo()


def test_a_wake_up_lets_it_work_without_a_message(slow: Slow, ros: World) -> None:
    slow.wake()
    ros.until(lambda: slow.events == ['idle'])


def test_the_executor_sleeps_while_a_message_waits(slow: Slow, ros: World) -> None:
    slow.send(1)
    slow.begun.get(timeout=WAIT_S)
    slow.send(2)
    time.sleep(ARRIVAL_S)
    used_s = time.thread_time()
    ros.spin(0.5)
    assert time.thread_time() - used_s < 0.25
