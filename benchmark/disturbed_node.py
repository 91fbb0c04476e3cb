# SPDX-License-Identifier: Apache-2.0
"""
Runs a node that finds two people, with a subscriber to every output, and disturbs it.

The disturbances are those of a robot's life: parameters, transitions, a camera that starts again,
stamps that jump back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from itertools import cycle
import json
from pathlib import Path
import sys
import time
from typing import Any

from lifecycle_msgs.msg import Transition
import numpy as np

from benchmark.benchmark_run import ros_environment
from benchmark.film import prepare
from benchmark.processes import Process, Worker
from benchmark.scenes import SIZES
from benchmark.soak_findings import Sample
from benchmark.topics import IMAGES, LANDMARKS_TOPIC, LAZY_TOPICS, NODE_NAME
from benchmark.usage import resources
from pose_ros.models.store import fetch

__all__ = ['DisturbedNode']

RATE_HZ = 10.0
MOMENT_S = 1.0  # with images, in the middle of a disturbance
JUMP_BACK_S = 60.0
SHORT_STREAM_S = 0.3
START_TIMEOUT_S = 60.0
LAST_RESULT_S = 0.5
PERIODS_TO_RECOVER = 4  # within which landmarks must come again after a disturbance

PARAMETERS: dict[str, Any] = {
    'num_poses': 2,
    'min_pose_detection_confidence': 0.3,
    'output_segmentation_masks': True,
}
# Each is set to the value and back: some rebuild the landmarker, some only the outputs.
CHANGES: dict[str, tuple[Any, Any]] = {
    'num_poses': (1, 2),
    'min_tracking_confidence': (0.4, 0.5),
    'smooth_landmarks': (False, True),
    'overlay_mask': ('tint', 'none'),
    'mask_encoding': ('32FC1', 'mono8'),
    'marker_distance': (1.0, 2.0),
    'image_transport': ('auto', 'raw'),
}


class DisturbedNode:
    """A node with camera and subscriber, each a process of its own, running within the block."""

    def __init__(self, folder: Path, peace_s: float) -> None:
        """
        Note what to start.

        :param folder: for the film and for logs, empty
        :param peace_s: seconds with images between two disturbances
        """
        self._peace_s = peace_s
        self._folder, self._environment = folder, ros_environment()
        self._film = prepare(folder, *SIZES[0], 2)
        self._changes = cycle(CHANGES.items())
        self._behind_s = 0.0
        # Each returns in a word or two what it did.
        self.disturbances: tuple[Callable[[], str], ...] = (
            self._change_a_parameter,
            self._restart_the_stream,
            self._activate_again,
            self._restart_the_camera,
            self._configure_again,
        )

    def __enter__(self) -> DisturbedNode:
        """Start the processes."""
        with ExitStack() as stack:
            topics = [asdict(topic) for topic in (LANDMARKS_TOPIC, *LAZY_TOPICS.values())]
            self._node = stack.enter_context(
                Process(self._command(), self._folder / 'node.log', self._environment)
            )
            self._listener = stack.enter_context(self._worker('listener.py', json.dumps(topics)))
            self._camera = self._new_camera()
            stack.callback(self._end_the_camera)
            if not self._camera.ask(
                2 * START_TIMEOUT_S, command='wait', timeout_s=START_TIMEOUT_S
            ):
                raise self._node.failure(f'did not subscribe to {IMAGES}')
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._stack.close()

    def work(self, begin_s: float) -> Sample:
        """
        Let the node work undisturbed, and return a sample.

        :param begin_s: when the soak began, monotonic
        :raises WorkerError: when the node publishes nothing, or has ended
        """
        latencies_ms: list[float] = []
        for _ in range(PERIODS_TO_RECOVER):
            stamps_ns = self._shoot(self._peace_s)
            latencies_ms = self._latencies_ms(stamps_ns)
            if latencies_ms:
                break
        self._node.check()
        if not latencies_ms:
            raise self._node.failure('published nothing any more')
        held = resources(self._node.session)
        return Sample(
            (time.monotonic() - begin_s) / 60,
            held.memory.rss_mb,
            held.memory.pss_mb,
            held.descriptors,
            held.threads,
            held.shared_files,
            float(np.percentile(latencies_ms, 99)),
        )

    def begin_the_stream_again(self) -> None:
        """
        Send a few images whose stamps are older than those of all streams before.

        :raises WorkerError: when no landmarks come of them
        """
        self._behind_s += JUMP_BACK_S
        stamps_ns = self._shoot(SHORT_STREAM_S, self._behind_s)
        if not self._latencies_ms(stamps_ns):
            self._node.check()
            raise self._node.failure('published nothing of a stream that began again')

    @property
    def session(self) -> int:
        """The id of the node's session, which `usage` wants."""
        return self._node.session

    def log_lines(self) -> int:
        """Return how many lines the node has written by now."""
        return len((self._folder / 'node.log').read_text(errors='replace').splitlines())

    def _command(self) -> list[str]:
        parameters = {**PARAMETERS, 'model': str(fetch('full')), 'autostart': True}
        command = [str(Path(sys.executable).with_name('pose_node'))]
        command += ['--ros-args', '-r', f'image:={IMAGES}']
        for name, value in parameters.items():
            command += ['-p', f'{name}:={json.dumps(value)}']
        return command

    def _worker(self, script: str, *arguments: str) -> Worker:
        return Worker(script, list(arguments), self._folder / f'{script}.log', self._environment)

    def _new_camera(self) -> Worker:
        return self._worker('camera.py', str(self._film), IMAGES)

    def _end_the_camera(self) -> None:
        self._camera.__exit__(None, None, None)

    def _shoot(self, seconds: float, behind_s: float = 0.0) -> list[int]:
        stamps_ns: list[int] = self._camera.ask(
            seconds + START_TIMEOUT_S,
            command='film',
            seconds=seconds,
            rate_hz=RATE_HZ,
            behind_s=behind_s,
        )
        time.sleep(LAST_RESULT_S)
        return stamps_ns

    def _latencies_ms(self, stamps_ns: list[int]) -> list[float]:
        """Return the latencies of the landmarks that came of images with these stamps."""
        arrivals = self._listener.ask(command='take')[LANDMARKS_TOPIC.name]
        return [
            (arrived_ns - stamp_ns) / 1e6
            for stamp_ns, arrived_ns in arrivals
            if stamp_ns in stamps_ns
        ]

    def _change_a_parameter(self) -> str:
        name, values = next(self._changes)
        for value in values:
            if not self._listener.ask(
                command='set_parameter', node=NODE_NAME, name=name, value=value
            ):
                raise self._node.failure(f'refused {name}: {value}')
            self._shoot(min(MOMENT_S, self._peace_s))
        return f'parameter {name}'

    def _restart_the_stream(self) -> str:
        self._shoot(MOMENT_S, JUMP_BACK_S)
        return 'stamps jumped back'

    def _restart_the_camera(self) -> str:
        self._end_the_camera()
        self._camera = self._new_camera()
        self._camera.ask(2 * START_TIMEOUT_S, command='wait', timeout_s=START_TIMEOUT_S)
        return 'another camera'

    def _activate_again(self) -> str:
        self._change_state(Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE)
        return 'activated again'

    def _configure_again(self) -> str:
        self._change_state(
            Transition.TRANSITION_DEACTIVATE,
            Transition.TRANSITION_CLEANUP,
            Transition.TRANSITION_CONFIGURE,
            Transition.TRANSITION_ACTIVATE,
        )
        return 'configured again'

    def _change_state(self, *transitions: int) -> None:
        for transition in transitions:
            if not self._listener.ask(
                command='change_state', node=NODE_NAME, transition=transition
            ):
                raise self._node.failure(f'failed at transition {transition}')
