# SPDX-License-Identifier: Apache-2.0
"""The configured node's counters in, `/diagnostics` and a line in the log about silence out."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import QoSProfile

from pose_ros.following.positions import Positions
from pose_ros.node.image_input import ImageInput
from pose_ros.node.image_stream import Pipeline
from pose_ros.node.parameters import Parameters
from pose_ros.outputs.diagnostics import Diagnostics, NodeStatus

__all__ = ['Reporter']

PERIOD_S = 1.0


class Reporter:
    """Reports once a second, active or not; to be destroyed after use."""

    def __init__(
        self,
        node: Node,
        steady: Clock,
        pipeline: Pipeline,
        positions: Positions,
        situation: Callable[[], tuple[Parameters, ImageInput | None]],
    ) -> None:
        """
        Start reporting.

        :param steady: for the timer
        :param situation: gives the present parameters and, while active, the input
        """
        self._node, self._situation = node, situation
        self._pipeline, self._positions = pipeline, positions
        self._silent = False
        self._diagnostics = Diagnostics(node.get_fully_qualified_name(), monotonic())
        self._publisher = node.create_publisher(
            DiagnosticArray, '/diagnostics', QoSProfile(depth=10)
        )
        self._timer = node.create_timer(PERIOD_S, self._report, clock=steady)

    def destroy(self) -> None:
        """Stop reporting."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_publisher(self._publisher)

    def _report(self) -> None:
        parameters, source = self._situation()
        silence = source.explain_silence() if source else ''
        if source:
            self._log_silence(source.silence_s >= parameters.silence_warn, silence, source.topic)
        self._publisher.publish(
            self._diagnostics.write(
                self._pipeline.counters,
                NodeStatus(
                    model=str(self._pipeline.options.model),
                    running_mode=parameters.running_mode,
                    active=source is not None,
                    topic=source.topic if source else '',
                    silence_s=source.silence_s if source else 0.0,
                    silence=silence,
                    positions=self._positions.problem or 'known',
                ),
                parameters.limits(),
                monotonic(),
                self._node.get_clock().now().to_msg(),
            )
        )

    def _log_silence(self, silent: bool, silence: str, topic: str) -> None:
        """Say it once when images stay away, and once when they come back."""
        if silent and not self._silent:
            self._node.get_logger().warning(silence)
        elif self._silent and not silent:
            self._node.get_logger().info(f'images arrive on {topic} again')
        self._silent = silent
