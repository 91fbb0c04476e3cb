# SPDX-License-Identifier: Apache-2.0
"""Counters in, a `DiagnosticArray` with the state of the node in words and figures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import os
from pathlib import Path

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np

from pose_ros.detection.counters import Counters, Drop

__all__ = ['DiagnosticLimits', 'Diagnostics', 'NodeStatus']

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
HARMFUL_DROPS = (Drop.INVALID, Drop.FAILED)


@dataclass(frozen=True)
class DiagnosticLimits:
    """
    From which values on the level is WARN or ERROR; seconds.

    :param latency_warn_s: median of header stamp to published landmarks
    :param silence_warn_s: time without an image
    """

    latency_warn_s: float
    latency_error_s: float
    silence_warn_s: float
    silence_error_s: float


@dataclass(frozen=True)
class NodeStatus:
    """
    What the counters do not know.

    :param active: whether the node is subscribed to images
    :param topic: of the images
    :param silence_s: time without an image
    :param silence: why, in words
    :param positions: whether people's positions are known, or why not, in words
    """

    model: str
    running_mode: str
    active: bool = False
    topic: str = ''
    silence_s: float = 0.0
    silence: str = ''
    positions: str = ''


class Diagnostics:
    """Writes one status after the other; rates are those since the one before."""

    def __init__(self, name: str, now_s: float) -> None:
        """
        Start counting.

        :param name: of the node, fully qualified
        :param now_s: any steady clock's seconds
        """
        self._name = name
        self._before_s = now_s
        self._before = (0, 0, 0)

    def write(
        self,
        counters: Counters,
        situation: NodeStatus,
        limits: DiagnosticLimits,
        now_s: float,
        stamp: Time,
    ) -> DiagnosticArray:
        """
        Return the message.

        :param now_s: the same clock's seconds as at the start
        :param stamp: for the message's header
        """
        harmed = sum(counters.dropped[drop] for drop in HARMFUL_DROPS)
        now = (counters.received, counters.processed, harmed)
        period_s = max(now_s - self._before_s, 1e-3)
        received, processed, newly_harmed = (
            after - before for after, before in zip(now, self._before, strict=True)
        )
        self._before_s, self._before = now_s, now

        level, message = _judge(counters, situation, limits, newly_harmed)
        values = {
            'model': situation.model,
            'running mode': situation.running_mode,
            'image topic': situation.topic,
            'rate in (Hz)': f'{received / period_s:.1f}',
            'rate out (Hz)': f'{processed / period_s:.1f}',
            'frames received': counters.received,
            'frames processed': counters.processed,
            **{f'frames dropped: {drop.value}': counters.dropped[drop] for drop in Drop},
            'people': counters.people,
            'positions': situation.positions,
            'inference median (ms)': _percentile(counters.inference_ms, 50),
            'inference p99 (ms)': _percentile(counters.inference_ms, 99),
            'latency median (ms)': _percentile(counters.latency_ms, 50),
            'latency p99 (ms)': _percentile(counters.latency_ms, 99),
            'clock restarts': counters.restarts,
            'memory (MB)': f'{_resident_mb():.0f}',
        }
        array = DiagnosticArray(
            status=[
                DiagnosticStatus(
                    level=level,
                    name=f'{self._name}: pose landmarker',
                    message=message,
                    hardware_id=situation.topic,
                    values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
                )
            ]
        )
        array.header.stamp = stamp
        return array


def _judge(
    counters: Counters, situation: NodeStatus, limits: DiagnosticLimits, harmed: int
) -> tuple[bytes, str]:
    if not situation.active:
        return OK, 'inactive'
    if situation.silence_s >= limits.silence_warn_s:
        return (
            ERROR if situation.silence_s >= limits.silence_error_s else WARN,
            situation.silence,
        )
    latency_s = np.median(counters.latency_ms) / 1e3 if counters.latency_ms else 0.0
    if latency_s >= limits.latency_warn_s:
        return (
            ERROR if latency_s >= limits.latency_error_s else WARN,
            f'poses are {latency_s * 1e3:.0f} ms old when they are published',
        )
    if harmed:
        return WARN, f'{harmed} images could not be processed; the log says why'
    return OK, 'running'


def _percentile(values: Sequence[float], percent: float) -> str:
    return f'{np.percentile(list(values), percent):.1f}' if values else 'unknown'


def _resident_mb() -> float:
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    return pages * os.sysconf('SC_PAGE_SIZE') / 1e6
