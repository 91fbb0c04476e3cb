# SPDX-License-Identifier: Apache-2.0
"""
Measures what the page costs: its process' CPU time, and the node's latency with and without it.

Two people at 640x480 and 30 Hz; in every second round the page is open. Whoever looks takes all
that a browser takes, but draws nothing: a browser runs on another machine, or on a GPU. Run it
alone on the machine, it takes 90 s: python benchmark/page_cost.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
import os
from pathlib import Path
import re
import statistics
import sys
from tempfile import TemporaryDirectory
from threading import Event, Thread
import time
from urllib.parse import urlencode
from urllib.request import urlopen
from uuid import uuid4

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'

import cv2
import numpy as np
import skimage.data
from websockets.sync.client import connect

from pose_ros.msg import PoseLandmarksArray
from pose_ros.page.wire import HEAD
from simulation.page_processes import executable, pose_page
from simulation.ros_domain import take_domain
from simulation.ros_world import World, world

ROUND_S = 8.0
SETTLE_S = 2.0
# The limits.
UP_S, SHARE, PAIRS, RATIO = 5.0, 0.4, 200, 1.1
TICKS_PER_S = os.sysconf('SC_CLK_TCK')


class Visitor:
    """An open page: the picture's stream, as fast as it comes, and NiceGUI's updates."""

    def __init__(self, address: str) -> None:
        """Open it."""
        self.bundles = self.pairs = self.mismatches = self.updates = 0
        self._over = Event()
        self._address, self._sockets = address, address.replace('http', 'ws')
        self._threads = [Thread(target=work) for work in (self._look, self._listen)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Close it."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _look(self) -> None:
        with connect(f'{self._sockets}/stream/pose', max_size=None) as socket:
            for _ in range(2):
                socket.send('next')
            while not self._over.is_set():
                with suppress(TimeoutError):
                    message = socket.recv(timeout=1)
                    if isinstance(message, bytes):
                        self._compare(message)
                        socket.send('next')

    def _listen(self) -> None:
        """Take NiceGUI's updates over Socket.IO, without which it takes the page for closed."""
        with urlopen(self._address, timeout=10) as answer:
            found = re.search(r'[\'"]client_id[\'"]: *[\'"]([\w-]+)', answer.read().decode())
        assert found, 'NiceGUI names no client in its page'
        query = {
            'EIO': 4,
            'transport': 'websocket',
            'client_id': found[1],
            'next_message_id': 0,
            'implicit_handshake': 'true',
            'document_id': uuid4(),
            'tab_id': uuid4(),
            'old_tab_id': '',
        }
        url = f'{self._sockets}/_nicegui_ws/socket.io/?{urlencode(query)}'
        with connect(url, max_size=None) as socket:
            while not self._over.is_set():
                with suppress(TimeoutError):
                    message = str(socket.recv(timeout=1))
                    if message.startswith('0'):  # opened
                        socket.send('40')
                    elif message == '2':  # ping
                        socket.send('3')
                    self.updates += message.startswith('42')

    def _compare(self, bundle: bytes) -> None:
        stamp, sizes = HEAD.unpack_from(bundle)[:2], HEAD.unpack_from(bundle)[2:]
        self.bundles += 1
        if sizes[0] and sizes[1]:
            self.pairs += 1
            landmarks = bundle[HEAD.size + 4 : HEAD.size + 12]
            self.mismatches += np.frombuffer(landmarks, '<u4').tolist() != list(stamp)


def cpu_s(process: int) -> float:
    """Return the CPU time that a process has used."""
    fields = Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def two_people(path: Path) -> None:
    """Write a picture of two people, 640x480."""
    astronaut = skimage.data.astronaut()[:, 60:401]
    half = cv2.resize(astronaut, (320, 480), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), cv2.cvtColor(np.hstack((half, half)), cv2.COLOR_RGB2BGR))


def arguments_of(**parameters: object) -> list[str]:
    """Return parameters as arguments of an executable."""
    given = [word for key, value in parameters.items() for word in ('-p', f'{key}:={value}')]
    return ['--ros-args', *given, '-r', 'image:=image_raw']


