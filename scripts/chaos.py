# SPDX-License-Identifier: Apache-2.0
"""Treats a running node badly for some minutes, and says what is left of it: `make chaos`."""

from __future__ import annotations

from argparse import ArgumentParser
import os
import sys

# Before rclpy is imported: topics seen on this machine only.
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')

from simulation.chaos.run import run
from simulation.ros_domain import take_domain


def main() -> int:
    """Print what came of it; return 0 when nothing is wrong."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--minutes', type=float, default=5.0)
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(2), 'big'))
    arguments = parser.parse_args()
    take_domain()
    print(f'seed {arguments.seed}, {arguments.minutes} minutes', flush=True)
    outcome = run(arguments.minutes * 60, arguments.seed)
    print(outcome.log)
    for name, fact in outcome.facts.items():
        print(f'{name:40} {fact}')
    for problem in outcome.problems:
        print(f'PROBLEM: {problem}')
    return 1 if outcome.problems else 0


if __name__ == '__main__':
    sys.exit(main())
