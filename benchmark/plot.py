# SPDX-License-Identifier: Apache-2.0
"""Draws latency at 30 Hz and throughput of the node beside those of the bare loop."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmark.measurement import OURS, Measurement
from benchmark.scenes import SIZES

mpl.use('Agg')
import matplotlib.pyplot as plt

__all__ = ['plot']


def plot(path: Path, name: str, rows: Sequence[Measurement]) -> None:
    """Draw latency at 30 Hz, and throughput, each beside the bare loop's."""
    plain = [row for row in rows if row.scene.people == 1 and not row.scene.masks]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(13, 4.4), width_ratios=(2, 3), layout='constrained'
    )
    figure.suptitle(
        f'pose_ros on {name}: a camera, the node and a subscriber as processes, '
        'beside MediaPipe alone'
    )
    paced = [
        row
        for row in plain
        if not row.saturated and row.scene.model == 'full' and len(row.latency_course_ms) == 1
    ]
    _draw_latency(left, paced)
    _draw_throughput(right, [row for row in plain if row.saturated])
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_latency(axes: Any, rows: Sequence[Measurement]) -> None:
    rows = sorted(rows, key=lambda row: (row.scene.width, row.scene.node != OURS))
    places = range(len(rows))
    titles = [
        f'{row.scene.width}x{row.scene.height}'
        + ('' if row.scene.node == OURS else f'\n{row.scene.node}')
        for row in rows
    ]
    axes.bar(
        [place - 0.2 for place in places],
        [row.bare.inference_ms for row in rows],
        0.36,
        label='MediaPipe alone',
        color='#b0b7bf',
    )
    axes.bar(
        [place + 0.2 for place in places],
        [row.inference_ms for row in rows],
        0.36,
        label='inside the node: MediaPipe',
        color='#0072b2',
    )
    axes.bar(
        [place + 0.2 for place in places],
        [row.overhead_ms for row in rows],
        0.36,
        bottom=[row.inference_ms for row in rows],
        color='#d55e00',
        label='transport, conversion, messages',
    )
    axes.errorbar(
        [place + 0.2 for place in places],
        [row.latency_ms for row in rows],
        [[0] * len(rows), [row.latency_p95_ms - row.latency_ms for row in rows]],
        fmt='none',
        ecolor='black',
        capsize=3,
        label='95th percentile',
    )
    axes.set_xticks(list(places), titles)
    axes.set_ylabel('ms')
    axes.margins(y=0.25)  # for the legend
    axes.set_title('camera stamp to subscriber, 30 Hz, full', fontsize=10)
    axes.legend(fontsize=8)


def _draw_throughput(axes: Any, rows: Sequence[Measurement]) -> None:
    rows = sorted(
        rows, key=lambda row: (SIZES.index((row.scene.width, row.scene.height)), -row.bare.rate_hz)
    )
    places = range(len(rows))
    axes.bar(
        [place - 0.2 for place in places],
        [row.bare.rate_hz for row in rows],
        0.36,
        label='MediaPipe alone',
        color='#b0b7bf',
    )
    bars = axes.bar(
        [place + 0.2 for place in places],
        [row.rate_hz for row in rows],
        0.36,
        label='the node, delivered',
        color='#0072b2',
    )
    axes.bar_label(bars, [f'{100 * row.throughput:.0f} %' for row in rows], fontsize=7)
    axes.set_xticks(
        list(places),
        [f'{row.scene.model}\n{row.scene.width}\nx{row.scene.height}' for row in rows],
        fontsize=7,
    )
    axes.set_ylabel('frames a second')
    axes.margins(y=0.25)  # for the legend
    axes.set_title('camera at twice the rate', fontsize=10)
    axes.legend(fontsize=8)
