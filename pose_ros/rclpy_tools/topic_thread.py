# SPDX-License-Identifier: Apache-2.0
"""Runs a thread that waits for the messages of one topic, works on them, and can be paused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from threading import Condition, Thread
from time import monotonic, sleep

from pose_ros.rclpy_tools.topic_reader import Taken, TopicReader

__all__ = ['StuckError', 'TopicThread']

PAUSE_TIMEOUT_S = 10.0  # many times what one image takes on a small computer
RETRY_S = 0.05  # after a failure that nobody has dealt with
INTERVALS = 5  # between messages that are remembered; their median outlives one that is long


class StuckError(RuntimeError):
    """A thread works on one message for longer than it may; one line, for how long."""


class _State(Enum):
    WAITING = 'waiting'  # for a message
    WORKING = 'working'
    PARKED = 'parked'  # in a pause
    ENDED = 'ended'


class TopicThread(ABC):
    """
    A thread that waits for the messages of a `TopicReader`; a subclass says how it works on them.

    `work`, `take` and `failed` belong to the thread; all else is called on other threads.
    """

    def __init__(self, name: str) -> None:
        """
        Wait for nothing yet.

        :param name: of the thread
        """
        self._reader: TopicReader | None = None
        self._changed = Condition()
        self._pauses, self._ending = 0, False
        self._name, self._state = name, _State.PARKED
        self._since_s = self._idle_since_s = monotonic()
        self._last_message_s = 0.0
        self._intervals_s: deque[float] = deque(maxlen=INTERVALS)
        self._thread = self._new_thread()

    @abstractmethod
    def work(self) -> None:
        """Take what waits, and work on it. It is called after each wait."""

    @abstractmethod
    def failed(self, error: Exception) -> None:
        """Report what `work` raised. What this raises is lost."""

    def take(self) -> Taken | None:
        """Return the next message; None when no other waits, or when a pause or the end does."""
        if self._pauses or self._ending or self._reader is None:
            return None
        taken = self._reader.take()
        if taken is not None:
            before_s, self._since_s = self._last_message_s, monotonic()
            self._last_message_s = self._since_s
            if before_s:
                self._intervals_s.append(self._since_s - before_s)
        return taken

    def start(self, reader: TopicReader) -> None:
        """
        Start the thread, once.

        :param reader: from now on the thread's own
        :raises RuntimeError: when the system has no thread for it
        """
        self._reader = reader
        try:
            self._thread.start()
        except RuntimeError:
            self.end()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def working_s(self) -> float:
        """For how many seconds it has worked on the message in work; 0 while it waits."""
        return monotonic() - self._since_s if self._state is _State.WORKING else 0.0

    @property
    def has_taken(self) -> bool:
        """Whether a message ever came."""
        return self._last_message_s > 0

    @property
    def silence_s(self) -> float:
        """For how many seconds no message has come while it waited; 0 while it works."""
        return 0.0 if self._state is _State.WORKING else monotonic() - self._idle_since_s

    @property
    def interval_s(self) -> float:
        """Seconds between two messages, the median of the newest few; 0 when that is unknown."""
        intervals_s = sorted(self._intervals_s)
        return intervals_s[len(intervals_s) // 2] if intervals_s else 0.0

    def revive(self) -> bool:
        """Start the thread again if it died; say whether it had. It never should."""
        if self._reader is None or self._ending or self._thread.is_alive():
            return False
        self._thread = self._new_thread()
        self._thread.start()
        return True

    def abandon(self) -> TopicReader:
        """
        Give up a thread that is stuck in its work, and return its reader for another thread.

        It ends when its work ever does; `is_ending` tells it not to go on with it.
        """
        with self._changed:
            self._ending = True
            reader, self._reader = self._reader, None
        if reader is None:
            raise RuntimeError('the thread has no reader')
        return reader

    @property
    def is_ending(self) -> bool:
        """Whether the thread is to end, or was given up."""
        return self._ending

    def wake(self) -> None:
        """Let the thread work once, also without a message; may be called on any thread."""
        if self._reader is not None:
            self._reader.wake()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """
        Have nothing worked on within the block; what is in work is finished before it.

        Pauses may be nested: the outermost counts.

        :raises StuckError: when that takes longer than PAUSE_TIMEOUT_S
        """
        with self._changed:
            self._pauses += 1
            self.wake()
            rests = self._changed.wait_for(
                lambda: self._state in (_State.PARKED, _State.ENDED) or not self.is_alive,
                PAUSE_TIMEOUT_S,
            )
        try:
            if not rests:
                raise StuckError(
                    f'the thread {self._name} has been at work on one message for '
                    f'{self.working_s:.0f} s'
                )
            yield
        finally:
            with self._changed:
                self._pauses -= 1
                self._changed.notify_all()

    def exchange(self, reader: TopicReader) -> None:
        """
        Wait for the messages of another reader from now on, and destroy the one before.

        :raises StuckError: see paused()
        """
        with self.paused():
            before, self._reader = self._reader, reader
            if before is not None:
                before.destroy()

    def end(self) -> None:
        """
        Finish what is in work, end the thread and destroy the reader. Idempotent.

        :raises StuckError: when that takes too long; then the thread ends by itself later
        """
        with self._changed:
            self._ending = True
            self._changed.notify_all()
            self.wake()
        if self.is_alive:
            self._thread.join(PAUSE_TIMEOUT_S)
        if self.is_alive:
            raise StuckError(
                f'the thread {self._name} has been at work on one message for '
                f'{self.working_s:.0f} s, and is left behind'
            )
        self._state = _State.ENDED
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.destroy()

    def _run(self) -> None:
        while not self._ending:
            try:
                self._enter(_State.WAITING)
                if self._reader is not None:
                    self._reader.wait()
                if self._may_work():
                    begun_s = self._since_s
                    self.work()
                    if self._last_message_s >= begun_s:
                        self._idle_since_s = monotonic()
            except Exception as error:
                self._report(error)
                sleep(RETRY_S)

    def _may_work(self) -> bool:
        """Wait for the end of a pause; say whether there is work afterwards."""
        with self._changed:
            if self._pauses:
                self._enter(_State.PARKED)
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._ending or not self._pauses)
            if self._ending:
                return False
            self._enter(_State.WORKING)
            return True

    def _new_thread(self) -> Thread:
        return Thread(target=self._run, name=self._name, daemon=True)

    def _enter(self, state: _State) -> None:
        self._since_s, self._state = monotonic(), state

    def _report(self, error: Exception) -> None:
        try:
            self.failed(error)
        except Exception:
            return  # nothing is left that could be told
