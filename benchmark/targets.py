# SPDX-License-Identifier: Apache-2.0
"""The rows of a run in, what was to be reached and whether it was out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from following import ALONE, FOLLOWED, OUTPUT
from row import Row, Scene
from stage import NODE

__all__ = ['SIZES', 'Target', 'judge']

SIZES = ((640, 480), (1280, 720), (1920, 1080))
BEYOND_MS = {(640, 480): 3.0, (1280, 720): 4.5, (1920, 1080): 7.0}
THROUGHPUT = {'heavy': 0.95, 'full': 0.90, 'lite': 0.85}


@dataclass(frozen=True)
class Target:
    """
    One line.

    :param at_most: whether the limit is an upper one
    """

    text: str
    value: float
    limit: float
    unit: str
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether the limit is kept."""
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    def __str__(self) -> str:
        """Return the line as one of a Markdown table."""
        sign = 'at most' if self.at_most else 'at least'
        return (
            f'| {self.text} | {sign} {self.limit:g}{self.unit} | '
            f'{self.value:.3g}{self.unit} | {"met" if self.met else "NOT MET"} |'
        )


def judge(
    rows: Sequence[Row], endurance: Row, idle_share: float, steps: Sequence[Mapping[str, Any]]
) -> Iterator[Target]:
    """
    Yield all targets that these rows say something about.

    :param endurance: the long row
    :param idle_share: of a core, used by an inactive node
    :param steps: of the micro benchmark
    """
    paced = {row.scene: row for row in rows if not row.saturated and row is not endurance}
    saturated = {row.scene: row for row in rows if row.saturated}
    for everything, factor, text in ((False, 1, 'landmarks only'), (True, 2, 'everything')):
        for size in SIZES:
            row = paced.get(Scene(NODE, 'full', *size, masks=everything, everything=everything))
            if row is None:
                continue
            limit_ms, where = factor * BEYOND_MS[size], f'{text}, full, 30 Hz, {_text(size)}'
            yield Target(
                f'landmarks: latency minus inference, {where}', row.beyond_ms, limit_ms, ' ms'
            )
            if everything:
                last_ms = max(row.mask_ms, row.markers_ms, row.overlay_ms)
                yield Target(
                    f'last output: latency minus inference, {where}',
                    last_ms - row.inference_ms,
                    limit_ms,
                    ' ms',
                )
    for model, share in THROUGHPUT.items():
        row = saturated.get(Scene(NODE, model, *SIZES[0]))
        if row is not None:
            yield Target(
                f'throughput against the bare loop, {model}, {_text(SIZES[0])}',
                row.throughput,
                share,
                '',
                at_most=False,
            )
    for size in SIZES:
        row = paced.get(Scene(NODE, 'full', *size))
        if row is not None:
            yield Target(
                f'frames processed of those sent at 30 Hz, full, {_text(size)}',
                100 * row.processed / row.sent,
                99,
                ' %',
                at_most=False,
            )
    yield from _judge_endurance(endurance)
    row = paced.get(Scene(NODE, 'full', *SIZES[0]))
    if row is not None:
        yield Target(
            'CPU beyond the bare loop, a frame, full, 640x480',
            row.cpu_ms - row.bare.cpu_ms,
            3,
            ' ms',
        )
    yield Target(
        'memory beyond the bare loop', endurance.rss_mb - endurance.bare.rss_mb, 120, ' MB'
    )
    yield Target('inactive node, of a core', 100 * idle_share, 1, ' %')
    two_ms = {step['name']: step['ms'] for step in steps if step['output'] == OUTPUT}
    yield Target(
        'ids, smoothing, positions with depth: added for 2 people, 640x480',
        two_ms[FOLLOWED] - two_ms[ALONE],
        1,
        ' ms',
    )


def _judge_endurance(row: Row) -> Iterator[Target]:
    minutes = row.sent / row.camera_hz / 60
    where = f'{minutes:.2g} min at 30 Hz, full, 640x480'
    yield Target(f'p99 latency by the median, {where}', row.latency_p99_ms / row.latency_ms, 2, '')
    _, *course_ms = row.latency_course_ms
    yield Target(
        f'median latency, last part by the second, {where}', course_ms[-1] / course_ms[0], 1.1, ''
    )
    _, *course_mb = row.rss_course_mb
    yield Target(
        f'memory, growth after the first part, {where}', course_mb[-1] - course_mb[0], 3, ' MB'
    )


def _text(size: tuple[int, int]) -> str:
    return f'{size[0]}x{size[1]}'
