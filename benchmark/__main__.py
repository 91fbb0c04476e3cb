# SPDX-License-Identifier: Apache-2.0
"""
The benchmark of the node: `python benchmark` from the project's root.

Two levels: what each step costs by itself, and a camera, the node and a subscriber as processes of
their own, beside MediaPipe alone on the same frames. README.md has a short table of the results.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
import json
import os
from pathlib import Path
import signal
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

from following import INFER
from frames import prepare
from report import machine, row_table, step_table, target_table, write
from row import Row, Scene, middle
from stage import LANDMARKS, LANDMARKS_TYPE, NODE, OUTPUTS, Peer, Stage
from targets import SIZES, judge
from worker import Worker, WorkerError

from pose_ros.models.store import MODELS, ModelError, fetch

HERE = Path(__file__).parent
ENDURED = Scene(NODE, 'full', *SIZES[0])


@dataclass(frozen=True)
class Lengths:
    """
    How long things are measured, in seconds.

    :param rounds: how often what targets are about is measured, spread over the run; the median
        counts
    :param wanted: of the rows that targets are about; half as long before and half as long after,
        the bare loop
    :param other: of all others, likewise
    """

    rounds: int
    wanted: float
    other: float
    endurance: float
    endurance_parts: int
    idle: float


QUICK = Lengths(1, wanted=2.0, other=2.0, endurance=10.0, endurance_parts=4, idle=3.0)
FULL = Lengths(3, wanted=5.0, other=2.0, endurance=300.0, endurance_parts=10, idle=20.0)


def say(text: str) -> None:
    """Print a line of progress."""
    print(f'[bench] {text}', file=sys.stderr, flush=True)


def wanted_scenes(models: list[str]) -> Iterator[Scene]:
    """Yield what targets are about."""
    for size in SIZES:
        yield Scene(NODE, 'full', *size)
    for size in SIZES:
        yield Scene(NODE, 'full', *size, masks=True, everything=True)
    yield from (Scene(NODE, model, *SIZES[0]) for model in models if model != 'full')


def other_scenes(models: list[str]) -> Iterator[Scene]:
    """Yield what else is measured."""
    wanted = set(wanted_scenes(models))
    for size, model, people, masks in product(SIZES, models, (1, 2), (False, True)):
        scene = Scene(NODE, model, *size, people, masks)
        if scene not in wanted:
            yield scene


class Benchmark:
    """
    One run.

    :ivar rows: those measured by now
    :ivar steps: of the micro benchmark, of each of its runs
    """

    def __init__(self, folder: Path, lengths: Lengths, environment: dict[str, str]) -> None:
        """
        Note how to measure.

        :param folder: for frames and logs, empty
        """
        self._folder, self._lengths, self._environment = folder, lengths, environment
        self.rows: list[Row] = []
        self.steps: list[list[dict[str, Any]]] = []

    def measure_steps(self) -> None:
        """Add what each step costs."""
        topics = [{'name': LANDMARKS, 'type': LANDMARKS_TYPE, 'stamp_at': 4}, *OUTPUTS]
        frames = [
            str(prepare(self._folder, *SIZES[0], 2)),
            *(str(prepare(self._folder, *size, 1)) for size in SIZES),
        ]
        with (
            Worker(
                'listener.py',
                [json.dumps(topics)],
                self._folder / 'listener.log',
                self._environment,
            ),
            Worker(
                'micro.py',
                [str(fetch('full')), *frames],
                self._folder / 'micro.log',
                self._environment,
            ) as micro,
        ):
            self.steps.append(micro.ask(120.0))

    def measure(self, scene: Scene, seconds: float, peer: Peer | None = None) -> None:
        """Add the rows of one scene: at 30 Hz and, but for everything, saturated."""
        with Stage(scene, self._folder, self._environment, peer) as stage:
            for rate_hz in (30.0,) if scene.everything else (30.0, None):
                row = stage.measure(seconds, seconds / 2, rate_hz)
                self.rows.append(row)
                say(row_line(row))

    def endure(self) -> tuple[Row, float]:
        """Return a long row, and the share of a core that the inactive node uses."""
        lengths = self._lengths
        with Stage(ENDURED, self._folder, self._environment) as stage:
            row = stage.measure(lengths.endurance, lengths.wanted, 30.0, lengths.endurance_parts)
            say(row_line(row))
            return row, stage.idle(lengths.idle)


def row_line(row: Row) -> str:
    """Return the most important figures of a row."""
    scene = row.scene
    return (
        f'{scene.node} {scene.model} {scene.width}x{scene.height} people {scene.people} '
        f'masks {scene.masks:d} everything {scene.everything:d} '
        f'camera {row.camera_hz:.0f} Hz: {row.processed}/{row.sent} frames, '
        f'{row.latency_ms:.1f} ms, {row.beyond_ms:.2f} beyond inference, '
        f'throughput {row.throughput:.2f} of bare'
    )


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog='benchmark', description=__doc__)
    parser.add_argument('--quick', action='store_true', help='end within 3 minutes')
    parser.add_argument(
        '--name',
        default=os.environ.get('ROS_DISTRO', 'results'),
        help='of the files with the results: the ROS 2 distro',
    )
    parser.add_argument('--output', type=Path, default=HERE / 'results')
    peer = parser.add_argument_group(
        'another node beside ours',
        'any node that publishes one message with a header for each image on /camera/image_raw',
    )
    peer.add_argument('--peer-command', help='that starts it, for the shell')
    peer.add_argument('--peer-topic', help='of its messages')
    peer.add_argument('--peer-type', help='of its messages: package/msg/Type')
    parsed = parser.parse_args()
    given = [bool(each) for each in (parsed.peer_command, parsed.peer_topic, parsed.peer_type)]
    if any(given) and not all(given):
        parser.error('--peer-command, --peer-topic and --peer-type belong together')
    return parsed


def available_models() -> list[str]:
    """Return the names of the models that can be had, cheapest first."""
    found = []
    for name in MODELS:
        try:
            fetch(name)
            found.append(name)
        except ModelError as error:
            say(f'without {name}: {error}')
    return found


def main() -> int:
    """Run, print and write."""
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process is left behind
    environment = {
        # Up to 101, Fast DDS's ports stay clear of Linux's ephemeral ones.
        'ROS_DOMAIN_ID': str(1 + os.getpid() % 100),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }
    about, begin_s = machine(), time.monotonic()
    with TemporaryDirectory() as folder:
        lengths, models = QUICK if options.quick else FULL, available_models()
        benchmark = Benchmark(Path(folder), lengths, environment)
        others = [] if options.quick else list(other_scenes(models))
        try:
            for number in range(lengths.rounds):
                benchmark.measure_steps()
                for scene in wanted_scenes(models):
                    benchmark.measure(scene, lengths.wanted)
                for scene in others[number :: lengths.rounds]:
                    benchmark.measure(scene, lengths.other)
            endurance, idle_share = benchmark.endure()
            if options.peer_command:
                peer = Peer(options.peer_topic, options.peer_type, options.peer_command)
                for size in SIZES:
                    benchmark.measure(Scene(peer.topic, 'full', *size), lengths.other, peer)
        except WorkerError as error:
            say(f'FAILED: {error}')
            return 1
    bare_ms = [row.bare.inference_ms for row in benchmark.rows if row.scene == ENDURED]
    say(
        f'MediaPipe alone took {min(bare_ms):.1f} to {max(bare_ms):.1f} ms for the same frames: '
        'the nearer, the quieter was the machine'
    )
    rows = [*middle(benchmark.rows), endurance]
    steps = sorted(
        benchmark.steps, key=lambda each: sum(step['ms'] for step in each if step['name'] == INFER)
    )[len(benchmark.steps) // 2]
    targets = list(judge(rows, endurance, idle_share, steps))
    write(options.output, options.name, rows, steps, targets, {**about, 'bare_ms': bare_ms})
    print(row_table(rows), step_table(steps), target_table(targets), sep='\n\n')
    say(
        f'{(time.monotonic() - begin_s) / 60:.1f} minutes; '
        f'results in {options.output}/{options.name}.csv, .json and .png'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
