# SPDX-License-Identifier: Apache-2.0
"""What the diagnostics say of counters and status."""

from dataclasses import replace
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
import pytest

from pose_ros.detection.counters import Counters, Drop
from pose_ros.outputs.diagnostics import Diagnostics
from pose_ros.outputs.health import DiagnosticLimits, NodeStatus, judge

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
LIMITS = DiagnosticLimits(
    latency_warn_s=0.2, latency_error_s=1.0, silence_warn_s=2.0, silence_error_s=10.0
)
RUNNING = NodeStatus(
    model='/m/full.task',
    running_mode='video',
    active=True,
    topic='/image',
    silence='no image on /image',
)


def status(counters: Counters, situation: NodeStatus = RUNNING) -> DiagnosticStatus:
    return write(Diagnostics('/pose', '/image', 0.0), counters, 1.0, situation)


def write(
    diagnostics: Diagnostics, counters: Counters, now_s: float, situation: NodeStatus = RUNNING
) -> DiagnosticStatus:
    period = diagnostics.period(counters, now_s)
    problems = judge(counters, period, situation, LIMITS)
    return diagnostics.write(counters, period, situation, problems, Time()).status[0]


@pytest.mark.parametrize(
    ('latency_ms', 'silence_s', 'drop', 'level', 'words'),
    [
        (30.0, 0.1, None, OK, 'running'),
        (30.0, 0.1, Drop.LATE, OK, 'running'),
        (30.0, 0.1, Drop.INVALID, WARN, '1 images could not be processed'),
        (30.0, 0.1, Drop.FAILED, WARN, '1 images could not be processed'),
        (250.0, 0.1, None, WARN, '250 ms old'),
        (1500.0, 0.1, None, ERROR, '1500 ms old'),
        (30.0, 3.0, None, WARN, 'no image on /image'),
        (30.0, 11.0, Drop.INVALID, ERROR, 'no image on /image'),
    ],
)
def test_levels(
    latency_ms: float, silence_s: float, drop: Drop | None, level: Any, words: str
) -> None:
    counters = Counters(received=30, processed=29)
    counters.latency_ms.extend([latency_ms] * 9)
    if drop:
        counters.dropped[drop] = 1
    got = status(counters, replace(RUNNING, silence_s=silence_s))
    assert got.level == level
    assert words in got.message


def test_an_inactive_node_is_well_whatever_was_before() -> None:
    counters = Counters()
    counters.latency_ms.append(5000.0)
    got = status(counters, replace(RUNNING, active=False, silence_s=99.0))
    assert (got.level, got.message) == (OK, 'inactive')


def test_an_inactive_node_says_why_it_could_not_be_activated() -> None:
    failed = replace(RUNNING, active=False, failure='activate failed: no thread is left')
    got = status(Counters(), failed)
    assert (got.level, got.message) == (ERROR, 'inactive: activate failed: no thread is left')


def test_harm_is_forgotten_after_one_report() -> None:
    diagnostics, counters = Diagnostics('/pose', '/image', 0.0), Counters()
    counters.dropped[Drop.INVALID] = 3
    levels = [write(diagnostics, counters, now_s).level for now_s in (1.0, 2.0)]
    assert levels == [WARN, OK]


def test_rates_are_those_of_the_last_period() -> None:
    diagnostics, counters = (
        Diagnostics('/pose', '/image', 10.0),
        Counters(received=60, processed=30),
    )
    write(diagnostics, counters, 12.0)
    counters.received, counters.processed = 70, 35
    got = write(diagnostics, counters, 12.5)
    values = {each.key: each.value for each in got.values}
    assert values['rate in (Hz)'] == '20.0'
    assert values['rate out (Hz)'] == '10.0'
    assert values['frames received'] == '70'


def test_regions_are_told_of_where_people_are_searched_in_them() -> None:
    counters = Counters(with_regions=7, without_regions=2)
    counters.people_looked_at.append(1.0)
    assert 'newest regions' not in {each.key for each in status(counters).values}
    counters.regions, counters.search_age_s = '1 of people', 0.25
    values = {each.key: each.value for each in status(counters).values}
    assert values['newest regions'] == '1 of people'
    assert (values['images with regions'], values['images without regions']) == ('7', '2')
    assert values['age of the search (s)'] == '0.2'


def test_latency_percentiles() -> None:
    counters = Counters()
    counters.latency_ms.extend(range(1, 102))
    values = {each.key: each.value for each in status(counters).values}
    assert values['latency median (ms)'] == '51.0'
    assert values['latency p99 (ms)'] == '100.0'
    assert values['inference median (ms)'] == 'unknown'
