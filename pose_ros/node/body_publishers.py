# SPDX-License-Identifier: Apache-2.0
"""
Publishes the topics that REP-155 (ROS4HRI) has for bodies.

In REP-155 each body has topics of its own: publishers come and go with the people. The images'
thread only publishes. The executor creates and destroys publishers, because it iterates over
those of the node: a body's first region and skeleton come with the frame after its first one.
"""

from __future__ import annotations

from importlib import import_module
from threading import Lock
from time import monotonic
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import (
    Node,
    PublisherEventCallbacks,  # whose module is another one in Humble
)
from rclpy.publisher import Publisher
from std_msgs.msg import Header

from pose_ros.node.fault_log import FaultLog
from pose_ros.outputs.hri import BODIES, keypoints, regions
from pose_ros.outputs.hri_frames import BodyIds
from pose_ros.poses.poses import UNTRACKED, Poses
from pose_ros.rclpy_tools.last_words import wait_until_heard

__all__ = ['BodyPublishers', 'import_hri_msgs']

TRACKED = f'{BODIES}/tracked'
DEPTH = 1  # of every topic's history
CHECK_PERIOD_S = 0.5
STAGE = 'hri'  # of faults and conditions


class BodyPublishers:
    """
    Publishes who is there, and each one's region and 2D skeleton; to be destroyed after use.

    There can be one list of bodies only: while another node publishes it, this one is silent.
    When two have begun at the same time, the one whose name comes first goes on.
    """

    def __init__(
        self,
        node: Node,
        ids: BodyIds,
        timeout_s: float,
        faults: FaultLog,
        conditions: dict[str, str],
    ) -> None:
        """
        Create the publisher of the list, unless another node has one.

        :param ids: of the bodies
        :param timeout_s: after so long without a frame nobody is tracked
        :param faults: takes what goes wrong in the executor
        :param conditions: has, while another node publishes the list, what to do
        :raises ImportError: when there is no hri_msgs; its text says what to do
        """
        self._messages = import_hri_msgs()
        self._node, self._ids, self._faults = node, ids, faults
        self._conditions, self.timeout_s = conditions, timeout_s
        self._roi = self._messages.NormalizedRegionOfInterest2D()
        self._skeleton = self._messages.Skeleton2D()
        self._lock = Lock()  # around what follows, and around publishing
        self._tracked: Publisher | None = None
        self._bodies: dict[str, tuple[Publisher, Publisher]] = {}  # of region and skeleton
        self._present: tuple[str, ...] = ()
        self._header, self._published_s = Header(), 0.0
        self._check_list()
        self._bodies_changed = node.create_guard_condition(self._on_bodies_changed)
        self._timer = node.create_timer(
            CHECK_PERIOD_S, self._check, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    @property
    def is_silent(self) -> bool:
        """Whether another node publishes the list of bodies."""
        return self._tracked is None

    def publish(self, poses: Poses, header: Header) -> None:
        """
        Publish one frame; who is not in it, or has no track id, is no longer tracked.

        May be called on any thread.

        :param header: the image's own
        """
        tracked = poses.track_ids != UNTRACKED
        present = tuple(map(self._ids, poses.track_ids[tracked].tolist()))
        with self._lock:
            self._present, self._header, self._published_s = present, header, monotonic()
            if self._tracked is None:
                return
            self._tracked.publish(self._messages.IdsList(header=header, ids=list(present)))
            rows = zip(present, regions(poses)[tracked], keypoints(poses)[tracked], strict=True)
            for body, region, points in rows:
                if body in self._bodies:
                    self._publish_body(self._bodies[body], region.tolist(), points.tolist())
            is_changed = self._bodies.keys() != set(present)
        if is_changed:
            self._bodies_changed.trigger()

    def _publish_body(
        self,
        publishers: tuple[Publisher, Publisher],
        region: list[float],
        points: list[list[float]],
    ) -> None:
        roi, skeleton = self._roi, self._skeleton
        roi.header = skeleton.header = self._header
        roi.xmin, roi.ymin, roi.xmax, roi.ymax, roi.c = region
        for point, row in zip(skeleton.skeleton, points, strict=True):
            point.x, point.y, point.c = row
        for publisher, message in zip(publishers, (roi, skeleton), strict=True):
            publisher.publish(message)

    def clear(self) -> None:
        """Publish that nobody is tracked, with the header of the last frame."""
        with self._lock:
            self._present = ()
            if self._tracked is not None:
                self._tracked.publish(self._messages.IdsList(header=self._header))
        self._update_bodies()

    def destroy(self) -> None:
        """Publish that nobody is tracked, and destroy the publishers."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_guard_condition(self._bodies_changed)
        self._conditions.pop(STAGE, None)
        self._be_silent()

    def _on_bodies_changed(self) -> None:
        with self._faults.guard(STAGE):
            self._update_bodies()

    def _update_bodies(self) -> None:
        """Create and destroy publishers, so that they are those of the bodies that are there."""
        with self._lock:
            wanted = set() if self._tracked is None else set(self._present)
            gone = [self._bodies.pop(body) for body in self._bodies.keys() - wanted]
            new = wanted - self._bodies.keys()
        for publisher in (each for publishers in gone for each in publishers):
            self._node.destroy_publisher(publisher)
        created = {
            body: (
                self._create(type(self._roi), f'{BODIES}/{body}/roi'),
                self._create(type(self._skeleton), f'{BODIES}/{body}/skeleton2d'),
            )
            for body in new
        }
        with self._lock:
            self._bodies |= created

    def _create(self, message_type: type, topic: str) -> Publisher:
        # The node's plain publishers: a lifecycle publisher that is created while its node is
        # active stays silent.
        return self._node.create_publisher(
            message_type,
            topic,
            DEPTH,
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
        )

    def _check(self) -> None:
        with self._faults.guard(STAGE):
            silence_s = monotonic() - self._published_s
            if self._present and silence_s > max(self.timeout_s, CHECK_PERIOD_S):
                self.clear()
            self._check_list()

    def _check_list(self) -> None:
        """See that one node publishes the list, and say so while it is another one."""
        own = self._node.get_fully_qualified_name()
        names = [
            f'{info.node_namespace.rstrip("/")}/{info.node_name}'
            for info in self._node.get_publishers_info_by_topic(TRACKED)
        ]
        if self._tracked is not None and own in names:
            names.remove(own)
        if not names:
            self._conditions.pop(STAGE, None)
            if self._tracked is None:
                tracked = self._create(self._messages.IdsList, TRACKED)
                with self._lock:
                    self._tracked = tracked
            return
        is_silent = self._tracked is None or min(names) <= own
        self._conditions[STAGE] = f'{min(names)} publishes {TRACKED} too: ' + (
            'this node publishes no bodies meanwhile' if is_silent else 'two lists take turns'
        )
        self._conditions[STAGE] += '. Set hri to false in all nodes but one'
        if is_silent and self._tracked is not None:
            self._be_silent()

    def _be_silent(self) -> None:
        self.clear()
        with self._lock:
            tracked, self._tracked = self._tracked, None
        self._update_bodies()
        if tracked is not None:
            wait_until_heard(tracked)
            self._node.destroy_publisher(tracked)


def import_hri_msgs() -> Any:
    """
    Return the module of the messages.

    :raises ImportError: when there is none; its text says what to do
    """
    try:
        return import_module('hri_msgs.msg')
    except ImportError as error:
        raise ImportError(
            f'hri needs the ROS package hri_msgs ({error}): sudo apt install '
            'ros-$ROS_DISTRO-hri-msgs (where there is none: build https://github.com/ros4hri/'
            'hri_msgs, branch humble-devel, in the workspace), or set hri to false'
        ) from error
