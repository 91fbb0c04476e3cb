# SPDX-License-Identifier: Apache-2.0
"""Tests of what measurements of nodes beside one another say."""

import pytest

from benchmark.comparison import comparison_table, differences
from benchmark.measurement import OURS, BareLoop, FrameTimes, Measurement, Part, Scene, summarize

BARE = BareLoop(inference_ms=20.0, rate_hz=50.0, cpu_ms=20.0, rss_mb=100.0, pss_mb=90.0)
PEER = '/other/poses'


def measured(node: str, latency_ms: float, frames: int = 60) -> Measurement:
    """Return a measurement at 30 Hz in which every frame has the same latency."""
    times = [
        FrameTimes(index * 33_000_000, int(index * 33_000_000 + latency_ms * 1e6))
        for index in range(frames)
    ]
    part = Part(frames, None, times, 1.0, 200.0, 180.0, {})
    return summarize(Scene(node, 'full', 640, 480), 30.0, False, [part], BARE)


def test_a_slow_round_meets_both_and_shifts_nothing() -> None:
    rounds = []
    for slowness_ms in (0.0, 0.0, 40.0, 0.0, 0.0):
        rounds += [measured(OURS, 22 + slowness_ms), measured(PEER, 25 + slowness_ms)]
    ours, peer = differences(rounds)
    assert ours.later_ms == 0
    assert peer.later_ms == pytest.approx(3)
    assert peer.later_error_ms == pytest.approx(0, abs=1e-6)
    assert peer.latency_ms == pytest.approx(25)
    assert peer.rate_ratio == pytest.approx(1)
    assert f'| {PEER} | 25.0 | +3.00' in comparison_table([ours, peer])


def test_what_varies_has_an_error() -> None:
    rounds = []
    for later_ms in (1.0, 2.0, 3.0, 4.0, 5.0):
        rounds += [measured(OURS, 22.0), measured(PEER, 22.0 + later_ms)]
    _, peer = differences(rounds)
    assert peer.later_ms == pytest.approx(3)
    assert 0.5 < peer.later_error_ms < 2
