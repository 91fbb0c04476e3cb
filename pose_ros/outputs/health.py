# SPDX-License-Identifier: Apache-2.0
"""Judges from counters and status what is wrong with a node, in words that say what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np

from pose_ros.detection.counters import Counters, Drop

__all__ = ['ERROR', 'OK', 'WARN', 'DiagnosticLimits', 'NodeStatus', 'Period', 'Problem', 'judge']

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
HARMFUL_DROPS = (Drop.INVALID, Drop.FAILED)
MISSED_INTERVALS = 3  # a camera that is slower than silence_warn may miss so many
STUCK_S = 30.0  # an image is in work for so long only when something hangs


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
    :param publishers: how many publishers that topic has
    :param silence_s: for how long the node has waited for an image
    :param interval_s: the camera's own, 0 when that is unknown
    :param silence: why no image comes, in words
    :param depth_silence_s: for how long no depth image has come although the topic has publishers
    :param depth_interval_s: between two depth images, 0 when that is unknown
    :param depth_silence: why no depth image comes, in words
    :param working_s: for how long the node has worked on the image in work
    :param positions: whether people's positions are known, or why not, in words
    :param is_position_misfit: a camera_info or depth image that came could not be used
    :param engine: which MediaPipe runs, how it is called, and what it may not, in words
    :param masks: whether masks are computed, in words
    :param failure: how the last transition failed, in words; '' when it did not
    """

    model: str
    running_mode: str
    active: bool = False
    topic: str = ''
    publishers: int = 1
    silence_s: float = 0.0
    interval_s: float = 0.0
    silence: str = ''
    depth_silence_s: float = 0.0
    depth_interval_s: float = 0.0
    depth_silence: str = ''
    working_s: float = 0.0
    positions: str = ''
    is_position_misfit: bool = False
    engine: str = ''
    masks: str = ''
    failure: str = ''


@dataclass(frozen=True)
class Problem:
    """
    Something that is wrong.

    :param kind: the same while it lasts
    :param level: WARN or ERROR
    :param text: what is wrong and what to do, in one line
    """

    kind: str
    level: bytes
    text: str


@dataclass(frozen=True)
class Period:
    """What was counted between two reports."""

    seconds: float
    received: int
    processed: int
    dropped: Counter[Drop] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)


def judge(
    counters: Counters, period: Period, status: NodeStatus, limits: DiagnosticLimits
) -> list[Problem]:
    """Return what is wrong, the worst first; of an inactive node, why activating failed."""
    if not status.active:
        failed = Problem('transition', ERROR, f'inactive: {status.failure}')
        return [failed] if status.failure else []
    problems = [
        *_threads(status, limits),
        *_faults(period),
        *_latency(counters, limits),
        *_drops(period),
        *(Problem(kind, WARN, text) for kind, text in sorted(counters.conditions.items())),
    ]
    if status.is_position_misfit:
        problems.append(Problem('positions', WARN, status.positions))
    if status.publishers > 1:
        problems.append(
            Problem(
                'publishers',
                WARN,
                f'{status.topic} has {status.publishers} publishers: the images of several '
                'cameras are taken for one stream; give each camera a topic and a node of its own',
            )
        )
    return sorted(problems, key=lambda problem: problem.level, reverse=True)


def _threads(status: NodeStatus, limits: DiagnosticLimits) -> Iterator[Problem]:
    if status.working_s >= limits.silence_warn_s:
        level = ERROR if status.working_s >= STUCK_S else WARN
        yield Problem(
            'busy',
            level,
            f'one image has been in work for {status.working_s:.0f} s: the computer is too slow '
            'for this model and these parameters, or MediaPipe hangs',
        )
        return
    patience_s = MISSED_INTERVALS * status.interval_s
    if status.silence_s >= max(limits.silence_warn_s, patience_s):
        is_long = status.silence_s >= max(limits.silence_error_s, patience_s)
        yield Problem('silence', ERROR if is_long else WARN, status.silence)
        return  # then there is nothing to place with a depth image
    patience_s = MISSED_INTERVALS * status.depth_interval_s
    if status.depth_silence_s >= max(limits.silence_warn_s, patience_s):
        text = f'positions come without depth: {status.depth_silence}'
        yield Problem('depth', WARN, text)


def _faults(period: Period) -> Iterator[Problem]:
    if period.faults:
        stages = ', '.join(f'{stage} ({count})' for stage, count in period.faults.most_common())
        yield Problem('faults', ERROR, f'failed: {stages}; the log has the exceptions')


def _latency(counters: Counters, limits: DiagnosticLimits) -> Iterator[Problem]:
    latency_s = np.median(list(counters.latency_ms)) / 1e3 if counters.latency_ms else 0.0
    if latency_s >= limits.latency_warn_s:
        level = ERROR if latency_s >= limits.latency_error_s else WARN
        text = f'poses are {latency_s * 1e3:.0f} ms old when they are published'
        yield Problem('latency', level, text)


def _drops(period: Period) -> Iterator[Problem]:
    harmed = sum(period.dropped[drop] for drop in HARMFUL_DROPS)
    if harmed:
        text = f'{harmed} images could not be processed; the log says why'
        yield Problem('images', WARN, text)
    for drop, what in (
        (Drop.REPEATED, 'the stamp of the image before'),
        (Drop.LATE, 'a stamp older than that of an image before'),
    ):
        if period.dropped[drop] > max(period.received / 2, 1):
            yield Problem(
                drop.value,
                WARN,
                f'{period.dropped[drop]} of {period.received} images had {what} and were dropped: '
                'does the driver set the stamp of each image, and is there one camera only? '
                'running_mode image takes every image',
            )
