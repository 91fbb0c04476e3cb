# SPDX-License-Identifier: Apache-2.0
"""Turns header stamps into MediaPipe's increasing milliseconds, or refuses a frame."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ['StreamClock', 'Tick', 'Verdict']

NS_PER_MS = 1_000_000


class Verdict(Enum):
    """What to do with a frame."""

    PROCESS = 'process'
    RESTART = 'restart'  # the stream began again: process it with a new landmarker
    REPEATED = 'repeated'  # the same stamp as the frame before: drop it
    LATE = 'late'  # a little older than the frame before: drop it


@dataclass(frozen=True)
class Tick:
    """
    The verdict on one frame and, where it is to be processed, its time.

    :param verdict: what to do with the frame
    :param stamp_ms: milliseconds for MediaPipe, larger than all since the last restart; 0 for a
        frame that is dropped
    :param time_ns: of the frame, unrounded: its stamp, or the time of arrival where it has none
    """

    verdict: Verdict
    stamp_ms: int = 0
    time_ns: int = 0


class StreamClock:
    """
    Turns the header stamps of one stream into the time that MediaPipe wants.

    A stamp in a millisecond that is taken already is moved to the next free one. A stamp that lies
    more than `restart_after_s` behind the newest means that the stream began again (a bag that
    loops, a simulation that was reset). A zero (or negative) stamp means that the driver sets
    none; the time of arrival stands in for it.
    """

    def __init__(self, restart_after_s: float) -> None:
        """
        Start without having seen a frame.

        :param restart_after_s: seconds, >= 0; a smaller step back is a late frame
        """
        self.restart_after_s = restart_after_s
        self._newest_ns: int | None = None
        self._last_ms = -1

    def tick(self, stamp_ns: int, arrival_ns: int) -> Tick:
        """
        Judge the next frame.

        :param stamp_ns: the header's stamp in nanoseconds; <= 0 when the driver sets none
        :param arrival_ns: the time of arrival on the same clock, in nanoseconds
        """
        time_ns = stamp_ns if stamp_ns > 0 else arrival_ns
        verdict = Verdict.PROCESS
        if self._newest_ns is not None and time_ns <= self._newest_ns:
            if time_ns == self._newest_ns:
                return Tick(Verdict.REPEATED)
            if self._newest_ns - time_ns <= self.restart_after_s * 1e9:
                return Tick(Verdict.LATE)
            self.reset()
            verdict = Verdict.RESTART
        self._newest_ns = time_ns
        self._last_ms = max(time_ns // NS_PER_MS, self._last_ms + 1)
        return Tick(verdict, self._last_ms, time_ns)

    def reset(self) -> None:
        """Forget all frames; the next one may have any stamp."""
        self._newest_ns = None
        self._last_ms = -1
