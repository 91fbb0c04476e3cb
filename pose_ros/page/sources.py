# SPDX-License-Identifier: Apache-2.0
"""Keeps one `Source` for each pose node in the graph, as they come and go."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray

from pose_ros.page.graph import PoseNodes
from pose_ros.page.ros_thread import RosThread
from pose_ros.page.source import Source

__all__ = ['Sources']

POLL_PERIOD_S = 1.0
STATUS_NAME = ': pose landmarker'  # behind the node's name, in its diagnostics


class Sources:
    """
    All pose nodes that are seen.

    :ivar by_name: of the pose nodes; replaced, never changed: may be read on any thread
    :ivar lifecycle: all lifecycle nodes; likewise
    :ivar also: those of them that are pose nodes, though they publish nothing
    """

    def __init__(self, ros: RosThread, quality: int) -> None:
        """
        Start to look.

        :param quality: of the JPEGs, 1-100
        """
        self._ros, self._quality = ros, quality
        self.by_name: dict[str, Source] = {}
        self.lifecycle: frozenset[str] = frozenset()
        self.also: set[str] = set()
        ros.run(
            lambda: ros.node.create_subscription(
                DiagnosticArray, '/diagnostics', self._on_diagnostics, 10
            )
        )
        ros.run(self._look)
        ros.every(POLL_PERIOD_S, self._look)

    def close(self) -> None:
        """Look away from everything."""
        for source in self.by_name.values():
            source.close()

    def _look(self) -> None:
        found = PoseNodes.look(self._ros.node)
        self.lifecycle = found.lifecycle
        names = found.publishing | (self.also & found.lifecycle)
        for name in self.by_name.keys() - names:
            self.by_name[name].close()
        self.by_name = {
            name: self.by_name.get(name) or Source(self._ros.node, name, self._quality)
            for name in sorted(names)
        }
        for source in self.by_name.values():
            source.follow()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            name = status.name.removesuffix(STATUS_NAME)
            if name != status.name and name in self.by_name:
                self.by_name[name].hear(status, message)
