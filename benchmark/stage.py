# SPDX-License-Identifier: Apache-2.0
"""A scene in, the running processes of its measurement and their rows out."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
import json
from pathlib import Path
from statistics import median
import sys
from tempfile import mkdtemp
import time
from typing import Any

from frames import prepare
from row import Bare, Part, Row, Scene, Times, summarize
from timed_node import RECORD
from worker import Process, Worker, cpu_s, memory_mb

from pose_ros.models.store import fetch

__all__ = ['IMAGE_TOPIC', 'LANDMARKS', 'LANDMARKS_TYPE', 'NODE', 'OUTPUTS', 'Peer', 'Stage']

NODE = 'pose_ros'
IMAGE_TOPIC = '/camera/image_raw'
LANDMARKS, LANDMARKS_TYPE = 'pose/landmarks', 'pose_ros/msg/PoseLandmarksArray'
START_TIMEOUT_S = 60.0
WARM_UP_S = 0.7
LAST_RESULT_S = 0.5
SATURATION = 2.0  # the camera's rate is that many times the node's

OUTPUTS = (  # with the place of the stamp in the serialized message
    {'name': 'pose/mask', 'type': 'sensor_msgs/msg/Image', 'stamp_at': 4},
    {'name': 'pose/markers', 'type': 'visualization_msgs/msg/MarkerArray', 'stamp_at': 8},
    {'name': 'pose/overlay', 'type': 'sensor_msgs/msg/Image', 'stamp_at': 4},
)


@dataclass(frozen=True)
class Peer:
    """Another node that publishes a message with a header for each image on IMAGE_TOPIC."""

    topic: str
    type: str
    command: str


class Stage:
    """The processes of one scene: camera, node, subscriber, and MediaPipe alone."""

    def __init__(
        self, scene: Scene, folder: Path, environment: dict[str, str], peer: Peer | None = None
    ) -> None:
        """Note what to start."""
        self._scene, self._environment, self._peer = scene, environment, peer
        self._folder = Path(mkdtemp(dir=folder))
        self._frames = prepare(folder, scene.width, scene.height, scene.people)
        self._times = self._folder / 'times'
        self._read = 0

    def __enter__(self) -> Stage:
        """Start the processes and wait until the node has seen its first images."""
        with ExitStack() as stack:
            topics = [
                {
                    'name': self._topic,
                    'stamp_at': None,
                    'type': self._peer.type if self._peer else LANDMARKS_TYPE,
                }
            ]
            topics += OUTPUTS if self._scene.everything else ()
            self._bare = stack.enter_context(
                self._worker('bare.py', str(self._frames), json.dumps(self._options()))
            )
            self._node = stack.enter_context(
                Process(self._command(), self._folder / 'node.log', self._environment)
            )
            self._listener = stack.enter_context(self._worker('listener.py', json.dumps(topics)))
            self._camera = stack.enter_context(
                self._worker('camera.py', str(self._frames), IMAGE_TOPIC)
            )
            self._wait()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes."""
        self._stack.close()

    def _worker(self, script: str, *arguments: str) -> Worker:
        return Worker(script, list(arguments), self._folder / f'{script}.log', self._environment)

    @property
    def _topic(self) -> str:
        return self._peer.topic if self._peer else LANDMARKS

    def _options(self) -> dict[str, Any]:
        return {
            'model': str(fetch(self._scene.model)),
            'num_poses': self._scene.people,
            'output_segmentation_masks': self._scene.masks,
            'min_pose_detection_confidence': 0.5 if self._scene.people == 1 else 0.3,
        }

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
            f'image:={IMAGE_TOPIC}',
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
            raise self._node.failure(f'did not subscribe to {IMAGE_TOPIC}')
        end_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end_s:
            self._camera.ask(command='film', seconds=0.3, rate_hz=10)
            self._node.check()
            if self._listener.ask(command='take')[self._topic]:
                return
        raise self._node.failure(f'published nothing on {self._topic}')

    def measure(self, seconds: float, bare_s: float, rate_hz: float | None, parts: int = 1) -> Row:
        """
        Return the row of one measurement, with the bare loop just before and just after it.

        :param bare_s: seconds of the bare loop, each time
        :param rate_hz: the camera's; None: SATURATION times what the node takes in the warm-up
        :param parts: how many there are to be, for a course in time
        """
        saturated = rate_hz is None
        slices = [self._bare.ask(seconds=bare_s, rate_hz=rate_hz or 0.0)]
        bare_hz = len(slices[0]['inference_ms']) / slices[0]['wall_s']
        self._listener.ask(command='take')
        self._camera.ask(
            command='film', seconds=WARM_UP_S, rate_hz=rate_hz or SATURATION * bare_hz
        )
        time.sleep(LAST_RESULT_S)
        self._new_times_ns()
        results = self._listener.ask(command='take')[self._topic]
        if rate_hz is None:
            rate_hz = SATURATION * max(len(results), 1) / WARM_UP_S
        measured = [self._measure_part(seconds / parts, rate_hz) for _ in range(parts)]
        slices.append(self._bare.ask(seconds=bare_s, rate_hz=0.0 if saturated else rate_hz))
        memory = memory_mb(self._bare.session)
        return summarize(
            self._scene,
            rate_hz,
            saturated,
            measured,
            Bare.of(slices, memory.rss_mb, memory.pss_mb),
        )

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
            Times(stamp_ns, arrived_ns, *times_ns.get(stamp_ns, (0, 0)))
            for stamp_ns, arrived_ns in arrivals.pop(self._topic)
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
                name.rpartition('/')[2]: median(
                    (arrived_ns - stamp_ns) / 1e6 for stamp_ns, arrived_ns in times
                )
                for name, times in arrivals.items()
                if times
            },
        )

    def _new_times_ns(self) -> dict[int, tuple[int, int]]:
        """Return by header stamp when an image was seen by our node, and MediaPipe's time."""
        times_ns: dict[int, tuple[int, int]] = {}
        if self._times.exists():
            with self._times.open('rb') as file:
                file.seek(self._read)
                data = file.read()
            self._read += len(data)
            for stamp_ns, seen_ns, begun_ns, ended_ns in RECORD.iter_unpack(data):
                before_ns = times_ns.get(stamp_ns, (0, 0))[1]
                times_ns[stamp_ns] = seen_ns, before_ns + ended_ns - begun_ns
        return times_ns

    def idle(self, seconds: float) -> float:
        """
        Return the share of a core that our node uses while it is inactive and the camera films.

        :raises WorkerError: when the node cannot be deactivated
        """
        if not self._listener.ask(command='deactivate', node='pose'):
            raise self._node.failure('was not deactivated')
        self._camera.start(command='film', seconds=seconds + 1.0, rate_hz=30.0)
        time.sleep(1.0)
        used_s = cpu_s(self._node.session)
        time.sleep(seconds)
        used_s = cpu_s(self._node.session) - used_s
        self._camera.answer()
        return used_s / seconds
