# SPDX-License-Identifier: Apache-2.0
"""Lists the scenes that the benchmark measures, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from benchmark.measurement import OURS, Scene
from benchmark.topics import LAZY_TOPICS

__all__ = [
    'ENDURANCE',
    'EVERY_OUTPUT',
    'FULL',
    'QUICK',
    'SIZES',
    'TARGETED_OUTPUTS',
    'Lengths',
    'other_scenes',
    'targeted_scenes',
]

SIZES = ((640, 480), (1280, 720), (1920, 1080))
TARGETED_OUTPUTS = ('mask', 'markers', 'overlay')  # the targets were set for these
EVERY_OUTPUT = tuple(LAZY_TOPICS)
ENDURANCE = Scene(OURS, 'full', *SIZES[0])


@dataclass(frozen=True)
class Lengths:
    """
    How long things are measured, in seconds.

    The bare loop takes half as long before a measurement, and half as long after it.

    :param rounds: how often a scene with a target is measured; the rounds are spread over the
        whole run, and the median counts
    :param targeted: for each scene with a target
    :param other: for each other scene
    :param compared: for each node, in each round of a comparison with peers
    :param comparisons: how many rounds a comparison with peers has
    :param endurance: for the one long measurement
    :param endurance_parts: into how many parts that is divided
    :param idle: for the inactive node
    """

    rounds: int
    targeted: float
    other: float
    compared: float
    comparisons: int
    endurance: float
    endurance_parts: int
    idle: float


QUICK = Lengths(
    rounds=1,
    targeted=2.0,
    other=2.0,
    compared=2.0,
    comparisons=3,
    endurance=10.0,
    endurance_parts=4,
    idle=3.0,
)
FULL = Lengths(
    rounds=3,
    targeted=5.0,
    other=2.0,
    compared=3.0,
    comparisons=10,
    endurance=300.0,
    endurance_parts=10,
    idle=20.0,
)


def targeted_scenes(models: Sequence[str]) -> Iterator[Scene]:
    """Yield the scenes with a target."""
    for size in SIZES:
        yield Scene(OURS, 'full', *size)
    for size in SIZES:
        yield Scene(OURS, 'full', *size, masks=True, outputs=TARGETED_OUTPUTS)
    yield from (Scene(OURS, model, *SIZES[0]) for model in models if model != 'full')


def other_scenes(models: Sequence[str]) -> Iterator[Scene]:
    """Yield the scenes without a target."""
    targeted = set(targeted_scenes(models))
    for size in SIZES:
        yield Scene(OURS, 'full', *size, masks=True, outputs=EVERY_OUTPUT)
    for size, model, people, masks in product(SIZES, models, (1, 2), (False, True)):
        scene = Scene(OURS, model, *size, people, masks)
        if scene not in targeted:
            yield scene
