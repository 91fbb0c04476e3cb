# SPDX-License-Identifier: Apache-2.0
"""Decides how often a trouble that lasts is told again: less and less often."""

from __future__ import annotations

from threading import Lock
from time import monotonic

__all__ = ['Throttle']

FIRST_S = 5.0  # after which a trouble that lasts is told again; each time twice as long as before
LONGEST_S = 60.0


class Throttle:
    """Knows what was told when. May be called on any thread."""

    def __init__(self, first_s: float = FIRST_S) -> None:
        """
        Begin without troubles.

        :param first_s: seconds after which a trouble that lasts is told for the second time
        """
        self._first_s = first_s
        self._lock = Lock()
        self._told: dict[str, tuple[float, float]] = {}  # when, and seconds until the next time

    def allows(self, kind: str) -> bool:
        """
        Say whether a trouble is to be told now; if so, it counts as told.

        :param kind: the same for the same trouble; after LONGEST_S without it, it is a new one
        """
        with self._lock:
            now_s = monotonic()
            told_s, period_s = self._told.get(kind, (now_s, 0.0))
            if now_s < told_s + period_s:
                return False
            lasts = period_s > 0.0 and now_s < told_s + period_s + LONGEST_S
            period_s = min(2 * period_s, LONGEST_S) if lasts else self._first_s
            self._told[kind] = (now_s, period_s)
            return True
