# SPDX-License-Identifier: Apache-2.0
"""No two processes that test have a ROS domain in common."""

from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import subprocess
import sys

from simulation.ros_domain import other_domain

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, sys
from simulation.ros_domain import other_domain, take_domain
take_domain()
print(os.environ['ROS_DOMAIN_ID'], other_domain(), flush=True)
sys.stdin.read()
"""


def started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, '-c', SCRIPT],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def domains_of(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout
    return [int(word) for word in process.stdout.readline().split()]


def test_every_process_has_domains_of_its_own() -> None:
    processes = [started() for _ in range(8)]
    try:
        with ThreadPoolExecutor(len(processes)) as threads:
            taken = [each for pair in threads.map(domains_of, processes) for each in pair]
        taken += [int(os.environ['ROS_DOMAIN_ID']), other_domain()]
        assert len(set(taken)) == 2 * (len(processes) + 1)
        assert all(1 <= each <= 101 for each in taken)
    finally:
        for process in processes:
            process.communicate()
