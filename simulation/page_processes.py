# SPDX-License-Identifier: Apache-2.0
"""Runs executables of the package for the tests of the page."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import re
import signal
import subprocess
import time

from ament_index_python import get_package_prefix
import pytest

START_S = 60.0


@contextmanager
def executable(
    name: str, log: Path, *arguments: str, domain: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """
    Run an executable of the package until the end of the block.

    :param domain: its ROS domain; None: this process'
    """
    path = Path(get_package_prefix('pose_ros'), 'lib/pose_ros', name)
    environment = dict(os.environ)
    if domain is not None:
        environment['ROS_DOMAIN_ID'] = str(domain)
    with log.open('w') as file:
        process = subprocess.Popen(
            [path, *arguments], stdout=file, stderr=subprocess.STDOUT, env=environment
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def pose_page(log: Path, *parameters: str, domain: int | None = None) -> Iterator[str]:
    """Run the page, and give its address."""
    pytest.importorskip('nicegui', reason='the extra [page] is not installed')
    given = [word for each in ('port:=18400', *parameters) for word in ('-p', each)]
    with executable('pose_page', log, '--ros-args', *given, domain=domain):
        end = time.monotonic() + START_S
        while not (found := re.search(r'open (\S+)', log.read_text())):
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        yield found[1]