@contextmanager
def running(folder: Path, model: str) -> Iterator[tuple[str, int, float]]:
    """Run all three; give the page's address, its process, and the seconds until it was up."""
    two_people(folder / 'two.png')
    camera = arguments_of(source=folder / 'two.png', rate=30.0)
    node = arguments_of(model=model, num_poses=2, autostart='true')
    with ExitStack() as stack:
        begin_s = time.monotonic()
        address = stack.enter_context(pose_page(folder / 'page'))
        with urlopen(address, timeout=10) as answer:
            assert answer.status == 200
        up_s = time.monotonic() - begin_s
        stack.enter_context(executable('demo_camera', folder / 'camera', *camera))
        stack.enter_context(executable('pose_node', folder / 'node', *node))
        page = next(
            int(each.name)
            for each in Path('/proc').glob('[0-9]*')
            if _output(each) == folder / 'page'
        )
        yield address, page, up_s


def _output(process: Path) -> Path | None:
    with suppress(OSError):
        return (process / 'fd/1').resolve()
    return None


@dataclass
class Measured:
    """What was measured, over all rounds."""

    latencies_ms: dict[bool, list[float]] = field(default_factory=lambda: {False: [], True: []})
    shares: list[float] = field(default_factory=list)
    pairs: int = 0
    mismatches: int = 0
    people: list[float] = field(default_factory=list)


def measure(this: World, address: str, page: int, rounds: int) -> Measured:
    """Measure, and print a line a round."""
    measured = Measured()
    arrived: list[tuple[float, int]] = []

    def take(message: PoseLandmarksArray) -> None:
        stamp = message.header.stamp
        arrived.append((time.time() - stamp.sec - stamp.nanosec * 1e-9, len(message.poses)))

    this.node.create_subscription(PoseLandmarksArray, '/pose/landmarks', take, 10)
    this.until(lambda: len(arrived) > 30 and all(count == 2 for _, count in arrived[-30:]))
    for number in range(2 * rounds):
        looks = number % 2 == 1
        visitor = Visitor(address) if looks else None
        this.spin(SETTLE_S)
        arrived.clear()
        before_s, begin_s = cpu_s(page), time.monotonic()
        this.spin(ROUND_S)
        share = (cpu_s(page) - before_s) / (time.monotonic() - begin_s)
        latency_ms = 1e3 * statistics.median(each for each, _ in arrived)
        people = statistics.mean(count for _, count in arrived)
        measured.latencies_ms[looks].append(latency_ms)
        measured.people.append(people)
        if visitor:
            visitor.end()
            assert visitor.updates, 'NiceGUI sent no updates: the page was not open'
            measured.shares.append(share)
            measured.pairs += visitor.pairs
            measured.mismatches += visitor.mismatches
        print(
            f'{"page open" if looks else "nobody looks":14s} {len(arrived) / ROUND_S:5.1f} Hz '
            f'{people:.1f} people  latency {latency_ms:6.1f} ms  CPU of the page '
            f'{100 * share:3.0f} % of a core',
            flush=True,
        )
    return measured


def judge(measured: Measured, up_s: float) -> bool:
    """Print each figure beside its limit; return whether all are met."""
    without_ms, with_ms = (
        statistics.median(measured.latencies_ms[looks]) for looks in (False, True)
    )
    ratio, share = with_ms / without_ms, statistics.median(measured.shares)
    people = statistics.mean(measured.people)
    lines = [
        (f'people: {people:.2f} on average (wanted 2)', people > 1.9),
        (f'page up after {up_s:.1f} s (limit {UP_S:g})', up_s < UP_S),
        (
            f'CPU of the page while it is open: {100 * share:.0f} % of a core '
            f'(limit {100 * SHARE:g})',
            share < SHARE,
        ),
        (
            f'stamps of picture and landmarks: {measured.pairs} compared (at least {PAIRS}), '
            f'{measured.mismatches} differ (limit 0)',
            measured.pairs >= PAIRS and not measured.mismatches,
        ),
        (
            f'latency with the page open: {with_ms:.1f} ms, {ratio:.2f} of the '
            f'{without_ms:.1f} ms without (limit {RATIO:g})',
            ratio <= RATIO,
        ),
    ]
    for text, is_met in lines:
        print(f'{"pass" if is_met else "FAIL"}  {text}')
    return all(is_met for _, is_met in lines)


def main() -> int:
    """Measure; return the exit code: 0 when all limits are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=4)
    parser.add_argument('--model', default='lite')
    arguments = parser.parse_args()
    take_domain()
    with (
        TemporaryDirectory() as folder,
        world() as this,
        running(Path(folder).resolve(), arguments.model) as (address, page, up_s),
    ):
        measured = measure(this, address, page, arguments.rounds)
    return 0 if judge(measured, up_s) else 1


if __name__ == '__main__':
    sys.exit(main())
