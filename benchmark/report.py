# SPDX-License-Identifier: Apache-2.0
"""Rows, steps and targets in; tables, a CSV and a JSON file and a plot out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import csv
from dataclasses import asdict
from itertools import groupby
import json
import os
from pathlib import Path
import platform
from typing import Any

import matplotlib as mpl
from row import Row
from stage import NODE
from targets import SIZES, Target

mpl.use('Agg')
import matplotlib.pyplot as plt

__all__ = ['machine', 'plot', 'row_table', 'step_table', 'target_table', 'write']

Step = Mapping[str, Any]

COLUMNS = (
    'sent',
    'processed',
    'delivered',
    'rate_hz',
    'latency_ms',
    'latency_p95_ms',
    'latency_p99_ms',
    'arrival_ms',
    'inference_ms',
    'beyond_ms',
    'cpu_ms',
    'rss_mb',
)
BARE_COLUMNS = ('inference_ms', 'rate_hz', 'cpu_ms', 'rss_mb')


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    from importlib.metadata import version  # noqa: PLC0415

    cpu = next(
        (
            line.partition(':')[2].strip()
            for line in Path('/proc/cpuinfo').read_text().splitlines()
            if line.startswith('model name')
        ),
        platform.machine(),
    )
    return {
        'cpu': cpu,
        'cores': os.cpu_count(),
        'kernel': platform.release(),
        'python': platform.python_version(),
        'load_at_start': os.getloadavg()[0],
        **{name: version(name) for name in ('mediapipe', 'numpy', 'rclpy')},
    }


def row_table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        '| scene | camera Hz | '
        + ' | '.join([*COLUMNS, *(f'bare {name}' for name in BARE_COLUMNS), 'throughput'])
        + ' |'
    ]
    lines.append('|' + ' --- |' * (len(COLUMNS) + len(BARE_COLUMNS) + 3))
    for row in rows:
        values = [getattr(row, name) for name in COLUMNS]
        values += [getattr(row.bare, name) for name in BARE_COLUMNS]
        cells = [f'{value:.1f}' if isinstance(value, float) else str(value) for value in values]
        lines.append(
            f'| {_title(row)} | {row.camera_hz:.0f} | '
            + ' | '.join(cells)
            + f' | {row.throughput:.2f} |'
        )
    return '\n'.join(lines)


def _title(row: Row) -> str:
    scene = row.scene
    beside = () if scene.node == NODE else ('beside',)
    parts = [
        scene.node,
        *beside,
        scene.model,
        f'{scene.width}x{scene.height}',
        f'{scene.people} {"person" if scene.people == 1 else "people"}',
    ]
    return ' '.join(parts + ['masks'] * scene.masks + ['everything'] * scene.everything)


def step_table(steps: Sequence[Step]) -> str:
    """Return the steps as Markdown tables; shares are of the landmarks' way, if it is in them."""
    lines = []
    for (width, height), found in groupby(steps, lambda step: (step['width'], step['height'])):
        sized = list(found)
        whole_ms = sum(step['ms'] for step in sized if step['output'] == 'landmarks') or sum(
            step['ms'] for step in sized
        )
        lines += [f'| {width}x{height} | | ms | CPU ms | share |', '|' + ' --- |' * 5]
        lines += [
            f'| {step["output"]} | {step["name"]} | {step["ms"]:.3f} | '
            f'{step["cpu_ms"]:.3f} | {100 * step["ms"] / whole_ms:.1f} % |'
            for step in sized
        ]
        lines.append('')
    return '\n'.join(lines)


def target_table(targets: Sequence[Target]) -> str:
    """Return the targets as a Markdown table."""
    return '\n'.join(
        ['| target | wanted | measured | |', '| --- | --- | --- | --- |', *map(str, targets)]
    )


def write(
    folder: Path,
    name: str,
    rows: Sequence[Row],
    steps: Sequence[Step],
    targets: Sequence[Target],
    about: Mapping[str, Any],
) -> None:
    """Write NAME.csv (the rows), NAME.json (everything) and NAME.png."""
    folder.mkdir(parents=True, exist_ok=True)
    flat = [dict(_flatten(asdict(row))) | {'throughput': row.throughput} for row in rows]
    with (folder / f'{name}.csv').open('w', newline='') as file:
        writer = csv.DictWriter(file, flat[0].keys())
        writer.writeheader()
        writer.writerows(
            {
                key: f'{value:.3f}' if isinstance(value, float) else value
                for key, value in row.items()
            }
            for row in flat
        )
    (folder / f'{name}.json').write_text(
        json.dumps(
            {
                'about': about,
                'rows': flat,
                'steps': steps,
                'targets': [{**asdict(target), 'met': target.met} for target in targets],
            },
            indent=1,
        )
    )
    plot(folder / f'{name}.png', name, rows)


def _flatten(values: Mapping[str, Any], prefix: str = '') -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, '' if key == 'scene' else f'{prefix}{key}_')
        elif not isinstance(value, tuple):
            yield f'{prefix}{key}', value


def plot(path: Path, name: str, rows: Sequence[Row]) -> None:
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


def _draw_latency(axes: Any, rows: Sequence[Row]) -> None:
    rows = sorted(rows, key=lambda row: (row.scene.width, row.scene.node != NODE))
    places = range(len(rows))
    titles = [
        f'{row.scene.width}x{row.scene.height}'
        + ('' if row.scene.node == NODE else f'\n{row.scene.node}')
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
        [row.beyond_ms for row in rows],
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


def _draw_throughput(axes: Any, rows: Sequence[Row]) -> None:
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
