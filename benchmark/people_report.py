# SPDX-License-Identifier: Apache-2.0
"""Makes tables and a plot of whom a search found in labelled videos, and at what cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from benchmark.people_runs import Run
from simulation.matching import Sighting

mpl.use('Agg')
import matplotlib.pyplot as plt

__all__ = ['Cost', 'height_table', 'is_crowd', 'plot', 'run_table', 'target_table']

# Edges of the classes of height, as fractions of the picture's height.
HEIGHTS = 0.1, 0.15, 0.2, 0.25, 0.35, 0.6
NEAR, ROOM = (1, 2), 'multi_'  # ids of the people who are near in the recordings of three people
SEARCHES = 'image', 'windows'
COLORS = {'lite': '#009e73', 'full': '#0072b2', 'heavy': '#d55e00'}


@dataclass(frozen=True)
class Cost:
    """CPU milliseconds a frame with one near person: image with num_poses 1, and windows."""

    model: str
    image_ms: float
    windows_ms: float


def is_crowd(run: Run) -> bool:
    """Return whether the video was made of several recordings."""
    return run.video.startswith('crowd')


def run_table(runs: Sequence[Run]) -> str:
    """Return one row for each video, model and search."""
    lines = [
        '| video | model | search | people | recall | precision | id switches | CPU ms | ms |',
        '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ]
    for each in sorted(runs, key=lambda each: each.video):
        judgement = each.judgement
        lines.append(
            f'| {each.video} | {each.model} | {each.search} | {len(judgement.sightings)} | '
            f'{judgement.recall():.2f} | {judgement.precision:.2f} | {each.switches} | '
            f'{each.cpu_ms:.1f} | {each.wall_ms:.1f} |'
        )
    return '\n'.join(lines)


def height_table(runs: Sequence[Run]) -> str:
    """Return the recall by height, for each model and search; recordings and crowds together."""
    names = [f'{100 * low:g}-{100 * high:g} %' for low, high in pairwise(HEIGHTS)]
    lines = [
        f'| model | search | {" | ".join(names)} | CPU ms |',
        '| --- ' * (len(names) + 3) + '|',
    ]
    for model, search, group in _groups(runs):
        cells = ['-' if not count else f'{recall:.2f}' for count, recall in _by_height(group)]
        cpu_ms = _mean_ms([each for each in group if not is_crowd(each)])
        lines.append(f'| {model} | {search} | {" | ".join(cells)} | {cpu_ms:.1f} |')
    counts = [str(count) for count, _ in _by_height(next(_groups(runs))[2])]
    lines.append(f'| | people | {" | ".join(counts)} | |')
    return '\n'.join(lines)


def target_table(runs: Sequence[Run], costs: Sequence[Cost]) -> str:
    """Return what was wanted of windows beside what was measured, for each model."""
    rows: list[tuple[str, Callable[[Sequence[Run]], float], str]] = [
        ('walk: frames with both people found', _walk, 'at least 0.95'),
        ('room, four cameras: recall of the two who are near', _near, 'at least 0.95'),
        ('room, four cameras: recall of all three', _all_three, 'at least 0.80'),
        ('precision, all recordings', _precision, 'at least 0.97'),
        ('id switches, all recordings', _switches, 'at most 2'),
    ]
    groups = [(m, s, [r for r in g if not is_crowd(r)]) for m, s, g in _groups(runs)]
    heads = [f'{model}, {search}' for model, search, _ in groups]
    lines = [
        f'| | wanted with `windows` | {" | ".join(heads)} |',
        '| --- ' * (2 + len(heads)) + '|',
    ]
    for text, measure, wanted in rows:
        cells = [_number(measure(group)) for _, _, group in groups]
        lines.append(f'| {text} | {wanted} | {" | ".join(cells)} |')
    ratios = {each.model: each.windows_ms / each.image_ms for each in costs}
    cells = ['1' if s == 'image' else _number(ratios.get(m, float('nan'))) for m, s, _ in groups]
    text = 'cost with one near person, over `image` with num_poses 1'
    lines.append(f'| {text} | at most 1.3 | {" | ".join(cells)} |')
    return '\n'.join(lines)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f'{value:.2f}'


def _walk(runs: Sequence[Run]) -> float:
    return next(
        (each.judgement.frames_with_all() for each in runs if each.video == 'walk'), float('nan')
    )


def _near(runs: Sequence[Run]) -> float:
    return _recall(runs, lambda each: each.label.person in NEAR)


def _all_three(runs: Sequence[Run]) -> float:
    return _recall(runs, lambda _: True)


def _recall(runs: Sequence[Run], wanted: Callable[[Sighting], bool]) -> float:
    found = [
        sighting.found is not None
        for each in runs
        if each.video.startswith(ROOM)
        for sighting in each.judgement.sightings
        if wanted(sighting)
    ]
    return float(np.mean(found)) if found else float('nan')


def _precision(runs: Sequence[Run]) -> float:
    right = sum(s.found is not None for each in runs for s in each.judgement.sightings)
    wrong = sum(len(each.judgement.wrong) for each in runs)
    return right / max(right + wrong, 1)


def _switches(runs: Sequence[Run]) -> int:
    return sum(each.switches for each in runs)


def _groups(runs: Sequence[Run]) -> Iterator[tuple[str, str, list[Run]]]:
    for model in dict.fromkeys(each.model for each in runs):
        for search in SEARCHES:
            if group := [each for each in runs if (each.model, each.search) == (model, search)]:
                yield model, search, group


def _by_height(runs: Sequence[Run]) -> list[tuple[int, float]]:
    rows = []
    for low, high in pairwise(HEIGHTS):
        found = [
            sighting.found is not None
            for each in runs
            for sighting in each.judgement.sightings
            if low <= sighting.height < high
        ]
        rows.append((len(found), float(np.mean(found)) if found else float('nan')))
    return rows


def _mean_ms(runs: Sequence[Run]) -> float:
    return float(
        np.average([each.cpu_ms for each in runs], weights=[each.frames for each in runs])
    )


def plot(path: Path, runs: Sequence[Run]) -> None:
    """Draw recall by height, and CPU time a frame, of both searches."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(11, 4), width_ratios=(3, 2), layout='constrained'
    )
    _draw_recall(left, runs)
    _draw_cost(right, runs)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_recall(axes: Any, runs: Sequence[Run]) -> None:
    places = range(len(HEIGHTS) - 1)
    for model, search, group in _groups(runs):
        axes.plot(
            places,
            [recall for _, recall in _by_height(group)],
            marker='o',
            color=COLORS[model],
            linestyle='-' if search == 'windows' else ':',
            label=f'{model}, {search}',
        )
    axes.set_xticks(list(places), [f'{100 * a:g}-{100 * b:g}' for a, b in pairwise(HEIGHTS)])
    axes.set_xlabel("height of the person, per cent of the picture's")
    axes.set_ylabel('share found')
    axes.set_ylim(-0.03, 1.03)
    axes.set_title('recall', fontsize=10)
    axes.legend(fontsize=8)


def _draw_cost(axes: Any, runs: Sequence[Run]) -> None:
    groups = [(m, s, [r for r in g if not is_crowd(r)]) for m, s, g in _groups(runs)]
    bars = axes.bar(
        range(len(groups)),
        [_mean_ms(group) for _, _, group in groups],
        color=[COLORS[model] if s == 'windows' else '#b0b7bf' for model, s, _ in groups],
    )
    axes.bar_label(bars, fmt='%.0f', fontsize=8)
    axes.set_xticks(range(len(groups)), [f'{model}\n{search}' for model, search, _ in groups])
    axes.tick_params(axis='x', labelsize=8)
    axes.set_ylabel('ms')
    axes.set_title('CPU time a frame, recordings', fontsize=10)
