# SPDX-License-Identifier: Apache-2.0
"""Gives a process a ROS 2 domain of its own on this machine; to be called before rclpy.init."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
import tempfile
from typing import IO

__all__ = ['free_domain', 'other_domain', 'take_domain']

DOMAINS = 50  # and as many others; above 101, ports of Fast DDS may be Linux's ephemeral ones
_locks: list[IO[str]] = []  # held until the process ends


def free_domain() -> int:
    """
    Return a domain that nobody took by this function before; it is taken until the process ends.

    :raises RuntimeError: when all are taken
    """
    for count in range(DOMAINS):
        number = 1 + (os.getpid() + count) % DOMAINS
        path = Path(tempfile.gettempdir(), f'pose_ros_domain_{os.getuid()}_{number}.lock')
        lock = path.open('w')
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _locks.append(lock)
        return number
    raise RuntimeError(f'wanted a free ROS domain of 1 to {DOMAINS}: other processes use them all')


def take_domain() -> None:
    """
    Set `ROS_DOMAIN_ID` to a domain of its own, for this process and its children.

    :raises RuntimeError: when all are taken
    """
    os.environ['ROS_DOMAIN_ID'] = str(free_domain())


def other_domain() -> int:
    """Return a ROS domain in which nothing of this process is, and nothing of another's."""
    return int(os.environ['ROS_DOMAIN_ID']) + DOMAINS
