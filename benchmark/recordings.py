# SPDX-License-Identifier: Apache-2.0
"""
Compares annotate_bag with the bare loop over the same pictures, in rounds that take turns.

    python benchmark/recordings.py [--frames 1000] [--rounds 3]

Prints, for each round, pictures a second of the bare loop, of `annotate_bag` with one recording
and of two recordings at a time, their ratios, and the memory of a worker.
"""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
import resource
from statistics import median
import subprocess
import sys
import tempfile
from threading import Thread
import time

import numpy as np

from pose_ros.models.store import find_model
from simulation.bag_files import pictures, stamped, write_bag

WIDTH, HEIGHT = 640, 480

# A process that does nothing but detect_for_video, as annotate_bag begun and ended from outside.
BARE = """
import sys, time
import numpy as np
from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision
frames = np.load(sys.argv[1], mmap_mode='r')
options = vision.PoseLandmarkerOptions(
    BaseOptions(sys.argv[2]), running_mode=vision.RunningMode.VIDEO)
with vision.PoseLandmarker.create_from_options(options) as task:
    for index, rgb in enumerate(frames):
        if index == 20:
            begin_s = time.monotonic()
        picture = Image(ImageFormat.SRGB, np.ascontiguousarray(rgb))
        task.detect_for_video(picture, 1000 + 33 * index)
    print((len(frames) - 20) / (time.monotonic() - begin_s))
"""


def prepare(folder: Path, count: int) -> tuple[Path, list[Path]]:
    """Write the pictures as an array and as two bags; the film runs back and forth."""
    film = list(pictures(150, WIDTH, HEIGHT))
    order = [*range(len(film)), *range(len(film) - 2, 0, -1)]
    frames = [film[order[index % len(order)]] for index in range(count)]
    path = folder / 'frames.npy'
    np.save(path, np.stack(frames))
    return path, [write_bag(folder / name, 'mcap', stamped(frames)) for name in ('a', 'b')]


@dataclass(frozen=True)
class Cost:
    """
    What a run took, its start counted in.

    :param rate_hz: pictures a second
    :param cpu_ms: CPU time a picture, of all processes; it does not depend on who else is busy
    """

    rate_hz: float
    cpu_ms: float


class _Meter:
    """Measures child processes from here on."""

    def __init__(self) -> None:
        self._began_s, self._cpu_s = time.monotonic(), _children_cpu_s()

    def cost(self, count: int) -> Cost:
        wall_s, cpu_s = time.monotonic() - self._began_s, _children_cpu_s() - self._cpu_s
        return Cost(count / wall_s, cpu_s / count * 1e3)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare(frames: Path) -> tuple[float, Cost]:
    """Return pictures a second without the start, and the cost."""
    count = np.load(frames, mmap_mode='r').shape[0]
    meter = _Meter()
    done = subprocess.run(
        [sys.executable, '-c', BARE, frames, find_model('full')],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout), meter.cost(count)


def annotated(bags: list[Path], out: Path, frames: int) -> tuple[Cost, list[float]]:
    """Return the cost, and a worker's memory over time in MB."""
    meter = _Meter()
    process = subprocess.Popen(
        [sys.executable, '-m', 'pose_ros.annotate_bag', *bags, '-o', out, '-j', str(len(bags))],
        cwd=out.parent,
        stderr=subprocess.DEVNULL,
    )
    memory_mb: list[float] = []
    watcher = Thread(target=_watch, args=(process, memory_mb))
    watcher.start()
    assert process.wait() == 0
    watcher.join()
    return meter.cost(len(bags) * frames), memory_mb


def _watch(process: subprocess.Popen[bytes], memory_mb: list[float]) -> None:
    children = Path(f'/proc/{process.pid}/task/{process.pid}/children')
    while process.poll() is None:
        try:
            sizes = [
                int(Path(f'/proc/{child}/statm').read_text().split()[1])
                for child in children.read_text().split()
            ]
            memory_mb.append(max(sizes, default=0) * 4096 / 1e6)
        except OSError:
            pass
        time.sleep(0.5)


def main() -> None:
    """Run the rounds and print them."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--frames', type=int, default=1000)
    parser.add_argument('--rounds', type=int, default=3)
    given = parser.parse_args()
    ones, twos, cpu = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames, bags = prepare(folder, given.frames)
        for number in range(given.rounds):
            steady_hz, alone = bare(frames)
            one, memory_mb = annotated(bags[:1], folder / f'one{number}', given.frames)
            two, _ = annotated(bags, folder / f'two{number}', given.frames)
            ones.append(one.rate_hz / alone.rate_hz)
            twos.append(two.rate_hz / one.rate_hz)
            cpu.append(one.cpu_ms / alone.cpu_ms)
            late = memory_mb[len(memory_mb) // 3 :]
            print(
                f'pictures/s: bare {alone.rate_hz:.1f} ({steady_hz:.1f} without its start), one '
                f'{one.rate_hz:.1f}, two {two.rate_hz:.1f}; one/bare {ones[-1]:.2f}, two/one '
                f'{twos[-1]:.2f}; CPU ms a picture: {alone.cpu_ms:.1f}, {one.cpu_ms:.1f}, '
                f'{two.cpu_ms:.1f}; memory {late[0]:.0f} to {late[-2]:.0f}, at most '
                f'{max(memory_mb):.0f} MB',
                flush=True,
            )
    print(
        f'medians: one/bare {median(ones):.2f}, two/one {median(twos):.2f}, CPU one/bare '
        f'{median(cpu):.2f}'
    )


if __name__ == '__main__':
    main()
