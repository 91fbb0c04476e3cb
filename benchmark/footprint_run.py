# SPDX-License-Identifier: Apache-2.0
"""Starts a node beside a camera and a listener, and measures what it needs."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
import json
import os
from pathlib import Path
import sys
import time

from lifecycle_msgs.msg import Transition

from benchmark.film import prepare
from benchmark.footprint import Footprint
from benchmark.processes import Process, Worker
from benchmark.topics import IMAGES, LANDMARKS_TOPIC, LAZY_TOPICS, NODE_NAME
from benchmark.usage import cpu_s, memory_mb
from pose_ros.models.store import fetch

__all__ = ['FootprintRun']

START_TIMEOUT_S = 60.0
POLL_S = 0.01
REST_S = 2.0  # after configuring, until memory is read
RATE_HZ = 30.0
GRACE_S = 1.0  # for what is on its way


class FootprintRun:
    """Measures nodes on one film; the processes beside them run within the block."""

    def __init__(
        self, size: tuple[int, int], folder: Path, environment: dict[str, str], seconds: float
    ) -> None:
        """
        Note how to measure.

        :param folder: for film and logs
        :param seconds: of each figure
        """
        self._folder, self._environment, self._seconds = folder, environment, seconds
        self._film = prepare(folder, *size, 1)

    def __enter__(self) -> FootprintRun:
        """Start camera and listener."""
        with ExitStack() as stack:
            topics = json.dumps([asdict(LANDMARKS_TOPIC)])
            self._listener = stack.enter_context(self._worker('listener.py', topics))
            self._camera = stack.enter_context(self._worker('camera.py', str(self._film), IMAGES))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._stack.close()

    def measure(self, node: Path) -> Footprint:
        """
        Measure one node.

        :param node: executable `pose_node`, of this installation or of another
        :raises WorkerError: when a process fails
        """
        configured_mb = self._configured_mb(node)
        start_s, start_cpu_s, running_mb, alone_ms = self._started(node)
        with self._node(node, autostart=True, output_segmentation_masks=True) as process:
            self._wait_for_landmarks(process)
            unheard_ms = self._cpu_ms(process)
            self._subscribe(True)
            self._film_for(GRACE_S)
            heard_ms = self._cpu_ms(process)
            self._subscribe(False)
            lost, worst_ms = self._disturbed()
            heard_mb = memory_mb(process.session).rss_mb
        return Footprint(
            start_s,
            start_cpu_s,
            configured_mb,
            running_mb,
            alone_ms,
            unheard_ms,
            heard_ms,
            heard_mb,
            lost,
            worst_ms,
        )

    def _configured_mb(self, node: Path) -> float:
        with self._node(node) as process:
            configure = Transition.TRANSITION_CONFIGURE
            if not self._listener.ask(
                command='change_state', node=NODE_NAME, transition=configure
            ):
                raise process.failure('was not configured')
            time.sleep(REST_S)
            return memory_mb(process.session).rss_mb

    def _started(self, node: Path) -> tuple[float, float, float, float]:
        """Return seconds and CPU seconds to the first landmarks, memory, and CPU a frame."""
        self._listener.ask(command='take')
        self._camera.start(command='film', seconds=START_TIMEOUT_S / 4, rate_hz=RATE_HZ)
        started_ns = time.time_ns()
        with self._node(node, autostart=True) as process:
            arrivals: list[tuple[int, int]] = []
            while not arrivals:
                time.sleep(POLL_S)
                process.check()
                arrivals = self._listener.ask(command='take')[LANDMARKS_TOPIC.name]
                if time.time_ns() - started_ns > START_TIMEOUT_S * 1e9:
                    raise process.failure('published nothing')
            start_cpu_s = cpu_s(process.session)
            self._camera.answer(START_TIMEOUT_S)
            alone_ms = self._cpu_ms(process)
            running_mb = memory_mb(process.session).rss_mb
        return (arrivals[0][1] - started_ns) / 1e9, start_cpu_s, running_mb, alone_ms

    def _disturbed(self) -> tuple[float, float]:
        """Return frames lost and the largest latency while a subscriber comes and goes."""
        self._listener.ask(command='take')
        stamps_ns: list[int] = []
        for wanted in (False, True, False):
            self._subscribe(wanted)
            # Long enough for masks to end, which takes some seconds.
            stamps_ns += self._film_for(self._seconds if wanted else 3 * self._seconds)
        arrivals = self._listener.ask(command='take')[LANDMARKS_TOPIC.name]
        latencies_ms = {stamp_ns: (at_ns - stamp_ns) / 1e6 for stamp_ns, at_ns in arrivals}
        lost = len(set(stamps_ns) - latencies_ms.keys())
        return float(lost), max(latencies_ms.values())

    def _cpu_ms(self, process: Process) -> float:
        """Return CPU milliseconds for each frame whose landmarks came."""
        self._listener.ask(command='take')
        before_s = cpu_s(process.session)
        self._film_for(self._seconds)
        used_s = cpu_s(process.session) - before_s
        return 1e3 * used_s / max(len(self._listener.ask(command='take')[LANDMARKS_TOPIC.name]), 1)

    def _film_for(self, seconds: float) -> list[int]:
        stamps_ns: list[int] = self._camera.ask(
            seconds + START_TIMEOUT_S, command='film', seconds=seconds, rate_hz=RATE_HZ
        )
        time.sleep(GRACE_S)
        return stamps_ns

    def _subscribe(self, wanted: bool) -> None:
        self._listener.ask(command='subscribe', topic=asdict(LAZY_TOPICS['mask']), wanted=wanted)

    def _wait_for_landmarks(self, process: Process) -> None:
        self._listener.ask(command='take')
        end_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end_s:
            self._film_for(GRACE_S)
            process.check()
            if self._listener.ask(command='take')[LANDMARKS_TOPIC.name]:
                return
        raise process.failure('published nothing')

    def _node(self, node: Path, **parameters: object) -> Process:
        command = [str(node), '--ros-args', '-r', f'image:={IMAGES}']
        for name, value in {'model': str(fetch('full')), **parameters}.items():
            command += ['-p', f'{name}:={json.dumps(value)}']
        # The environment of another installation is this one's with another prefix.
        prefix = str(node.parent.parent)
        moved = {
            name: value.replace(sys.prefix, prefix)
            for name, value in os.environ.items()
            if sys.prefix in value
        }
        return Process(command, self._folder / 'node.log', {**moved, **self._environment})

    def _worker(self, script: str, *arguments: str) -> Worker:
        return Worker(script, list(arguments), self._folder / f'{script}.log', self._environment)
