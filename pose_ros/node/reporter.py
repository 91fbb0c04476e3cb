# SPDX-License-Identifier: Apache-2.0
"""Publishes `/diagnostics` once a second, and logs what goes wrong when it begins."""

from __future__ import annotations

from time import monotonic
from typing import Any, Protocol

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.clock import Clock
from rclpy.qos import QoSProfile

from pose_ros.following.positions import Positions
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.image_input import ImageInput
from pose_ros.outputs.diagnostics import Diagnostics
from pose_ros.outputs.health import STUCK_S, NodeStatus, Problem, judge
from pose_ros.rclpy_tools.throttle import Throttle
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream

__all__ = ['PERIOD_S', 'Reporter']

PERIOD_S = 1.0
LOG_PERIOD_S = 10.0  # a problem that comes and goes is logged again after this time at the soonest
SILENCE = 'silence'
LOGGED_ELSEWHERE = ('faults', 'images', 'transition')  # when it happened, with what was wrong


class _Reported(Protocol):
    """The node, as far as it is reported on."""

    last_failure: str

    @property
    def settings(self) -> Parameters: ...

    @property
    def images(self) -> ImageInput | None: ...

    @property
    def depths(self) -> ImageInput | None: ...

    def replace_stuck_stream(self) -> None: ...

    def __getattr__(self, name: str) -> Any: ...  # and what every node has


class _Configured(Protocol):
    """What the node has from configure to cleanup, as far as it is reported on."""

    stream: PoseStream
    positions: Positions


class Reporter:
    """Reports once a second, active or not; to be destroyed after use."""

    def __init__(
        self,
        node: _Reported,
        steady_clock: Clock,
        configured: _Configured,
        faults: FaultLog,
    ) -> None:
        """
        Start reporting.

        :param steady_clock: for the timer
        :param faults: takes what goes wrong while reporting; the next report is on time
        """
        self._node, self._configured = node, configured
        self._faults = faults
        self._throttle = Throttle(first_s=LOG_PERIOD_S)
        self._present: set[str] = set()
        self._logged: set[str] = set()  # of those present
        self._images_came = False
        self._diagnostics = Diagnostics(
            node.get_fully_qualified_name(), node.resolve_topic_name('image'), monotonic()
        )
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
            counters = self._configured.stream.counters
            status, now_s = self._status(), monotonic()
            period = self._diagnostics.period(counters, now_s)
            problems = judge(counters, period, status, self._node.settings.limits())
            self._publisher.publish(
                self._diagnostics.write(
                    counters, period, status, problems, self._node.get_clock().now().to_msg()
                )
            )
            self._log(problems, status)
        with self._faults.guard('watchdog'):
            self._watch()

    def _status(self) -> NodeStatus:
        images, depths, stream = self._node.images, self._node.depths, self._configured.stream
        report = self._configured.positions.report
        words = report.text or 'known'
        if images is None or depths is None:
            return NodeStatus(
                str(stream.options.model),
                stream.options.running_mode.value,
                positions=words,
                engine=stream.engine,
                masks=stream.masks,
                failure=self._node.last_failure,
            )
        return NodeStatus(
            str(stream.options.model),
            stream.options.running_mode.value,
            active=True,
            topic=images.topic,
            publishers=images.publisher_count,
            silence_s=images.thread.silence_s,
            interval_s=images.thread.interval_s,
            silence=images.explain_silence(),
            depth_silence_s=depths.thread.silence_s if depths.publisher_count else 0.0,
            depth_interval_s=depths.thread.interval_s,
            depth_silence=depths.explain_silence(),
            working_s=images.thread.working_s,
            positions=words,
            is_position_misfit=report.is_misfit,
            engine=stream.engine,
            masks=stream.masks,
        )

    def _log(self, problems: list[Problem], status: NodeStatus) -> None:
        """Say what begins to be wrong, and once when images come."""
        for problem in problems:
            is_new = problem.kind not in self._present | set(LOGGED_ELSEWHERE)
            if is_new and self._throttle.allows(problem.kind):
                self._logged.add(problem.kind)
                self._node.get_logger().warning(problem.text)
        present = {problem.kind for problem in problems}
        images = self._node.images
        if images and images.thread.has_taken and not present & {SILENCE}:
            if SILENCE in self._logged or not self._images_came:
                again = ' again' if self._images_came else ''
                self._node.get_logger().info(f'images arrive on {status.topic}{again}')
            self._images_came = True
        self._present = present
        self._logged &= present

    def _watch(self) -> None:
        """Help a thread that died, or that is stuck, to go on."""
        images = self._node.images
        if images is None:
            return
        if images.thread.revive():
            self._node.get_logger().error("the images' thread had died, and was started again")
        elif images.thread.working_s >= STUCK_S:
            self._node.replace_stuck_stream()
