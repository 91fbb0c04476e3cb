# SPDX-License-Identifier: Apache-2.0
"""
Measures nodes beside one another, in short rounds in which they take turns.

All of them run at the same time, each in a ROS domain of its own with its own camera, and only one
of them has images. So a slow moment of the machine meets all of them. They are started again after
every few rounds, because one process can be slower than another of the same program for as long as
it lives: its memory may lie badly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import median, quantiles

from benchmark.measurement import OURS, Measurement, Scene
from benchmark.scene_run import Peer, SceneRun

__all__ = ['RATES_HZ', 'Difference', 'compare', 'comparison_table', 'differences']

RATES_HZ = (30.0, None)  # of the camera; None: more than the node can take
ROUNDS_OF_A_PROCESS = 2

# Of a normal distribution, in standard deviations: the distance of its quartiles, and the standard
# error of the median of n values times the square root of n.
QUARTILES_APART, MEDIAN_ERROR = 1.349, 1.253


@dataclass(frozen=True)
class Difference:
    """
    How a node did beside ours: medians over all rounds, which a slow moment does not shift.

    :param latency_ms: stamp to subscriber, of the median frame of a round
    :param later_ms: its latency minus ours in the same round
    :param later_error_ms: standard error of that
    :param rate_hz: results a second
    :param rate_ratio: its rate by ours in the same round
    :param rate_ratio_error: standard error of that
    :param throughput: its rate by that of the bare loop around it
    :param cpu_ms: of the node's process a frame
    """

    node: str
    width: int
    height: int
    saturated: bool
    latency_ms: float
    later_ms: float
    later_error_ms: float
    rate_hz: float
    rate_ratio: float
    rate_ratio_error: float
    throughput: float
    cpu_ms: float


def compare(
    folder: Path,
    environment: dict[str, str],
    size: tuple[int, int],
    peers: Sequence[Peer],
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> list[Measurement]:
    """
    Measure our node and its peers with model full, at each of RATES_HZ.

    :param folder: for films and logs
    :param environment: of the processes; the first domain is its ROS_DOMAIN_ID
    :param seconds: of each measurement
    :param say: prints a line of progress
    :raises WorkerError: when a process fails
    """
    measured: list[Measurement] = []
    for begin in range(0, rounds, ROUNDS_OF_A_PROCESS):
        with ExitStack() as stack:
            runs = []
            for number, peer in enumerate((None, *peers)):
                scene = Scene(peer.topic.name if peer else OURS, 'full', *size)
                domain = 1 + (int(environment['ROS_DOMAIN_ID']) + number) % 101
                own = {**environment, 'ROS_DOMAIN_ID': str(domain)}
                runs.append(stack.enter_context(SceneRun(scene, folder, own, peer)))
            for number in range(begin, min(begin + ROUNDS_OF_A_PROCESS, rounds)):
                for rate_hz in RATES_HZ:
                    # Each is as often the first as the last.
                    order = runs if number % 2 else runs[::-1]
                    measured += [run.measure(seconds, seconds / 4, rate_hz) for run in order]
                say(f'{size[0]}x{size[1]}: round {number + 1} of {rounds}')
    return measured


def differences(measured: Sequence[Measurement]) -> Iterator[Difference]:
    """Yield how each node did beside ours, by size and rate."""
    found: dict[tuple[str, int, int, bool], list[Measurement]] = {}
    for row in measured:
        key = (row.scene.node, row.scene.width, row.scene.height, row.saturated)
        found.setdefault(key, []).append(row)
    for (node, width, height, saturated), rows in found.items():
        ours = found[OURS, width, height, saturated]
        later_ms = [row.latency_ms - our.latency_ms for row, our in zip(rows, ours, strict=True)]
        ratios = [row.rate_hz / our.rate_hz for row, our in zip(rows, ours, strict=True)]
        yield Difference(
            node,
            width,
            height,
            saturated,
            median(row.latency_ms for row in rows),
            median(later_ms),
            _standard_error(later_ms),
            median(row.rate_hz for row in rows),
            median(ratios),
            _standard_error(ratios),
            median(row.throughput for row in rows),
            median(row.cpu_ms for row in rows),
        )


def comparison_table(found: Sequence[Difference]) -> str:
    """Return the differences as a Markdown table."""
    lines = [
        '| size | camera | node | latency, ms | later than ours, ms | results a second '
        '| of our rate | of the bare loop | CPU a frame, ms |',
        '|' + ' --- |' * 9,
    ]
    lines += [
        f'| {row.width}x{row.height} | {"saturated" if row.saturated else "30 Hz"} | {row.node} '
        f'| {row.latency_ms:.1f} | {row.later_ms:+.2f} ± {row.later_error_ms:.2f} '
        f'| {row.rate_hz:.1f} | {row.rate_ratio:.3f} ± {row.rate_ratio_error:.3f} '
        f'| {row.throughput:.3f} | {row.cpu_ms:.1f} |'
        for row in sorted(found, key=lambda row: (row.width, row.saturated))
    ]
    return '\n'.join(lines)


def _standard_error(values: Sequence[float]) -> float:
    """Return the standard error of a median, estimated from the quartiles."""
    if len(values) < 4:
        return float('nan')
    low, _, high = quantiles(values, n=4)
    return MEDIAN_ERROR * (high - low) / QUARTILES_APART / sqrt(len(values))
