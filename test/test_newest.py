"""One item in work, one that waits; who calls wait() meets nothing in work."""

from collections.abc import Iterator
from queue import Queue
import threading
from time import sleep

import pytest

from pose_ros.newest import NewestFirst

WAIT_S = 10.0


class Slow:
    """Works on an item until it may go on."""

    def __init__(self) -> None:
        self.begun: Queue[int] = Queue()
        self.may_go_on = threading.Semaphore(0)
        self.done: list[int] = []
        self.newest = NewestFirst(self._work)

    def _work(self, item: int) -> None:
        self.begun.put(item)
        assert self.may_go_on.acquire(timeout=WAIT_S)
        self.done.append(item)


@pytest.fixture
def slow() -> Iterator[Slow]:
    this = Slow()
    yield this
    this.may_go_on.release(100)
    this.newest.close()


def test_a_newer_item_replaces_the_one_that_waits(slow: Slow) -> None:
    assert not slow.newest.put(1)
    assert slow.begun.get(timeout=WAIT_S) == 1
    assert not slow.newest.put(2)
    assert slow.newest.put(3)
    assert slow.newest.put(4)
    slow.may_go_on.release(2)
    slow.newest.wait()
    assert slow.done == [1, 4]


def test_wait_ends_only_when_all_is_done(slow: Slow) -> None:
    slow.newest.put(1)
    slow.newest.put(2)
    threading.Timer(0.1, slow.may_go_on.release, (2,)).start()
    slow.newest.wait()
    assert slow.done[-1] == 2
    slow.newest.wait()


def test_close_finishes_what_waits_and_ends_the_thread(slow: Slow) -> None:
    before = threading.active_count()
    slow.newest.put(1)
    slow.may_go_on.release()
    slow.newest.close()
    assert slow.done == [1]
    assert threading.active_count() == before - 1
    slow.newest.close()


def test_every_item_is_worked_on_when_there_is_time(slow: Slow) -> None:
    slow.may_go_on.release(50)
    for item in range(50):
        assert not slow.newest.put(item)
        slow.newest.wait()
        if item % 10 == 0:
            sleep(0.001)
    assert slow.done == list(range(50))
