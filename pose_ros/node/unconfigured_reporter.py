# SPDX-License-Identifier: Apache-2.0
"""Reports in `/diagnostics` once a second that the node is not configured, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.timer import Timer

from pose_ros.node.fault_log import FaultLog
from pose_ros.node.reporter import PERIOD_S
from pose_ros.node.start import waiting
from pose_ros.outputs.diagnostics import write_status
from pose_ros.outputs.health import ERROR, WARN
from pose_ros.rclpy_tools.lifecycle import commands_to_active

__all__ = ['UnconfiguredReporter']


class UnconfiguredReporter:
    """Reports from `begin` to `end`; a `Reporter` does it while the node is configured."""

    def __init__(
        self, node: Any, steady_clock: Clock, problems: Mapping[str, str], faults: FaultLog
    ) -> None:
        """
        Report nothing yet.

        :param node: the PoseNode
        :param steady_clock: for the timer
        :param problems: what is wrong with a parameter, by its name; may change
        :param faults: takes what goes wrong while reporting
        """
        self._node, self._steady_clock = node, steady_clock
        self._problems, self._faults = problems, faults
        self._running: tuple[Publisher, Timer] | None = None

    def begin(self) -> None:
        """Report from now on. Idempotent."""
        if self._running is None:
            self._running = (
                self._node.create_publisher(DiagnosticArray, '/diagnostics', QoSProfile(depth=10)),
                self._node.create_timer(PERIOD_S, self._report, clock=self._steady_clock),
            )

    def end(self) -> None:
        """Report no more. Idempotent."""
        running, self._running = self._running, None
        if running:
            publisher, timer = running
            self._node.destroy_timer(timer)
            self._node.destroy_publisher(publisher)

    def _report(self) -> None:
        if self._running is None:
            return
        with self._faults.guard('diagnostics'):
            level, message = self._judge()
            self._running[0].publish(
                write_status(
                    self._node.get_fully_qualified_name(),
                    self._node.resolve_topic_name('image'),
                    level,
                    f'unconfigured: {message}',
                    self._node.get_clock().now().to_msg(),
                )
            )

    def _judge(self) -> tuple[bytes, str]:
        wrong = self._node.last_failure or '; '.join(self._problems.values())
        if wrong:
            how_to_start = commands_to_active(self._node.get_fully_qualified_name())
            return ERROR, f'{wrong}; when the cause is repaired: {how_to_start}'
        return WARN, waiting(self._node)
