# SPDX-License-Identifier: Apache-2.0
"""Counts and times what happens to the frames of a stream."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from enum import Enum

__all__ = ['Counters', 'Drop']

TIMES_KEPT = 300  # of the newest frames


class Drop(Enum):
    """Why a frame was not processed."""

    INVALID = 'invalid'  # the message contradicts itself or cannot be decoded
    REPEATED = 'repeated'  # the stamp of the frame before
    LATE = 'late'  # older than the frame before
    BUSY = 'busy'  # a newer one came while another was in work, or it was lost on the way
    FAILED = 'failed'  # MediaPipe could not process it


def _newest() -> deque[float]:
    return deque(maxlen=TIMES_KEPT)


@dataclass
class Counters:
    """
    Frames since the node was configured.

    :param restarts: how often the stream began again
    :param people: in the newest processed frame
    :param inference_ms: time in MediaPipe of the newest frames
    :param latency_ms: header stamp to published landmarks of the newest frames that have a stamp
    :param people_looked_at: how many of the known people were looked for in each of the newest
        frames, where people are searched in windows
    :param search_age_s: since when some part of the picture was not searched; NaN: not at all yet;
        where people are searched in regions: since when there were none
    :param regions: what the newest regions hold, in words; '' where nobody searches in any
    :param with_regions: frames for which there were some, likewise without_regions
    :param outputs: how often each lazy output was computed
    :param faults: exceptions that nobody expected, by stage
    :param conditions: what is not as it should be, and what to do, in words, by kind; whoever
        knows sets it and removes it
    """

    received: int = 0
    processed: int = 0
    restarts: int = 0
    people: int = 0
    dropped: Counter[Drop] = field(default_factory=Counter)
    inference_ms: deque[float] = field(default_factory=_newest)
    latency_ms: deque[float] = field(default_factory=_newest)
    people_looked_at: deque[float] = field(default_factory=_newest)
    search_age_s: float = float('nan')
    regions: str = ''
    with_regions: int = 0
    without_regions: int = 0
    outputs: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    conditions: dict[str, str] = field(default_factory=dict)

    def count_arrival(self, missed: int) -> None:
        """Count an image that came, and those missed before it."""
        self.received += 1 + missed
        if missed:
            self.dropped[Drop.BUSY] += missed

    def count_result(self, people: int, inference_s: float) -> None:
        """Count a processed frame."""
        self.processed += 1
        self.people = people
        self.inference_ms.append(inference_s * 1e3)
