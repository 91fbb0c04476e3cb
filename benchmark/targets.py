# SPDX-License-Identifier: Apache-2.0
"""Checks the measurements of a run against the targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmark.comparison import Difference
from benchmark.footprint import Measured
from benchmark.measurement import OURS, Measurement, Scene
from benchmark.scenes import SIZES, TARGETED_OUTPUTS
from benchmark.step import ALONE, FOLLOWED, TWO_PEOPLE, Step

__all__ = ['Target', 'check_beside_plain', 'check_footprints', 'check_targets']

OVERHEAD_MS = {(640, 480): 3.0, (1280, 720): 4.5, (1920, 1080): 7.0}
THROUGHPUT = {'heavy': 0.95, 'full': 0.90, 'lite': 0.85}


@dataclass(frozen=True)
class Target:
    """
    One target, and what was measured.

    :param limit: in the unit of `value`
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


def check_targets(
    rows: Sequence[Measurement],
    endurance: Measurement,
    idle_share: float,
    steps: Sequence[Step],
) -> Iterator[Target]:
    """
    Yield all targets that these measurements say something about.

    :param endurance: the long measurement
    :param idle_share: of a core, used by an inactive node
    :param steps: what each step costs
    """
    paced = {row.scene: row for row in rows if not row.saturated and row is not endurance}
    saturated = {row.scene: row for row in rows if row.saturated}
    yield from _check_latency(paced)
    yield from _check_throughput(saturated)
    yield from _check_frames(paced)
    yield from _check_endurance(endurance)
    row = paced.get(Scene(OURS, 'full', *SIZES[0]))
    if row is not None:
        text = 'CPU beyond the bare loop, a frame, full, 640x480'
        yield Target(text, row.cpu_ms - row.bare.cpu_ms, 3, ' ms')
    beyond_mb = endurance.rss_mb - endurance.bare.rss_mb
    yield Target('memory beyond the bare loop', beyond_mb, 120, ' MB')
    yield Target('inactive node, of a core', 100 * idle_share, 1, ' %')
    two_ms = {step.name: step.ms for step in steps if step.output == TWO_PEOPLE}
    text = 'ids, smoothing, positions with depth: added for 2 people, 640x480'
    yield Target(text, two_ms[FOLLOWED] - two_ms[ALONE], 1, ' ms')


def check_beside_plain(found: Sequence[Difference]) -> Iterator[Target]:
    """
    Yield the targets that compare our node with the plainest one.

    :param found: how the plain node did
    """
    for row in found:
        where = f'full, {_text((row.width, row.height))}'
        if row.saturated:
            text = f"throughput against the plain node's, {where}"
            yield Target(text, 1 / row.rate_ratio, 1, '', at_most=False)
        else:
            text = f"landmarks earlier than the plain node's, 30 Hz, {where}"
            yield Target(text, row.later_ms, 0, ' ms', at_most=False)


def check_footprints(found: Sequence[Measured]) -> Iterator[Target]:
    """Yield the targets that masks have in the node that is installed here."""
    for each in found:
        if each.is_own:
            where, footprint = f'full, {_text(each.size)}', each.footprint
            text = f'masks that nobody subscribes to: CPU a frame by that without, {where}'
            yield Target(text, footprint.unheard_ms / footprint.alone_ms, 1.03, '')
            text = f'frames lost while a subscriber to masks comes and goes, {where}'
            yield Target(text, footprint.lost, 0, '')


def _check_latency(paced: Mapping[Scene, Measurement]) -> Iterator[Target]:
    for outputs, factor, text in (((), 1, 'landmarks only'), (TARGETED_OUTPUTS, 2, 'everything')):
        for size in SIZES:
            row = paced.get(Scene(OURS, 'full', *size, masks=bool(outputs), outputs=outputs))
            if row is None:
                continue
            limit_ms, where = factor * OVERHEAD_MS[size], f'{text}, full, 30 Hz, {_text(size)}'
            text_landmarks = f'landmarks: latency minus inference, {where}'
            yield Target(text_landmarks, row.overhead_ms, limit_ms, ' ms')
            if outputs:
                last_ms = max(row.outputs_ms.values()) - row.inference_ms
                yield Target(
                    f'last output: latency minus inference, {where}', last_ms, limit_ms, ' ms'
                )


def _check_throughput(saturated: Mapping[Scene, Measurement]) -> Iterator[Target]:
    for model, share in THROUGHPUT.items():
        row = saturated.get(Scene(OURS, model, *SIZES[0]))
        if row is not None:
            text = f'throughput against the bare loop, {model}, {_text(SIZES[0])}'
            yield Target(text, row.throughput, share, '', at_most=False)


def _check_frames(paced: Mapping[Scene, Measurement]) -> Iterator[Target]:
    for size in SIZES:
        row = paced.get(Scene(OURS, 'full', *size))
        if row is not None:
            text = f'frames processed of those sent at 30 Hz, full, {_text(size)}'
            yield Target(text, 100 * row.processed / row.sent, 99, ' %', at_most=False)


def _check_endurance(row: Measurement) -> Iterator[Target]:
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
