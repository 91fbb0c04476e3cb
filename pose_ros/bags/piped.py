# SPDX-License-Identifier: Apache-2.0
"""Runs the steps of a loop side by side on threads, and keeps their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from queue import SimpleQueue
from threading import Event, Semaphore, Thread
from types import TracebackType
from typing import Any, TypeVar

__all__ = ['Ahead', 'Behind']

T = TypeVar('T')
MOST_LATER = 16  # calls, which may hold large messages
LOOK_S = 0.1  # how soon a thread notices that nobody wants its items any more


class _End:
    """The end of the items: whole, or what they ended with."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Ahead(Iterator[T]):
    """Items that another thread makes ahead of time; to be closed after use."""

    def __init__(self, items: Iterable[T], count: int) -> None:
        """
        Begin.

        :param count: how many may wait
        """
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._places, self._owed = Semaphore(count), 0
        self._is_closed = Event()
        self._thread = Thread(target=self._make, args=(items,), name='ahead', daemon=True)
        self._thread.start()

    def __next__(self) -> T:
        """Return the next item. Its place is filled when that is asked for, or none is left."""
        if self._queue.empty():
            self.refill()
        item = self._queue.get()
        if not isinstance(item, _End):
            self._owed += 1
            made: T = item
            return made
        self._queue.put(item)
        raise item.error or StopIteration

    def refill(self) -> None:
        """Have items made in place of those that were taken."""
        owed, self._owed = self._owed, 0
        if owed:
            self._places.release(owed)

    def close(self) -> None:
        """End the thread. Idempotent."""
        self._is_closed.set()
        self._thread.join()

    def _make(self, items: Iterable[T]) -> None:
        """Put items and their end into the queue until nobody takes them any more."""
        end = _End()
        try:
            for item in items:
                self._queue.put(item)
                while not (self._places.acquire(timeout=LOOK_S) or self._is_closed.is_set()):
                    pass
                if self._is_closed.is_set():
                    return
        except BaseException as error:
            end.error = error
        self._queue.put(end)


class Behind(AbstractContextManager['Behind']):
    """
    Calls functions on another thread, one after the other; some may wait, no more.

    What is to be called `later` is handed over at the next `go`: at a moment at which this thread
    does not need Python's lock for a while.
    """

    def __init__(self, count: int) -> None:
        """
        Start the thread.

        :param count: how many calls may wait
        """
        self._count = count
        self._thread = ThreadPoolExecutor(1, 'behind')
        self._calls: deque[Future[Any]] = deque()
        self._later: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def later(self, function: Callable[..., Any], *arguments: Any) -> None:
        """
        Have a function called after those before it, from the next `go` on.

        :raises Exception: what an earlier call failed with
        """
        self._later.append((function, arguments))
        if len(self._later) >= MOST_LATER:
            self.go()

    def go(self) -> None:
        """
        Hand over what is to be called later.

        :raises Exception: what an earlier call failed with
        """
        later, self._later = self._later, []
        for function, arguments in later:
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
        self.go()
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
        self._later.clear()
        while self._calls:
            call = self._calls.popleft()
            if not call.cancel():
                call.exception()

    def end(self) -> None:
        """End the thread; calls that wait are not made."""
        self._thread.shutdown(cancel_futures=True)
