# SPDX-License-Identifier: Apache-2.0
"""Runs the processes of one scene: camera, node, subscriber and bare loop, and measures them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
import json
from pathlib import Path
from statistics import median
import sys
from tempfile import mkdtemp
import time
from typing import Any

from lifecycle_msgs.msg import Transition

from benchmark.film import prepare
from benchmark.measurement import BareLoop, FrameTimes, Measurement, Part, Scene, summarize
from benchmark.processes import Process, Worker
from benchmark.timed_node import RECORD
from benchmark.topics import IMAGES, LANDMARKS_TOPIC, LAZY_TOPICS, NODE_NAME, Topic
from benchmark.usage import cpu_s, memory_mb
from pose_ros.models.store import fetch

__all__ = ['Peer', 'SceneRun']

START_TIMEOUT_S = 60.0
WARM_UP_S = 0.7
LAST_RESULT_S = 0.5
SATURATION = 2.0  # the camera's rate is that many times the node's


@dataclass(frozen=True)
class Peer:
    """
    Another node, which publishes a message with a header for each image on IMAGES.

    :param topic: of its messages
    :param command: starts it, for the shell
    """

    topic: Topic
    command: str


class SceneRun:
    """The processes of one scene, running within the block."""

    def __init__(
        self, scene: Scene, folder: Path, environment: dict[str, str], peer: Peer | None = None
    ) -> None:
        """
        Note what to start.

        :param folder: for the film and for logs
        :param environment: of the processes, beside this process's own
        :param peer: is measured in place of our node
        """
        self._scene, self._environment, self._peer = scene, environment, peer
        self._folder = Path(mkdtemp(dir=folder))
        self._film = prepare(folder, scene.width, scene.height, scene.people)
        self._topic = peer.topic if peer else LANDMARKS_TOPIC
        self._times = self._folder / 'times'
        self._times.touch()
        self._read = 0
        self._outputs = {LAZY_TOPICS[name].name: name for name in scene.outputs}

    def __enter__(self) -> SceneRun:
        """Start the processes and wait until the node has seen its first images."""
        with ExitStack() as stack:
            topics = [self._topic, *(LAZY_TOPICS[name] for name in self._scene.outputs)]
            self._bare = stack.enter_context(
                self._worker('bare_loop.py', str(self._film), json.dumps(self._bare_options()))
            )
            self._node = stack.enter_context(
                Process(self._command(), self._folder / 'node.log', self._environment)
            )
            self._listener = stack.enter_context(
                self._worker('listener.py', json.dumps([asdict(topic) for topic in topics]))
            )
            self._camera = stack.enter_context(self._worker('camera.py', str(self._film), IMAGES))
            self._wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._stack.close()

    def _worker(self, script: str, *arguments: str) -> Worker:
        return Worker(script, list(arguments), self._folder / f'{script}.log', self._environment)

    def _options(self) -> dict[str, Any]:
        return {
            'model': str(fetch(self._scene.model)),
            'num_poses': self._scene.people,
            'output_segmentation_masks': self._scene.masks,
            'min_pose_detection_confidence': 0.5 if self._scene.people == 1 else 0.3,
        }

    def _bare_options(self) -> dict[str, Any]:
        """Return the options with masks only where the node computes them: for a subscriber."""
        masks = self._scene.masks and bool(self._scene.outputs)
        return {**self._options(), 'output_segmentation_masks': masks}

    def _command(self) -> list[str]:
        if self._peer:
            return ['/bin/sh', '-c', f'exec {self._peer.command}']
        parameters = {**self._options(), 'autostart': True, 'image_qos': 'auto'}
        command = [
            sys.executable,
            str(Path(__file__).with_name('timed_node.py')),
            str(self._times),
            '--ros-args',
            '-r',
            f'image:={IMAGES}',
        ]
        for name, value in parameters.items():
            command += ['-p', f'{name}:={json.dumps(value)}']
        return command

    def _wait(self) -> None:
        """
        Wait for the first result.

        :raises WorkerError: when none comes
        """
        self._bare.ask(seconds=0.1, rate_hz=0)
        if not self._camera.ask(2 * START_TIMEOUT_S, command='wait', timeout_s=START_TIMEOUT_S):
            raise self._node.failure(f'did not subscribe to {IMAGES}')
        end_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end_s:
            self._camera.ask(command='film', seconds=0.3, rate_hz=10)
            self._node.check()
            if self._listener.ask(command='take')[self._topic.name]:
                return
        raise self._node.failure(f'published nothing on {self._topic.name}')

    def measure(
        self, seconds: float, bare_s: float, rate_hz: float | None, parts: int = 1
    ) -> Measurement:
        """
        Measure once, with the bare loop just before and just after.

        :param bare_s: seconds of the bare loop, each time
        :param rate_hz: the camera's; None: SATURATION times what the node takes in the warm-up
        :param parts: how many there are to be, for a course in time
        """
        saturated = rate_hz is None
        slices = [self._bare.ask(seconds=bare_s, rate_hz=rate_hz or 0.0)]
        if rate_hz is None:
            bare_hz = len(slices[0]['inference_ms']) / slices[0]['wall_s']
            rate_hz = SATURATION * max(self._warm_up(SATURATION * bare_hz), 1) / WARM_UP_S
        else:
            self._warm_up(rate_hz)
        measured = [self._measure_part(seconds / parts, rate_hz) for _ in range(parts)]
        slices.append(self._bare.ask(seconds=bare_s, rate_hz=0.0 if saturated else rate_hz))
        memory = memory_mb(self._bare.session)
        bare = BareLoop.of(slices, memory.rss_mb, memory.pss_mb)
        return summarize(self._scene, rate_hz, saturated, measured, bare)

    def _warm_up(self, rate_hz: float) -> int:
        """Let the node work for a moment; return how many results it published."""
        self._listener.ask(command='take')
        self._camera.ask(command='film', seconds=WARM_UP_S, rate_hz=rate_hz)
        time.sleep(LAST_RESULT_S)
        self._new_times_ns()
        return len(self._listener.ask(command='take')[self._topic.name])

    def _measure_part(self, seconds: float, rate_hz: float) -> Part:
        used_s = cpu_s(self._node.session)
        stamps_ns = set(
            self._camera.ask(
                seconds + START_TIMEOUT_S, command='film', seconds=seconds, rate_hz=rate_hz
            )
        )
        time.sleep(LAST_RESULT_S)
        used_s = cpu_s(self._node.session) - used_s
        memory = memory_mb(self._node.session)
        self._node.check()
        times_ns = self._new_times_ns()
        arrivals = self._listener.ask(command='take')
        frames = [
            FrameTimes(stamp_ns, arrived_ns, *times_ns.get(stamp_ns, (0, 0)))
            for stamp_ns, arrived_ns in arrivals.pop(self._topic.name)
            if stamp_ns in stamps_ns
        ]
        return Part(
            len(stamps_ns),
            None if self._peer else len(stamps_ns & times_ns.keys()),
            frames,
            used_s,
            memory.rss_mb,
            memory.pss_mb,
            {
                self._outputs[topic]: median(
                    (arrived_ns - stamp_ns) / 1e6 for stamp_ns, arrived_ns in times
                )
                for topic, times in arrivals.items()
                if times
            },
        )

    def _new_times_ns(self) -> dict[int, tuple[int, int]]:
        """Return by header stamp when our node took an image, and MediaPipe's time for it."""
        times_ns: dict[int, tuple[int, int]] = {}
        with self._times.open('rb') as file:
            file.seek(self._read)
            data = file.read()
        self._read += len(data)
        for stamp_ns, taken_ns, begun_ns, ended_ns in RECORD.iter_unpack(data):
            before_ns = times_ns.get(stamp_ns, (0, 0))[1]
            times_ns[stamp_ns] = taken_ns, before_ns + ended_ns - begun_ns
        return times_ns

    def idle(self, seconds: float) -> float:
        """
        Return the share of a core that our node uses while it is inactive and the camera films.

        :raises WorkerError: when the node cannot be deactivated
        """
        transition = Transition.TRANSITION_DEACTIVATE
        if not self._listener.ask(command='change_state', node=NODE_NAME, transition=transition):
            raise self._node.failure('was not deactivated')
        self._camera.start(command='film', seconds=seconds + 1.0, rate_hz=30.0)
        time.sleep(1.0)
        used_s = cpu_s(self._node.session)
        time.sleep(seconds)
        used_s = cpu_s(self._node.session) - used_s
        self._camera.answer()
        return used_s / seconds
