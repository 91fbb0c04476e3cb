# SPDX-License-Identifier: Apache-2.0
"""
Publishes what was found in a frame: the landmarks first, the rest for whoever subscribes.

All but the landmarks is made on the outputs' thread, while MediaPipe works on the next frame: it
takes one core and holds no lock of Python's. So are the landmarks while images wait. The thread
has one frame at most; who changes or destroys what it uses waits for it.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.node import PublisherEventCallbacks  # whose module is another one in Humble
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from std_msgs.msg import Header

from pose_ros.detection.counters import Counters
from pose_ros.following.people import People
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.name_prefix import namespace_prefix
from pose_ros.node.world_publishers import WorldPublishers
from pose_ros.outputs.markers import SkeletonMarkers
from pose_ros.poses.poses import Poses
from pose_ros.rclpy_tools.last_words import wait_until_heard
from pose_ros.stream.frame_result import FrameResult
from pose_ros.stream.output_frame import OutputFrame
from pose_ros.stream.outputs import LANDMARKS, PUBLISHED, Output
from pose_ros.stream.parameters import Parameters

__all__ = ['Publishers']

MARKERS = 'markers'


class Publishers:
    """The publishers of one configured node; to be destroyed after use."""

    def __init__(
        self,
        node: LifecycleNode,
        parameters: Parameters,
        counters: Counters,
        people: People,
        faults: FaultLog,
    ) -> None:
        """
        Create the publishers; they publish while the node is active.

        :param people: follows them from frame to frame
        :param faults: takes what an output fails with; the other outputs go on
        :raises ImportError: see WorldPublishers
        :raises RuntimeError: when the system has no thread for the outputs
        """
        self._node, self._counters, self._people = node, counters, people
        self._faults, self._parameters = faults, parameters
        self._skeletons = SkeletonMarkers(namespace_prefix(node))
        self._header = Header()
        self._thread = ThreadPoolExecutor(1, 'outputs')
        self._rest: Future[Any] = self._thread.submit(int)  # starts the thread, here and now
        self._landmarks: Future[Any] = self._rest
        self._world = WorldPublishers(node, parameters, faults, counters.conditions)
        # The executor would ask for each publisher's events whenever it waits, which costs 0.1 ms
        # a frame. Of a QoS that does not fit, the subscriber is told by its own side.
        create = partial(
            node.create_lifecycle_publisher,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
        )
        self._publishers = {
            output.name: create(output.message_type, output.topic, QoSProfile(depth=output.depth))
            for output in PUBLISHED
        }

    def set_parameters(self, parameters: Parameters) -> None:
        """
        Use these parameters from now on.

        :raises ImportError: see WorldPublishers; the old ones go on
        """
        self.wait()
        self._world.set_parameters(parameters)
        self._parameters = parameters

    def activate(self) -> None:
        """Publish where people are in the world, too. To be called in the executor."""
        self._world.activate()

    def wants_masks(self) -> bool:
        """Whether somebody subscribes to an output that needs segmentation masks."""
        return any(
            output.uses_masks(self._parameters) and self._has_subscriber(output)
            for output in PUBLISHED
        )

    def publish(self, found: FrameResult, in_background: bool = False) -> None:
        """
        Publish what was found in one frame: the landmarks now, the rest on the outputs' thread.

        :param in_background: the landmarks on that thread, too, unless it is still at work
        """
        self._landmarks.exception()  # those of the frame before are out first
        if in_background and self._rest.done():
            self._landmarks = self._thread.submit(self._publish_landmarks, found)
            self._rest = self._thread.submit(self._publish_after, self._landmarks)
            return
        source = self._publish_landmarks(found)
        if any(output.is_lazy and self._has_subscriber(output) for output in PUBLISHED):
            self._rest.exception()
            self._rest = self._thread.submit(self._publish_rest, source)

    def _publish_landmarks(self, found: FrameResult) -> OutputFrame:
        frame, header = found.frame, found.frame.header
        self._header = header
        source = OutputFrame(
            frame,
            self._followed(found),
            found.time_ns,
            self._parameters,
            self._people,
            self._skeletons,
            found.has_masks,
        )
        self._publish(LANDMARKS, source)
        if frame.stamp_ns > 0:
            now_ns = self._node.get_clock().now().nanoseconds
            self._counters.latency_ms.append((now_ns - frame.stamp_ns) / 1e6)
        self._world.publish(source.poses, header, found.time_ns)
        return source

    def _publish_after(self, landmarks: Future[OutputFrame]) -> None:
        with self._faults.guard('outputs'):
            self._publish_rest(landmarks.result())

    def wait(self) -> None:
        """Return when all that belongs to the frames before is published."""
        self._rest.exception()  # behind the landmarks on the same thread

    def clear(self) -> None:
        """Tell RViz and ROS4HRI that nobody is there."""
        self.wait()
        with self._faults.guard(MARKERS):
            self._publishers[MARKERS].publish(self._skeletons.clear(self._header))
        self._world.clear()

    def destroy(self) -> None:
        """Destroy the publishers, and end the thread."""
        self._thread.shutdown()
        wait_until_heard(self._publishers[MARKERS])
        for publisher in self._publishers.values():
            self._node.destroy_lifecycle_publisher(publisher)
        self._world.destroy()

    def _followed(self, found: FrameResult) -> Poses:
        """Return the people followed; as they were found, when that fails."""
        try:
            return self._people.follow(found.frame, found.poses, found.time_ns)
        except Exception as error:
            self._faults.report('following', error)
            return found.poses

    def _publish_rest(self, source: OutputFrame) -> None:
        for output in PUBLISHED:
            if not output.is_lazy or output.waits_for_masks(source):
                continue
            if self._has_subscriber(output):
                self._publish(output, source)
                self._counters.outputs[output.name] += 1

    def _publish(self, output: Output, source: OutputFrame) -> None:
        with self._faults.guard(output.name):
            self._publishers[output.name].publish(output.make(source))

    def _has_subscriber(self, output: Output) -> bool:
        return self._publishers[output.name].get_subscription_count() > 0
