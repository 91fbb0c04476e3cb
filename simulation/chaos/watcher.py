# SPDX-License-Identifier: Apache-2.0
"""Watches a pose node from outside: its diagnostics, memory, threads and file descriptors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray

from pose_ros.msg import PoseLandmarksArray
from simulation.chaos.clients import Client

__all__ = ['Usage', 'Watcher']


@dataclass(frozen=True)
class Usage:
    """What a process has."""

    memory_mb: float
    threads: int
    descriptors: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        """Look at a process that lives."""
        pages = int(Path(f'/proc/{pid}/statm').read_text().split()[1])
        return cls(
            pages * os.sysconf('SC_PAGE_SIZE') / 1e6,
            len(list(Path(f'/proc/{pid}/task').iterdir())),
            len(list(Path(f'/proc/{pid}/fd').iterdir())),
        )


class Watcher(Client):
    """
    Watches; it only acts by looking.

    :ivar largest_gap_s: between two diagnostics of the node, configured or not
    :ivar people: in the newest landmarks
    """

    def __init__(self, name: str) -> None:
        """
        Begin to watch.

        :param name: of the node
        """
        super().__init__(Random(0))
        self.largest_gap_s = 0.0
        self.reports = self.people = 0
        self._name = name
        self._since_s: float | None = None  # the last report
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._take_report, 50)
        self.node.create_subscription(
            PoseLandmarksArray, f'{name}/landmarks', self._take_landmarks, 10
        )

    def actions(self) -> dict[Callable[[], Any], float]:
        """See Client."""
        return {self.look: 1}

    def pause_s(self) -> float:
        """See Client."""
        return 0.2

    def look(self) -> None:
        """Look at the clock."""
        if self._since_s is not None:
            self.largest_gap_s = max(self.largest_gap_s, monotonic() - self._since_s)

    def _take_report(self, message: DiagnosticArray) -> None:
        if any(self._name in status.name for status in message.status):
            self.look()
            self.reports += 1
            self._since_s = monotonic()

    def _take_landmarks(self, message: PoseLandmarksArray) -> None:
        self.people = len(message.poses)
