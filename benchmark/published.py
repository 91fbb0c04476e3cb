# SPDX-License-Identifier: Apache-2.0
"""Makes the tables of README.md and docs/ from the results of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
import json
from pathlib import Path
from typing import Any

from benchmark.step import TWO_PEOPLE

__all__ = [
    'people_by_height',
    'people_targets',
    'room_positions',
    'steps',
    'summary',
    'targets',
    'two_people_steps',
]

RESULTS = Path(__file__).parent / 'results'
DISTROS = ('jazzy', 'kilted')
SIZES = ((640, 480), (1280, 720), (1920, 1080))
MODELS = ('lite', 'full', 'heavy')
EVERYTHING = 'mask markers overlay'

Results = Mapping[str, Any]
Row = Mapping[str, Any]
Size = tuple[int, int]  # width and height in pixels


def _results(distro: str) -> Results:
    found: Results = json.loads((RESULTS / f'{distro}.json').read_text())
    return found


def _written(name: str, heading: str) -> str:
    """Return the table of a file of results whose head names a column."""
    parts = (part.strip() for part in (RESULTS / name).read_text().split('\n\n'))
    return next(part for part in parts if f'| {heading} |' in part.partition('\n')[0])


def people_targets() -> str:
    """Return what `make bench-people` found beside what was wanted."""
    return _written('people.md', 'wanted with `windows`')


def people_by_height() -> str:
    """Return the recall by height that `make bench-people` found."""
    return _written('people.md', '10-15 %')


def room_positions() -> str:
    """Return how accurate `make bench-accuracy` found positions from `camera_info` alone."""
    return _written('accuracy.md', 'error of distance, median of the cameras')


def summary() -> str:
    """Return the table of README.md: what matters to a user, by size of the image, Jazzy."""
    rows = _results(DISTROS[0])['rows']

    def line(text: str, value: Callable[[Size], float], form: str = '.1f') -> list[str]:
        return [text, *(f'{value(size):{form}}' for size in SIZES)]

    def paced(name: str, size: Size, outputs: str = '') -> float:
        return float(_row(rows, 'full', size, outputs)[name])

    def processed(size: Size) -> float:
        return paced('processed', size) / paced('sent', size)

    def throughput(model: str, size: Size) -> float:
        return float(_row(rows, model, size, saturated=True)['throughput'])

    shares = 'share of the rate of MediaPipe alone'
    return _markdown(
        [
            ['', *map(_size, SIZES)],
            line('MediaPipe alone, full, ms', partial(paced, 'bare_inference_ms')),
            line(
                "30 Hz: header stamp to subscriber's callback, median, ms",
                partial(paced, 'latency_ms'),
            ),
            line('overhead: that latency minus inference, ms', partial(paced, 'overhead_ms')),
            line(
                'overhead with mask, markers and overlay subscribed, ms',
                partial(paced, 'overhead_ms', outputs=EVERYTHING),
            ),
            line('share of the frames that is processed at 30 Hz', processed, '.0%'),
            *(
                line(
                    f"camera at twice the node's rate, {model}: {shares}",
                    partial(throughput, model),
                    '.0%',
                )
                for model in MODELS
            ),
        ]
    )


def targets() -> str:
    """Return the table of targets, and what was measured on each distro."""
    found = {
        distro: {each['text']: each for each in _results(distro)['targets']} for distro in DISTROS
    }
    table = [['Target', 'Wanted', *(distro.capitalize() for distro in DISTROS)]]
    for text in dict.fromkeys(text for each in found.values() for text in each):
        known = next(each[text] for each in found.values() if text in each)
        sign = 'at most' if known['at_most'] else 'at least'
        table.append(
            [
                text,
                f'{sign} {known["limit"]:g}{known["unit"]}',
                *(_measured(found[distro].get(text)) for distro in DISTROS),
            ]
        )
    return _markdown(table)


def steps() -> str:
    """Return the table of what each step costs for one person, by size of the image, Jazzy."""
    found: dict[tuple[str, str], dict[Size, float]] = {}
    for step in _results(DISTROS[0])['steps']:
        if step['output'] != TWO_PEOPLE:
            of_step = found.setdefault((step['output'], step['name']), {})
            of_step[step['width'], step['height']] = step['ms']
    lines = [
        [*names, *(f'{by_size[size]:.3f}' if size in by_size else '' for size in SIZES)]
        for names, by_size in found.items()
    ]
    return _markdown([['For', 'Step', *map(_size, SIZES)], *lines])


def two_people_steps() -> str:
    """Return the table of what two people cost at 640x480, Jazzy."""
    found = [each for each in _results(DISTROS[0])['steps'] if each['output'] == TWO_PEOPLE]
    return _markdown([['Step', 'ms'], *([each['name'], f'{each["ms"]:.2f}'] for each in found)])


def _row(
    rows: Iterable[Row], model: str, size: Size, outputs: str = '', saturated: bool = False
) -> Row:
    """Return the first row of a scene with one person; the long one is the last of its scene."""
    return next(
        row
        for row in rows
        if (row['model'], row['width'], row['height']) == (model, *size)
        and (row['outputs'], row['saturated'], row['people']) == (outputs, saturated, 1)
        and row['masks'] == bool(outputs)
    )


def _measured(target: Mapping[str, Any] | None) -> str:
    if target is None:
        return ''
    verdict = 'met' if target['met'] else '**not met**'
    return f'{target["value"]:.3g}{target["unit"]} {verdict}'


def _size(size: Size) -> str:
    return '{}x{}'.format(*size)


def _markdown(table: list[list[str]]) -> str:
    lines = [table[0], ['---'] * len(table[0]), *table[1:]]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)
