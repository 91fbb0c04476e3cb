# SPDX-License-Identifier: Apache-2.0
"""Tests of the line for docs/hardware.md, and of the table there."""

from pathlib import Path

from benchmark.hardware_line import HEADING, hardware_line
from benchmark.machine import machine
from benchmark.measurement import OURS, BareLoop, FrameTimes, Measurement, Part, Scene, summarize

TABLE = Path(__file__).parents[2] / 'docs/hardware.md'
BARE = BareLoop(inference_ms=20.0, rate_hz=50.0, cpu_ms=20.0, rss_mb=100.0, pss_mb=90.0)


def measured(model: str, period_ms: float, latency_ms: float, saturated: bool) -> Measurement:
    frames = [
        FrameTimes(int(index * period_ms * 1e6), int((index * period_ms + latency_ms) * 1e6), 1, 1)
        for index in range(50)
    ]
    part = Part(50, 50, frames, 1.0, 200.0, 180.0, {})
    return summarize(Scene(OURS, model, 640, 480), 30.0, saturated, [part], BARE)


def test_latency_is_that_at_30_hz_and_the_rate_that_at_full_speed() -> None:
    rows = [
        measured('full', 1000 / 30, 22.5, saturated=False),
        measured('full', 20.0, 31.0, saturated=True),
    ]
    line = hardware_line(rows, {**machine(), 'cpu': 'Some CPU', 'cores': 4}, 'jazzy')
    cells = [cell.strip() for cell in line.strip('|').split('|')]
    assert cells[:2] == ['Some CPU', '4']
    assert cells[2].startswith('jazzy, 3.')
    assert cells[-3:] == ['-', '22.5 ms, 50 Hz', '-']
    assert line.count('|') == HEADING.count('|')


def test_the_table_has_the_lines_columns() -> None:
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith('|')]
    assert lines[0] == HEADING
    assert len(lines) >= 3
    assert all(line.count('|') == HEADING.count('|') for line in lines)
