# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of a loop side by side on threads, and keeps their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from queue import Full, Queue
from threading import Event, Thread
from types import TracebackType
from typing import Any, TypeVar

__all__ = ['Behind', 'ahead']

T = TypeVar('T')
LOOK_S = 0.1  # how soon a thread notices that nobody wants its items any more


class _End:
    """The end of the items: whole, or what they ended with."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(items: Iterable[T], count: int) -> Generator[T, None, None]:
    """
    Yield items that another thread makes ahead of time.

    :param count: how many may wait
    """
    queue: Queue[Any] = Queue(count)
    left = Event()
    thread = Thread(target=_make, args=(items, queue, left), name='ahead', daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        left.set()
        thread.join()


def _make(items: Iterable[T], queue: Queue[Any], left: Event) -> None:
    """Put items and their end into a queue until nobody takes them any more."""
    end = _End()
    try:
        for item in items:
            if not _put(item, queue, left):
                return
    except BaseException as error:
        end.error = error
    _put(end, queue, left)


def _put(item: Any, queue: Queue[Any], left: Event) -> bool:
    while not left.is_set():
        try:
            queue.put(item, timeout=LOOK_S)
            return True
        except Full:
            continue
    return False


class Behind(AbstractContextManager['Behind']):
    """Calls functions on another thread, one after the other; some may wait, no more."""

    def __init__(self, count: int) -> None:
        """
        Start the thread.

        :param count: how many calls may wait
        """
        self._count = count
        self._thread = ThreadPoolExecutor(1, 'behind')
        self._calls: deque[Future[Any]] = deque()

    def call(self, function: Callable[..., Any], *arguments: Any) -> None:
        """
        Have a function called after those before it.

        :raises Exception: what an earlier call failed with
        """
        while len(self._calls) >= self._count:
            self._calls.popleft().result()
        self._calls.append(self._thread.submit(function, *arguments))

    def ask(self, function: Callable[..., T], *arguments: Any) -> T:
        """
        Return what a function returns that is called after those before it.

        :raises Exception: what it, or an earlier call, failed with
        """
        self.finish()
        return self._thread.submit(function, *arguments).result()

    def finish(self) -> None:
        """
        Return when all calls are made.

        :raises Exception: what one failed with
        """
        while self._calls:
            self._calls.popleft().result()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread; calls that wait are not made."""
        self.end()

    def drop(self) -> None:
        """Return when the call in work is made; those that wait are not."""
        while self._calls:
            call = self._calls.popleft()
            if not call.cancel():
                call.exception()

    def end(self) -> None:
        """End the thread; calls that wait are not made."""
        self._thread.shutdown(cancel_futures=True)
