# SPDX-License-Identifier: Apache-2.0
"""
Lets the stream of images begin again many times: `make restarts COUNT=200`.

Each time the node builds a new landmarker. Fails when the memory at the end is more than a tenth
above that after the first ten times. COUNT is 30 or more, so that the two can be told apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import signal
from statistics import median
import sys
from tempfile import TemporaryDirectory

from benchmark.benchmark_run import say
from benchmark.disturbed_node import DisturbedNode
from benchmark.processes import WorkerError
from benchmark.usage import memory_mb

PEACE_S = 3.0  # at the start
FIRST = 10
LEAST = 3 * FIRST
MAX_GROWTH = 0.1
SAY_EVERY = 10


def memory_of_restarts(node: DisturbedNode, count: int) -> list[float]:
    """
    Let the stream begin again; return the resident memory after each time, in 10^6 bytes.

    :raises WorkerError: when people are not found in one of the streams
    """
    memory = []
    for number in range(1, count + 1):
        node.begin_the_stream_again()
        memory.append(memory_mb(node.session).rss_mb)
        if number % SAY_EVERY == 0:
            say(f'{number} streams: {memory[-1]:.1f} MB')
    return memory


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run, print and judge.

    :param argv: arguments; None for the process's own
    """
    parser = argparse.ArgumentParser(prog='restarts', description=__doc__)
    parser.add_argument('--count', type=int, default=200, help=f'at least {LEAST} (200)')
    options = parser.parse_args(argv)
    if options.count < LEAST:
        parser.error(f'--count: wanted at least {LEAST}, got {options.count}')
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process is left behind
    try:
        with TemporaryDirectory() as folder, DisturbedNode(Path(folder), PEACE_S) as node:
            node.work(0.0)
            memory = memory_of_restarts(node, options.count)
    except WorkerError as error:
        say(f'FAILED: {error}')
        return 1
    # One value may be taken while two landmarkers exist.
    early, late = median(memory[FIRST : 2 * FIRST]), median(memory[-FIRST:])
    growth = late / early - 1
    passed = growth <= MAX_GROWTH
    print(
        f'memory (RSS): {early:.1f} MB after {FIRST} streams, {late:.1f} MB after {len(memory)}: '
        f'{100 * growth:+.1f} %, limit {100 * MAX_GROWTH:.0f} %: '
        f'{"steady" if passed else "RISES"}'
    )
    return 0 if passed else 1


if __name__ == '__main__':
    sys.exit(main())
