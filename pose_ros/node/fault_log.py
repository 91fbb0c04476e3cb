# SPDX-License-Identifier: Apache-2.0
"""Counts what went wrong by stage, and logs it without flooding the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
import traceback
from typing import Any

from pose_ros.images.frame import FrameError
from pose_ros.rclpy_tools.throttle import Throttle

__all__ = ['FaultLog']

KINDS_KEPT = 100  # of faults whose whole traceback was logged


class FaultLog:
    """
    Takes exceptions that nobody expected. May be called on any thread.

    The first fault of a kind (the same stage, exception and line of code) is logged with its whole
    traceback; after that a stage has one line as often as `Throttle` allows. Of a damaged message
    (FrameError) only the words are logged.

    :ivar counter: the faults by stage
    """

    def __init__(self, logger: Any, counter: Counter[str] | None = None) -> None:
        """
        Begin without faults.

        :param logger: of rclpy
        :param counter: counts the faults by stage; a new one by default
        """
        self._logger, self.counter = logger, Counter() if counter is None else counter
        self._lock = Lock()
        self._kinds: set[tuple[str, str]] = set()
        self._throttle = Throttle()

    @contextmanager
    def guard(self, stage: str) -> Iterator[None]:
        """Report what the block raises, and go on behind it."""
        try:
            yield
        except Exception as error:
            self.report(stage, error)

    def report(self, stage: str, error: BaseException) -> None:
        """
        Count and log one fault.

        :param stage: what was being done, in a word or two
        """
        place = _place(error)
        with self._lock:
            self.counter[stage] += 1
            count = self.counter[stage]
            is_new = self._is_new(stage, place) and not isinstance(error, FrameError)
        if not self._throttle.allows(stage) and not is_new:
            return
        words = str(error) if isinstance(error, FrameError) else f'{place}: {error}'
        text = f'{stage} failed ({count} times): {words}'
        if is_new:
            text += '\n' + ''.join(traceback.format_exception(error))
        self._logger.error(text)

    def _is_new(self, stage: str, place: str) -> bool:
        if (stage, place) in self._kinds or len(self._kinds) >= KINDS_KEPT:
            return False
        self._kinds.add((stage, place))
        return True


def _place(error: BaseException) -> str:
    """Return what was raised, and where; not its words, which may differ each time."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f'{Path(frames[-1].filename).name}:{frames[-1].lineno}' if frames else 'unknown'
    return f'{type(error).__name__} at {where}'
