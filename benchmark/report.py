# SPDX-License-Identifier: Apache-2.0
"""Writes measurements, steps and targets as Markdown tables, and as CSV and JSON files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
import csv
from dataclasses import asdict, replace
from itertools import groupby
import json
from pathlib import Path
from typing import Any

from benchmark.measurement import OURS, Measurement
from benchmark.scenes import EVERY_OUTPUT
from benchmark.step import Step
from benchmark.targets import Target

__all__ = ['row_table', 'step_table', 'target_table', 'write']

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
    'overhead_ms',
    'cpu_ms',
    'rss_mb',
)
BARE_COLUMNS = ('inference_ms', 'rate_hz', 'cpu_ms', 'rss_mb')


def row_table(rows: Sequence[Measurement]) -> str:
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


def _title(row: Measurement) -> str:
    scene = row.scene
    beside = () if scene.node == OURS else ('beside',)
    parts = [
        scene.node,
        *beside,
        scene.model,
        f'{scene.width}x{scene.height}',
        f'{scene.people} {"person" if scene.people == 1 else "people"}',
    ]
    outputs = [f'with {len(scene.outputs)} outputs'] if scene.outputs else []
    return ' '.join([*parts, *['masks'] * scene.masks, *outputs])


def step_table(steps: Sequence[Step]) -> str:
    """Return the steps as Markdown tables; shares are of the landmarks' way, if it is in them."""
    lines = []
    for (width, height), found in groupby(steps, lambda step: (step.width, step.height)):
        sized = list(found)
        whole_ms = sum(step.ms for step in sized if step.output == 'landmarks') or sum(
            step.ms for step in sized
        )
        lines += [f'| {width}x{height} | | ms | CPU ms | share |', '|' + ' --- |' * 5]
        lines += [
            f'| {step.output} | {step.name} | {step.ms:.3f} | '
            f'{step.cpu_ms:.3f} | {100 * step.ms / whole_ms:.1f} % |'
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
    rows: Sequence[Measurement],
    steps: Sequence[Step],
    targets: Sequence[Target],
    about: Mapping[str, Any],
) -> None:
    """Write NAME.csv (the rows) and NAME.json (everything)."""
    folder.mkdir(parents=True, exist_ok=True)
    flat = [_flat(row) for row in rows]
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
                'steps': [asdict(step) for step in steps],
                'targets': [{**asdict(target), 'met': target.met} for target in targets],
            },
            indent=1,
        )
    )


def _flat(row: Measurement) -> dict[str, Any]:
    """Return the columns of a row; the times of outputs without a subscriber are NaN."""
    outputs_ms = {f'{name}_ms': row.outputs_ms.get(name, float('nan')) for name in EVERY_OUTPUT}
    values = dict(_flatten(asdict(replace(row, outputs_ms={}))))
    return values | outputs_ms | {'throughput': row.throughput}


def _flatten(values: Mapping[str, Any], prefix: str = '') -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, '' if key == 'scene' else f'{prefix}{key}_')
        elif key == 'outputs':
            yield key, ' '.join(value)
        elif not isinstance(value, tuple):
            yield f'{prefix}{key}', value
