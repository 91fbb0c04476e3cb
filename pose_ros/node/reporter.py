# SPDX-License-Identifier: Apache-2.0
"""Publishes `/diagnostics` once a second, and logs a line when images stay away."""

from __future__ import annotations

from time import monotonic
from typing import Any, Protocol

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.qos import QoSProfile

from pose_ros.following.positions import Positions
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.image_input import ImageInput
from pose_ros.outputs.diagnostics import Diagnostics, NodeStatus
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream

__all__ = ['Reporter']

PERIOD_S = 1.0


class _Reported(Protocol):
    """The node, as far as it is reported on."""

    @property
    def settings(self) -> Parameters: ...

    @property
    def images(self) -> ImageInput | None: ...

    def __getattr__(self, name: str) -> Any: ...  # and what every node has


class Reporter:
    """Reports once a second, active or not; to be destroyed after use."""

    def __init__(
        self,
        node: _Reported,
        steady_clock: Clock,
        stream: PoseStream,
        positions: Positions,
        faults: FaultLog,
    ) -> None:
        """
        Start reporting.

        :param steady_clock: for the timer
        :param faults: takes what goes wrong while reporting; the next report is on time
        """
        self._node, self._stream, self._positions = node, stream, positions
        self._faults = faults
        self._silent = False
        self._diagnostics = Diagnostics(node.get_fully_qualified_name(), monotonic())
        self._publisher = node.create_publisher(
            DiagnosticArray, '/diagnostics', QoSProfile(depth=10)
        )
        self._timer = node.create_timer(PERIOD_S, self._report, clock=steady_clock)

    def destroy(self) -> None:
        """Stop reporting."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)

    def _report(self) -> None:
        with self._faults.guard('diagnostics'):
            status = self._status()
            if status.active:
                self._log_silence(status)
            self._publisher.publish(
                self._diagnostics.write(
                    self._stream.counters,
                    status,
                    self._node.settings.limits(),
                    monotonic(),
                    self._node.get_clock().now().to_msg(),
                )
            )

    def _status(self) -> NodeStatus:
        images = self._node.images
        return NodeStatus(
            model=str(self._stream.options.model),
            running_mode=self._stream.options.running_mode.value,
            active=images is not None,
            topic=images.topic if images else '',
            silence_s=images.silence_s if images else 0.0,
            silence=images.explain_silence() if images else '',
            positions=self._positions.problem or 'known',
        )

    def _log_silence(self, status: NodeStatus) -> None:
        """Say it once when images stay away, and once when they come back."""
        silent = status.silence_s >= self._node.settings.silence_warn
        if silent and not self._silent:
            self._node.get_logger().warning(status.silence)
        elif self._silent and not silent:
            self._node.get_logger().info(f'images arrive on {status.topic} again')
        self._silent = silent
