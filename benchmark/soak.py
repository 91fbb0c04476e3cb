# SPDX-License-Identifier: Apache-2.0
"""
Runs the node for long, disturbs it, and looks for what grows: `make soak MINUTES=30`.

Between two disturbances the node works in peace; samples are taken there. The soak fails when
memory, descriptors, threads, shared memory or latency rise, when the node stops to publish, and
when it ends.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import asdict
from itertools import cycle
from pathlib import Path
import signal
import sys
from tempfile import TemporaryDirectory
import time

from benchmark.benchmark_run import say
from benchmark.disturbed_node import DisturbedNode
from benchmark.processes import WorkerError
from benchmark.soak_findings import Sample, findings

WARM_UP_SHARE = 1 / 6  # of the time; everything is done once before it ends
# With images, between two disturbances: a short soak must make do with fewer of them.
PEACE_S, SHORT_PEACE_S, SHORT_MIN = 3.0, 1.0, 10.0


def soak(node: DisturbedNode, minutes: float) -> list[Sample]:
    """
    Disturb the node in all ways in turn for so long; return the samples after the warm-up.

    :raises WorkerError: when the node does not publish any more
    """
    begin_s = time.monotonic()
    end_s, warm_s = begin_s + 60 * minutes, begin_s + 60 * minutes * WARM_UP_SHARE
    samples: list[Sample] = []
    for number, disturb in enumerate(cycle(node.disturbances), 1):
        what = disturb()
        sample = node.work(begin_s)
        is_warm = time.monotonic() > warm_s and number > len(node.disturbances)
        if is_warm:
            samples.append(sample)
        say(
            f'{sample.minute:.1f} min{"" if is_warm else ", warming up"}: '
            f'{sample.rss_mb:.1f} MB, {sample.descriptors} descriptors, '
            f'{sample.threads} threads, p99 {sample.latency_p99_ms:.0f} ms after: {what}'
        )
        if time.monotonic() > end_s:
            say(f'{number} disturbances; the node wrote {node.log_lines()} lines')
            break
    return samples


def main() -> int:
    """Run, print and judge."""
    parser = argparse.ArgumentParser(prog='soak', description=__doc__)
    parser.add_argument('--minutes', type=float, default=30.0)
    parser.add_argument('--csv', type=Path, help='a file for the samples')
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process is left behind
    peace_s = PEACE_S if options.minutes >= SHORT_MIN else SHORT_PEACE_S
    try:
        with TemporaryDirectory() as folder, DisturbedNode(Path(folder), peace_s) as node:
            samples = soak(node, options.minutes)
            found = list(findings(samples, len(node.disturbances)))
    except WorkerError as error:
        say(f'FAILED: {error}')
        return 1
    except ValueError as error:
        say(f'FAILED: too short: {error}')
        return 1
    if options.csv:
        with options.csv.open('w', newline='') as file:
            writer = csv.DictWriter(file, asdict(samples[0]))
            writer.writeheader()
            writer.writerows(map(asdict, samples))
    print(*found, sep='\n')
    return 0 if all(finding.passed for finding in found) else 1


if __name__ == '__main__':
    sys.exit(main())
