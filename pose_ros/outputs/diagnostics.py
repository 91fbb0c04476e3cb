# SPDX-License-Identifier: Apache-2.0
"""Writes the state of the node, in words and figures, as a `DiagnosticArray`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
import os
from pathlib import Path

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np

from pose_ros.detection.counters import Counters, Drop
from pose_ros.outputs.health import OK, NodeStatus, Period, Problem

__all__ = ['Diagnostics', 'write_status']


def write_status(
    node: str,
    images: str,
    level: bytes,
    message: str,
    stamp: Time,
    values: Mapping[str, object] | None = None,
) -> DiagnosticArray:
    """
    Return a message with the status of one node.

    :param node: its name, fully qualified
    :param images: the topic of its images, which says what camera the node is for
    :param level: OK, WARN or ERROR
    :param values: figures, by their names
    """
    array = DiagnosticArray()
    array.header.stamp = stamp
    array.status = [
        DiagnosticStatus(
            level=level,
            name=f'{node}: pose landmarker',
            message=message,
            hardware_id=images,
            values=[KeyValue(key=key, value=str(value)) for key, value in (values or {}).items()],
        )
    ]
    return array


class Diagnostics:
    """Writes one status after the other; rates are those since the one before."""

    def __init__(self, node: str, images: str, now_s: float) -> None:
        """
        Start counting.

        :param node: its name, fully qualified
        :param images: the topic of its images
        :param now_s: any steady clock's seconds
        """
        self._node, self._images, self._before_s = node, images, now_s
        self._received = self._processed = 0
        self._dropped: Counter[Drop] = Counter()
        self._faults: Counter[str] = Counter()

    def period(self, counters: Counters, now_s: float) -> Period:
        """
        Return what was counted since the call before.

        :param now_s: the same clock's seconds as at the start
        """
        period = Period(
            max(now_s - self._before_s, 1e-3),
            counters.received - self._received,
            counters.processed - self._processed,
            counters.dropped - self._dropped,
            counters.faults - self._faults,
        )
        self._before_s = now_s
        self._received, self._processed = counters.received, counters.processed
        self._dropped, self._faults = counters.dropped.copy(), counters.faults.copy()
        return period

    def write(
        self,
        counters: Counters,
        period: Period,
        status: NodeStatus,
        problems: Sequence[Problem],
        stamp: Time,
    ) -> DiagnosticArray:
        """
        Return the message.

        :param problems: the worst first; they make the level and the words
        :param stamp: for the message's header
        """
        return write_status(
            self._node,
            self._images,
            problems[0].level if problems else OK,
            _message(status, problems),
            stamp,
            _values(counters, period, status),
        )


def _message(status: NodeStatus, problems: Sequence[Problem]) -> str:
    if problems:
        return '; '.join(problem.text for problem in problems)
    return 'running' if status.active else 'inactive'


def _values(counters: Counters, period: Period, status: NodeStatus) -> dict[str, object]:
    return {
        'model': status.model,
        'running mode': status.running_mode,
        'engine': status.engine,
        'masks': status.masks,
        'image topic': status.topic,
        'rate in (Hz)': f'{period.received / period.seconds:.1f}',
        'rate out (Hz)': f'{period.processed / period.seconds:.1f}',
        'frames received': counters.received,
        'frames processed': counters.processed,
        **{f'frames dropped: {drop.value}': counters.dropped[drop] for drop in Drop},
        **{f'faults: {stage}': count for stage, count in sorted(counters.faults.items())},
        'people': counters.people,
        'positions': status.positions,
        **_search_values(counters),
        'inference median (ms)': _percentile(counters.inference_ms, 50),
        'inference p99 (ms)': _percentile(counters.inference_ms, 99),
        'latency median (ms)': _percentile(counters.latency_ms, 50),
        'latency p99 (ms)': _percentile(counters.latency_ms, 99),
        'clock restarts': counters.restarts,
        'memory (MB)': f'{_resident_mb():.0f}',
    }


def _search_values(counters: Counters) -> dict[str, object]:
    """Return how far the time goes, where people are searched in windows."""
    if not counters.people_looked_at:
        return {}
    age_s = counters.search_age_s
    return {
        'people looked at per image': f'{np.mean(counters.people_looked_at):.1f}',
        'age of the search (s)': 'not complete yet' if np.isnan(age_s) else f'{age_s:.1f}',
        **_region_values(counters),
    }


def _region_values(counters: Counters) -> dict[str, object]:
    if not counters.regions:
        return {}
    return {
        'newest regions': counters.regions,
        'images with regions': counters.with_regions,
        'images without regions': counters.without_regions,
    }


def _percentile(values: Sequence[float], percent: float) -> str:
    return f'{np.percentile(list(values), percent):.1f}' if values else 'unknown'


def _resident_mb() -> float:
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6
