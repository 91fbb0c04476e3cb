# SPDX-License-Identifier: Apache-2.0
"""Measures the scenes of the benchmark, in rounds that are spread over the whole run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
import json
import os
from pathlib import Path
import sys

from benchmark.comparison import compare
from benchmark.film import prepare
from benchmark.footprint import Footprint, Measured, median_of, own_node
from benchmark.footprint_run import FootprintRun
from benchmark.measurement import Measurement, Scene
from benchmark.processes import Worker
from benchmark.scene_run import Peer, SceneRun
from benchmark.scenes import (
    ENDURANCE,
    SIZES,
    Lengths,
    other_scenes,
    targeted_scenes,
)
from benchmark.step import INFER, Step
from benchmark.topics import LANDMARKS_TOPIC, LAZY_TOPICS
from pose_ros.models.store import MODELS, ModelError, fetch
from simulation.ros_domain import free_domain

__all__ = ['BenchmarkRun', 'available_models', 'ros_environment', 'say']

STEPS_TIMEOUT_S = 180.0


def say(text: str) -> None:
    """Print a line of progress."""
    print(f'[bench] {text}', file=sys.stderr, flush=True)


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


def ros_environment() -> dict[str, str]:
    """Return the environment of processes in a ROS domain that nobody else uses."""
    return {
        'ROS_DOMAIN_ID': str(free_domain()),
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


class BenchmarkRun:
    """
    One run of the benchmark.

    :ivar rows: what was measured of the scenes by now
    :ivar endurance: the long measurement; None before it
    :ivar idle_share: of a core, used by the inactive node
    :ivar footprints: what nodes need, by now
    :ivar compared: what was measured in comparison with other nodes by now
    :ivar load_at_start: the machine's load before the run
    """

    def __init__(self, folder: Path, lengths: Lengths, models: Sequence[str]) -> None:
        """
        Note how to measure.

        :param folder: for films and logs, empty
        """
        self._folder, self._lengths, self._models = folder, lengths, models
        self._environment = ros_environment()
        self._steps: list[list[Step]] = []
        self.load_at_start = os.getloadavg()[0]
        self.rows: list[Measurement] = []
        self.endurance: Measurement | None = None
        self.idle_share = 0.0
        self.footprints: list[Measured] = []
        self.compared: list[Measurement] = []

    def measure(self, with_others: bool) -> None:
        """
        Measure steps, scenes and endurance.

        :param with_others: also the scenes without a target
        :raises WorkerError: when a process fails
        """
        rounds = self._lengths.rounds
        others = list(other_scenes(self._models)) if with_others else []
        for number in range(rounds):
            self._measure_steps()
            for scene in targeted_scenes(self._models):
                self._measure_scene(scene, self._lengths.targeted)
            for scene in others[number::rounds]:
                self._measure_scene(scene, self._lengths.other)
        self._measure_endurance()

    def measure_footprints(self, nodes: Sequence[Path], rounds: int) -> None:
        """
        Measure what nodes need, at the two smaller sizes; they take turns.

        :param nodes: executables `pose_node`
        :raises WorkerError: when a process fails
        """
        for size in SIZES[:2]:
            found: dict[Path, list[Footprint]] = {node: [] for node in nodes}
            with FootprintRun(
                size, self._folder, self._environment, self._lengths.targeted
            ) as run:
                for number in range(rounds):
                    for node in nodes if number % 2 else nodes[::-1]:
                        found[node].append(run.measure(node))
                    say(f'footprint, {size[0]}x{size[1]}: round {number + 1} of {rounds}')
            self.footprints += [
                Measured(size, is_own=node == own_node(), footprint=median_of(each))
                for node, each in found.items()
            ]

    def compare(self, peers: Sequence[Peer], rounds: int) -> None:
        """
        Measure our node and its peers beside one another, at all sizes.

        :raises WorkerError: when a process fails
        """
        seconds = self._lengths.compared
        for size in SIZES:
            self.compared += compare(
                self._folder, self._environment, size, peers, rounds, seconds, say
            )

    def median_steps(self) -> list[Step]:
        """Return the steps of the round whose inference took the median time."""

        def infer_ms(steps: list[Step]) -> float:
            return sum(step.ms for step in steps if step.name == INFER)

        return sorted(self._steps, key=infer_ms)[len(self._steps) // 2]

    def _measure_steps(self) -> None:
        topics = [asdict(topic) for topic in (LANDMARKS_TOPIC, *LAZY_TOPICS.values())]
        films = [
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
                'step_costs.py',
                [str(fetch('full')), *films],
                self._folder / 'step_costs.log',
                self._environment,
            ) as worker,
        ):
            self._steps.append([Step(**step) for step in worker.ask(STEPS_TIMEOUT_S)])

    def _measure_scene(self, scene: Scene, seconds: float) -> None:
        """Add one scene's measurements: at 30 Hz and, with the landmarks alone, saturated."""
        with SceneRun(scene, self._folder, self._environment) as run:
            for rate_hz in (30.0,) if scene.outputs else (30.0, None):
                self.rows.append(run.measure(seconds, seconds / 2, rate_hz))
                say(_line(self.rows[-1]))

    def _measure_endurance(self) -> None:
        lengths = self._lengths
        with SceneRun(ENDURANCE, self._folder, self._environment) as run:
            self.endurance = run.measure(
                lengths.endurance, lengths.targeted, 30.0, lengths.endurance_parts
            )
            say(_line(self.endurance))
            self.idle_share = run.idle(lengths.idle)


def _line(row: Measurement) -> str:
    """Return the most important figures of a measurement."""
    scene = row.scene
    return (
        f'{scene.node} {scene.model} {scene.width}x{scene.height} people {scene.people} '
        f'masks {scene.masks:d} outputs {len(scene.outputs)} '
        f'camera {row.camera_hz:.0f} Hz: {row.processed}/{row.sent} frames, '
        f'{row.latency_ms:.1f} ms, {row.overhead_ms:.2f} beyond inference, '
        f'throughput {row.throughput:.2f} of bare'
    )
