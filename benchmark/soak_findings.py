# SPDX-License-Identifier: Apache-2.0
"""Judges the samples of a soak: whether memory, descriptors, threads or latency rise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmark.trend import Trend, fit_trend

__all__ = ['Finding', 'Sample', 'findings']

MAX_MEMORY_MB_PER_MIN = 0.05
# A short soak finds what a disturbance leaves, of which it has one every two seconds: 0.3 MB each.
# Its slopes of memory were -9 to +14 MB a minute for one and the same node, so it fails when even
# the lower end of the interval is beyond the limit.
SETTLED_AFTER_MIN, MAX_SETTLING_MB_PER_MIN = 8.0, 10.0
MAX_COUNT_GROWTH = 0.5  # over the whole series: half a thread is none
MAX_LATENCY_GROWTH = 0.25  # over the whole series, of its median


@dataclass(frozen=True)
class Sample:
    """
    The state of the node's process at one moment.

    :param minute: since the soak began
    :param rss_mb: resident memory, in 10^6 bytes
    :param pss_mb: the same, with shared pages divided
    :param descriptors: open file descriptors
    :param shared_files: files in /dev/shm that are mapped
    :param latency_p99_ms: of the landmarks since the sample before: header stamp to subscriber
    """

    minute: float
    rss_mb: float
    pss_mb: float
    descriptors: int
    threads: int
    shared_files: int
    latency_p99_ms: float


@dataclass(frozen=True)
class Finding:
    """
    What the samples say about one quantity.

    :param unit: of the quantity
    :param trend: per minute
    :param limit: of the slope, per minute
    :param is_short: the slope says little; only its interval counts
    """

    name: str
    unit: str
    first: float
    last: float
    trend: Trend
    limit: float
    is_short: bool = False

    @property
    def passed(self) -> bool:
        """Whether there is no certain rise, or none beyond the limit."""
        if self.is_short:
            return self.trend.low <= self.limit
        return not self.trend.rises(self.limit)

    def __str__(self) -> str:
        """Return a line for the reader."""
        verdict = 'RISES' if not self.passed else 'steady'
        if self.passed and self.trend.is_vague(self.limit):
            verdict = 'steady, as far as so short a soak can tell'
        return (
            f'{self.name}: {self.first:.1f} to {self.last:.1f}{self.unit}, slope '
            f'{self.trend.slope:+.3f} ({self.trend.low:+.3f} to {self.trend.high:+.3f}) '
            f'a minute, limit {self.limit:.3f}: {verdict}'
        )


def findings(samples: Sequence[Sample], in_a_round: int) -> Iterator[Finding]:
    """
    Yield a finding for each quantity.

    Memory goes up and down with what was done last. What stays of it is seen in the least of each
    round of disturbances.

    :param samples: after the warm-up
    :param in_a_round: so many of them have one disturbance of each kind before them
    :raises ValueError: when there are too few
    """
    if len(samples) < in_a_round:
        raise ValueError(f'wanted {in_a_round} samples and more, got {len(samples)}')
    minutes = [sample.minute for sample in samples]
    length_min = minutes[-1] - minutes[0]
    is_settled = length_min > SETTLED_AFTER_MIN

    def finding(name: str, unit: str, values: Sequence[float], limit: float) -> Finding:
        return Finding(name, unit, values[0], values[-1], fit_trend(minutes, values), limit)

    def memory(name: str, values_mb: Sequence[float], limit: float) -> Finding:
        begins = range(0, len(values_mb) - in_a_round + 1, in_a_round)
        least_mb = [min(values_mb[begin : begin + in_a_round]) for begin in begins]
        trend = fit_trend([minutes[begin] for begin in begins], least_mb)
        return Finding(name, ' MB', least_mb[0], least_mb[-1], trend, limit, not is_settled)

    limit = MAX_MEMORY_MB_PER_MIN if is_settled else MAX_SETTLING_MB_PER_MIN
    yield memory('memory (RSS)', [sample.rss_mb for sample in samples], limit)
    yield memory('memory (PSS)', [sample.pss_mb for sample in samples], limit)
    limit = MAX_COUNT_GROWTH / length_min
    yield finding('file descriptors', '', [sample.descriptors for sample in samples], limit)
    yield finding('threads', '', [sample.threads for sample in samples], limit)
    yield finding('files in /dev/shm', '', [sample.shared_files for sample in samples], limit)
    latency_ms = [sample.latency_p99_ms for sample in samples]
    limit = MAX_LATENCY_GROWTH * median(latency_ms) / length_min
    yield finding('p99 latency', ' ms', latency_ms, limit)
