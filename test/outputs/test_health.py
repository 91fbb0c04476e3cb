# SPDX-License-Identifier: Apache-2.0
"""What is wrong is told by kind, level and words that say what to do."""

from collections import Counter
from dataclasses import replace

import pytest

from pose_ros.detection.counters import Counters, Drop
from pose_ros.outputs.health import (
    ERROR,
    WARN,
    DiagnosticLimits,
    NodeStatus,
    Period,
    Problem,
    judge,
)

LIMITS = DiagnosticLimits(
    latency_warn_s=0.2, latency_error_s=1.0, silence_warn_s=2.0, silence_error_s=10.0
)
ACTIVE = NodeStatus('/m/full.task', 'video', active=True, topic='/image', silence='no image')
PERIOD = Period(1.0, received=30, processed=30)


def problems(
    period: Period = PERIOD, status: NodeStatus = ACTIVE, counters: Counters | None = None
) -> list[Problem]:
    return judge(counters or Counters(), period, status, LIMITS)


def test_a_healthy_node_has_none() -> None:
    assert problems() == []


@pytest.mark.parametrize(('working_s', 'level'), [(2.6, WARN), (31.0, ERROR)])
def test_a_busy_node_does_not_blame_the_camera(working_s: float, level: bytes) -> None:
    [problem] = problems(status=replace(ACTIVE, working_s=working_s, silence_s=working_s))
    assert (problem.kind, problem.level) == ('busy', level)
    assert f'in work for {working_s:.0f} s' in problem.text


@pytest.mark.parametrize(
    ('interval_s', 'silence_s', 'kinds'),
    [
        (0.033, 1.9, []),
        (0.033, 2.1, ['silence']),
        (3.0, 4.0, []),  # a picture every 3 s is no silence
        (3.0, 9.1, ['silence']),
    ],
)
def test_silence_is_measured_by_the_cameras_own_interval(
    interval_s: float, silence_s: float, kinds: list[str]
) -> None:
    status = replace(ACTIVE, interval_s=interval_s, silence_s=silence_s)
    assert [problem.kind for problem in problems(status=status)] == kinds


def test_faults_are_an_error_and_come_first() -> None:
    period = replace(PERIOD, faults=Counter({'tf': 30, 'overlay': 1}), dropped=Counter())
    status = replace(ACTIVE, publishers=2)
    first, second = problems(period, status)
    assert (first.kind, first.level) == ('faults', ERROR)
    assert 'tf (30), overlay (1)' in first.text
    assert (second.kind, second.level) == ('publishers', WARN)
    assert '2 publishers' in second.text


@pytest.mark.parametrize('drop', [Drop.REPEATED, Drop.LATE])
@pytest.mark.parametrize(('dropped', 'told'), [(29, True), (14, False), (1, False)])
def test_most_images_dropped_for_their_stamp(drop: Drop, dropped: int, told: bool) -> None:
    found = problems(replace(PERIOD, dropped=Counter({drop: dropped})))
    assert [problem.kind for problem in found] == ([drop.value] if told else [])
    assert all('does the driver set the stamp' in problem.text for problem in found)


def test_a_condition_is_a_warning_while_it_is_set() -> None:
    counters = Counters()
    counters.conditions['tf'] = 'images have no frame_id'
    [problem] = problems(counters=counters)
    assert (problem.kind, problem.level, problem.text) == ('tf', WARN, 'images have no frame_id')
    del counters.conditions['tf']
    assert problems(counters=counters) == []


def test_an_inactive_node_has_none() -> None:
    period = replace(PERIOD, faults=Counter({'tf': 30}))
    assert problems(period, replace(ACTIVE, active=False, silence_s=99.0)) == []
