# SPDX-License-Identifier: Apache-2.0
"""Counts what went wrong by stage, and logs it without flooding the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import monotonic
import traceback
from typing import Any

__all__ = ['FaultLog']

PERIOD_S = 5.0  # in which the faults of a stage are logged once
KINDS_KEPT = 100  # of faults whose whole traceback was logged


class FaultLog:
    """
    Takes exceptions that nobody expected. May be called on any thread.

    The first fault of a kind (the same stage, exception and line of code) is logged with its whole
    traceback; after that a stage has one line in PERIOD_S.
    """

    def __init__(self, logger: Any, counter: Counter[str]) -> None:
        """
        Begin without faults.

        :param logger: of rclpy
        :param counter: counts the faults by stage
        """
        self._logger, self._counter = logger, counter
        self._lock = Lock()
        self._kinds: set[tuple[str, str]] = set()
        self._logged_s: dict[str, float] = {}

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
            self._counter[stage] += 1
            count, now_s = self._counter[stage], monotonic()
            is_new = (stage, place) not in self._kinds and len(self._kinds) < KINDS_KEPT
            if is_new:
                self._kinds.add((stage, place))
            elif now_s < self._logged_s.get(stage, 0.0) + PERIOD_S:
                return
            self._logged_s[stage] = now_s
        text = f'{stage} failed ({count} times): {place}'
        if is_new:
            text += '\n' + ''.join(traceback.format_exception(error))
        self._logger.error(text)


def _place(error: BaseException) -> str:
    """Return what was raised, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f'{Path(frames[-1].filename).name}:{frames[-1].lineno}' if frames else 'unknown'
    return f'{type(error).__name__} at {where}: {error}'
