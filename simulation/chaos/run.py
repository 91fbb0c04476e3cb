# SPDX-License-Identifier: Apache-2.0
"""Runs pose_node, lets three clients treat it badly for some time, and judges what is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
import re
import subprocess
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from ament_index_python.packages import get_package_prefix
import numpy as np
from numpy.typing import NDArray
import skimage.data

from simulation.chaos.clients import Camera, Client, Operator, Stranger
from simulation.chaos.watcher import Usage, Watcher

__all__ = ['Outcome', 'run']

LOG_LINES = 200  # in five minutes
MEDIAPIPE = re.compile(r'[IW]\d{4} ')  # two lines for each landmarker that is built
GAP_S = 15.0  # a pause waits for an image that hangs for 10 s at most
MORE_MEMORY_MB = (
    700.0  # a second landmarker for stills, and what malloc keeps of the largest images
)
MORE_THREADS = 4
MORE_DESCRIPTORS = 12
EXIT_S = 15.0
START_S = 90.0
SETTLED_S = 20.0  # masks have a landmarker until 10 s after their last subscriber


@dataclass
class Outcome:
    """
    What came of it.

    :param problems: what is wrong, in words; empty: nothing
    :param facts: figures, by name
    """

    problems: list[str] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    log: str = ''

    def judge(self, is_right: bool, problem: str) -> None:
        """Take note of a problem, unless all is right."""
        if not is_right:
            self.problems.append(problem)


def run(seconds: float, seed: int, model: str = 'lite') -> Outcome:
    """
    Run one node through it.

    :param seconds: for which the clients act
    :param model: the model that the node begins and ends with
    """
    outcome = Outcome()
    rgb = np.ascontiguousarray(skimage.data.astronaut(), np.uint8)
    with TemporaryDirectory() as folder, _node(Path(folder, 'log'), model) as node:
        clients = _clients(seed, rgb)
        try:
            _treat(node, clients, seconds, outcome)
        finally:
            for client in clients:
                outcome.problems += client.problems
                for action, count in sorted(client.counts.items()):
                    outcome.facts[f'{client.node.get_name()} {action}'] = str(count)
                client.close()
        _end(node, outcome)
        outcome.log = Path(folder, 'log').read_text(errors='replace')
    _judge_log(outcome, seconds)
    return outcome


@contextmanager
def _node(log: Path, model: str) -> Iterator[subprocess.Popen[bytes]]:
    executable = Path(get_package_prefix('pose_ros'), 'lib/pose_ros/pose_node')
    command = [str(executable), '--ros-args', '-p', f'model:={model}', '-p', 'autostart:=true']
    with log.open('wb') as stderr:
        process = subprocess.Popen(command, stderr=stderr)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _clients(seed: int, rgb: NDArray[np.uint8]) -> tuple[Client, ...]:
    return (
        Camera(Random(f'{seed} camera')),
        Operator(Random(f'{seed} operator')),
        Stranger(Random(f'{seed} stranger'), rgb),
        Watcher('pose'),
    )


def _treat(
    node: subprocess.Popen[bytes], clients: tuple[Client, ...], seconds: float, outcome: Outcome
) -> None:
    camera, operator, _stranger, watcher = clients
    assert isinstance(camera, Camera)
    assert isinstance(operator, Operator)
    assert isinstance(watcher, Watcher)
    outcome.judge(watcher.until(lambda: watcher.people, START_S), 'nobody found at the start')
    before = Usage.of(node.pid)
    for client in clients:
        client.start(seconds)
    for client in clients:
        client.join(seconds + 120.0)
    outcome.facts['largest gap of the diagnostics (s)'] = f'{watcher.largest_gap_s:.1f}'
    outcome.facts['diagnostics'] = str(watcher.reports)
    outcome.judge(
        watcher.largest_gap_s < GAP_S, f'no diagnostics for {watcher.largest_gap_s:.1f} s'
    )
    if node.poll() is not None:
        outcome.problems.append(f'the node ended with {node.returncode}')
        return
    operator.restore()
    outcome.judge(operator.activate(), 'the node cannot be activated at the end')
    camera.freeze()
    camera.end()
    camera.spin(2.0)
    camera.begin()
    watcher.people = 0
    outcome.judge(watcher.until(lambda: watcher.people, START_S), 'nobody found at the end')
    _compare(before, _settled(node.pid, before), outcome)


def _settled(pid: int, before: Usage) -> Usage:
    """Return what the node uses when a landmarker that was taken over from is gone."""
    end_s = monotonic() + SETTLED_S
    while (after := Usage.of(pid)).threads - before.threads > MORE_THREADS and monotonic() < end_s:
        sleep(0.5)
    return after


def _compare(before: Usage, after: Usage, outcome: Outcome) -> None:
    for name, wanted in (
        ('memory_mb', MORE_MEMORY_MB),
        ('threads', MORE_THREADS),
        ('descriptors', MORE_DESCRIPTORS),
    ):
        first, last = getattr(before, name), getattr(after, name)
        outcome.facts[name] = f'{first:.0f} -> {last:.0f}'
        outcome.judge(last - first <= wanted, f'{name} rose from {first:.0f} to {last:.0f}')


def _end(node: subprocess.Popen[bytes], outcome: Outcome) -> None:
    if node.poll() is not None:
        return
    begin_s = monotonic()
    node.terminate()
    try:
        code = node.wait(EXIT_S)
        outcome.facts['end after SIGTERM (s)'] = f'{monotonic() - begin_s:.1f}'
        outcome.judge(code == 0, f'the node ended with {code} after SIGTERM')
    except subprocess.TimeoutExpired:
        outcome.problems.append(f'the node did not end within {EXIT_S:.0f} s of SIGTERM')


def _judge_log(outcome: Outcome, seconds: float) -> None:
    lines = [line for line in outcome.log.splitlines() if not MEDIAPIPE.match(line)]
    outcome.facts['lines of its log'] = str(len(lines))
    outcome.facts["MediaPipe's lines"] = str(len(outcome.log.splitlines()) - len(lines))
    most = LOG_LINES * max(1.0, seconds / 300)
    outcome.judge(len(lines) < most, f'{len(lines)} lines in its log')
    outcome.judge('Traceback' not in outcome.log, 'an exception that nobody expected')
