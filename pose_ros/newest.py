"""Items in, the newest of them worked on by one thread, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from time import sleep
from typing import Generic, TypeVar

__all__ = ['NewestFirst']

T = TypeVar('T')


class NewestFirst(Generic[T]):
    """
    A thread with one item in work, and at most one that waits; to be closed after use.

    All calls come from one thread, which is not this one: after wait() nothing is in work until
    the next put().
    """

    def __init__(self, work: Callable[[T], None]) -> None:
        """
        Start with nothing to do.

        :param work: called on the thread with each item that no newer one replaced; raises nothing
        """
        self._work = work
        self._changed = Condition()
        self._waiting: list[T] = []
        self._busy = self._ended = False
        self._thread = Thread(target=self._run, name='newest', daemon=True)
        self._thread.start()

    def put(self, item: T) -> bool:
        """Have the item worked on next; True when it replaced one that waited."""
        with self._changed:
            replaced, self._waiting = bool(self._waiting), [item]
            self._changed.notify_all()
        sleep(0)  # hands over Python's lock, which the caller would keep for some 0.2 ms
        return replaced

    def wait(self) -> None:
        """Wait until all is worked on."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy and not self._waiting)

    def close(self) -> None:
        """Wait until all is worked on, and end the thread. Idempotent."""
        self.wait()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while item := self._next():
            self._work(*item)

    def _next(self) -> list[T]:
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._ended)
            item, self._waiting = self._waiting, []
            self._busy = bool(item)
            return item
