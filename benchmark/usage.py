# SPDX-License-Identifier: Apache-2.0
"""Reads from /proc what the processes of a session use: processor time, memory, descriptors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import os
from pathlib import Path

__all__ = ['Memory', 'Resources', 'cpu_s', 'memory_mb', 'resources']

TICKS_PER_S = os.sysconf('SC_CLK_TCK')
STATE = 3  # the field of /proc/PID/stat behind the name, as proc(5) numbers them
SESSION, USER_TIME, SYSTEM_TIME, THREADS = 6, 14, 15, 20


@dataclass(frozen=True)
class Memory:
    """
    The memory of one process or several, in 10^6 bytes.

    :param rss_mb: resident
    :param pss_mb: resident, with pages that several processes share divided among them
    """

    rss_mb: float
    pss_mb: float


@dataclass(frozen=True)
class Resources:
    """
    What one process or several hold.

    :param descriptors: open file descriptors
    :param shared_files: files in /dev/shm that are mapped
    """

    memory: Memory
    descriptors: int
    threads: int
    shared_files: int


def cpu_s(session: int) -> float:
    """Return the user and system time of all processes of a session, in seconds."""
    ticks = 0
    for folder in _processes(session):
        fields = _stat(folder)
        ticks += fields[USER_TIME] + fields[SYSTEM_TIME]
    return ticks / TICKS_PER_S


def memory_mb(session: int) -> Memory:
    """Return the memory of all processes of a session."""
    kilobytes = {'Rss': 0, 'Pss': 0}
    for folder in _processes(session):
        for line in (folder / 'smaps_rollup').read_text().splitlines():
            name, _, value = line.partition(':')
            if name in kilobytes:
                kilobytes[name] += int(value.split()[0])
    return Memory(kilobytes['Rss'] * 1.024e-3, kilobytes['Pss'] * 1.024e-3)


def resources(session: int) -> Resources:
    """Return what all processes of a session hold."""
    folders = list(_processes(session))
    mapped = set()
    for folder in folders:
        for line in (folder / 'maps').read_text(errors='replace').splitlines():
            _, found, name = line.partition('/dev/shm/')
            if found:
                mapped.add(name)
    return Resources(
        memory_mb(session),
        sum(len(list((folder / 'fd').iterdir())) for folder in folders),
        sum(_stat(folder)[THREADS] for folder in folders),
        len(mapped),
    )


def _processes(session: int) -> Iterator[Path]:
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            if _stat(folder)[SESSION] == session:
                yield folder
        except (OSError, KeyError):  # it has just ended
            continue


def _stat(folder: Path) -> dict[int, int]:
    """Return the whole numbers of /proc/PID/stat by the number of their field."""
    fields = (folder / 'stat').read_text().rpartition(')')[2].split()
    return {number: int(text) for number, text in enumerate(fields[1:], STATE + 1)}
