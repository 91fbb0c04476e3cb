# SPDX-License-Identifier: Apache-2.0
"""Takes the depth images of one camera on a thread of its own, while the landmarker is at work."""

from __future__ import annotations

from pose_ros.following.positions import Positions
from pose_ros.node.fault_log import FaultLog
from pose_ros.rclpy_tools.topic_thread import TopicThread
from pose_ros.stream.serialized import read_message

__all__ = ['DepthStream']


class DepthStream(TopicThread):
    """The thread of the depth images: hands each to who places people."""

    def __init__(self, positions: Positions, faults: FaultLog) -> None:
        """Wait for nothing yet."""
        super().__init__('depth')
        self._positions, self._faults = positions, faults

    def work(self) -> None:
        """Hand on what waits."""
        while taken := self.take():
            with self._faults.guard('depth'):
                depth = read_message(taken.serialized, taken.message_type)
                self._positions.take_depth(depth)

    def failed(self, error: Exception) -> None:
        """Report what nobody expected."""
        self._faults.report('depth', error)
