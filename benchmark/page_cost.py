# SPDX-License-Identifier: Apache-2.0
"""
Measures what the page costs: its process' CPU time, and the node's latency with and without it.

Two people at 640x480 and 30 Hz; somebody looks in every second round. Run it alone on the machine:
python benchmark/page_cost.py
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
import os
from pathlib import Path
import statistics
from tempfile import TemporaryDirectory
from threading import Event, Thread
import time
from typing import Any

os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'

import cv2
import numpy as np
import rclpy
import skimage.data
from websockets.sync.client import connect

from pose_ros.msg import PoseLandmarksArray
from pose_ros.page.wire import HEAD
from simulation.page_processes import executable, pose_page
from simulation.ros_world import World, world

ROUND_S = 8.0
SETTLE_S = 2.0
TICKS_PER_S = os.sysconf('SC_CLK_TCK')


class Visitor:
    """Asks for bundles as fast as they come, as a browser does, and compares their stamps."""

    def __init__(self, address: str) -> None:
        """Start to look."""
        self.bundles = self.pairs = self.mismatches = 0
        self._over = Event()
        self._thread = Thread(target=self._look, args=(address,))
        self._thread.start()

    def end(self) -> None:
        """Look away."""
        self._over.set()
        self._thread.join()

    def _look(self, address: str) -> None:
        url = f'{address.replace("http", "ws")}/stream/pose'
        with connect(url, max_size=None) as socket:
            for _ in range(2):
                socket.send('next')
            while not self._over.is_set():
                with suppress(TimeoutError):
                    message = socket.recv(timeout=1)
                    if isinstance(message, bytes):
                        self._compare(message)
                        socket.send('next')

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
def running(folder: Path, model: str) -> Iterator[tuple[str, int, int]]:
    """Run all three; give the page's address, and the processes of node and page."""
    two_people(folder / 'two.png')
    camera = arguments_of(source=folder / 'two.png', rate=30.0)
    node = arguments_of(model=model, num_poses=2, autostart='true')
    with ExitStack() as stack:
        stack.enter_context(executable('demo_camera', folder / 'camera', *camera))
        pose_node = stack.enter_context(executable('pose_node', folder / 'node', *node))
        address = stack.enter_context(pose_page(folder / 'page'))
        page = next(
            int(each.name)
            for each in Path('/proc').glob('[0-9]*')
            if _output(each) == folder / 'page'
        )
        yield address, pose_node.pid, page


def _output(process: Path) -> Path | None:
    with suppress(OSError):
        return (process / 'fd/1').resolve()
    return None


def measure(this: World, address: str, page: int, rounds: int) -> None:
    """Print a line a round, and the medians."""
    latencies: dict[bool, list[float]] = {False: [], True: []}
    shares, visitor_total = [], [0, 0, 0]
    arrived: list[tuple[float, int]] = []

    def take(message: PoseLandmarksArray) -> None:
        stamp = message.header.stamp
        arrived.append((time.time() - stamp.sec - stamp.nanosec * 1e-9, len(message.poses)))

    this.node.create_subscription(PoseLandmarksArray, '/pose/landmarks', take, 10)
    this.until(lambda: len(arrived) > 30)
    for number in range(2 * rounds):
        looks = number % 2 == 1
        visitor: Any = Visitor(address) if looks else None
        this.spin(SETTLE_S)
        arrived.clear()
        before_s, begin_s = cpu_s(page), time.monotonic()
        this.spin(ROUND_S)
        share = (cpu_s(page) - before_s) / (time.monotonic() - begin_s)
        latency_ms = 1e3 * statistics.median(each for each, _ in arrived)
        people = statistics.mean(count for _, count in arrived)
        latencies[looks].append(latency_ms)
        if visitor:
            visitor.end()
            shares.append(share)
            for i, count in enumerate((visitor.bundles, visitor.pairs, visitor.mismatches)):
                visitor_total[i] += count
        print(
            f'{"page open" if looks else "nobody looks":14s} {len(arrived) / ROUND_S:5.1f} Hz '
            f'{people:.1f} people  latency {latency_ms:6.1f} ms  CPU of the page '
            f'{100 * share:3.0f} % of a core',
            flush=True,
        )
    ratio = statistics.median(latencies[True]) / statistics.median(latencies[False])
    print(f'latency with the page open: {ratio:.2f} of that without')
    print(f'CPU of the page: {100 * statistics.median(shares):.0f} % of a core')
    print(
        'bundles {}, with picture and landmarks {}, stamps that differ {}'.format(*visitor_total)
    )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--rounds', type=int, default=4)
    parser.add_argument('--model', default='lite')
    arguments = parser.parse_args()
    with (
        TemporaryDirectory() as folder,
        world() as this,
        running(Path(folder).resolve(), arguments.model) as (address, _, page),
    ):
        measure(this, address, page, arguments.rounds)
    assert not rclpy.ok()


if __name__ == '__main__':
    main()
