# SPDX-License-Identifier: Apache-2.0
"""Masks of a running node, over DDS: they come and go with their subscriber, and nothing else."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from pose_ros.detection.successor import WARM_UP_FRAMES
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from pose_ros.stream import mask_switch
from simulation.ros_world import World, image_message

SECOND = 1_000_000_000
RATE_HZ = 30
FIRST_NS = 100 * SECOND
MOST_JUMP = 0.05  # of the image, of the median landmark from frame to frame


class Camera:
    """
    Films at RATE_HZ a woman who sways, and waits for the node where the machine is too slow.

    So an image without landmarks is the node's fault.
    """

    def __init__(self, ros: World, astronaut: NDArray[np.uint8]) -> None:
        self._publisher = ros.node.create_publisher(Image, 'image', QoSProfile(depth=5))
        self._landmarks = ros.collect(PoseLandmarksArray, 'pose/landmarks', depth=500)
        self._picture, self.sent = astronaut, 0
        ros.until(self._publisher.get_subscription_count)
        ros.node.create_timer(1 / RATE_HZ, self._film)

    @property
    def landmarks(self) -> list[Any]:
        return self._landmarks

    def _film(self) -> None:
        if self.sent == len(self._landmarks):
            way = abs(self.sent % 40 - 20) * 2
            shown = np.ascontiguousarray(self._picture[:, way : way + 448])
            stamp_ns = FIRST_NS + self.sent * SECOND // RATE_HZ
            self.sent += 1
            self._publisher.publish(image_message(shown, stamp_ns))


def stamp_ns(message: Any) -> int:
    return message.header.stamp.sec * SECOND + message.header.stamp.nanosec


def assert_nothing_happened(landmarks: list[Any]) -> None:
    """Every frame has its landmarks, of the same person, and she jumps nowhere."""
    wanted_ns = [FIRST_NS + index * SECOND // RATE_HZ for index in range(len(landmarks))]
    assert [stamp_ns(each) for each in landmarks] == wanted_ns
    assert [[each.track_id for each in found.poses] for found in landmarks] == [[1]] * len(
        landmarks
    )
    points = np.array(
        [[(each.x, each.y) for each in found.poses[0].landmarks[:25]] for found in landmarks]
    )
    seen = np.array(
        [[each.visibility > 0.5 for each in found.poses[0].landmarks[:25]] for found in landmarks]
    )
    jumps = np.linalg.norm(np.diff(points, axis=0), axis=2)
    median_jumps = np.nanmedian(np.where(seen[1:], jumps, np.nan), axis=1)
    assert median_jumps.max() < MOST_JUMP, median_jumps


def masks_of(reports: list[Any]) -> str:
    [status] = reports[-1].status
    return next(each.value for each in status.values if each.key == 'masks')


def test_masks_come_and_go_with_their_subscriber_and_landmarks_flow(
    ros: World,
    pose_node: PoseNode,
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mask_switch, 'HOLD_S', 1.0)
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    camera = Camera(ros, astronaut)
    ros.until(lambda: len(camera.landmarks) > 30)
    ros.until(lambda: reports and masks_of(reports) == 'nobody subscribes')

    before, masks = camera.sent, list[Image]()
    subscription = ros.node.create_subscription(Image, 'pose/mask', masks.append, 50)
    ros.until(lambda: len(masks) > 10)
    first_ns = stamp_ns(masks[0])
    assert first_ns >= FIRST_NS + (before + WARM_UP_FRAMES) * SECOND // RATE_HZ
    assert all(max(each.data) > 200 for each in masks)
    ros.until(lambda: masks_of(reports) == 'computed')

    ros.node.destroy_subscription(subscription)
    ros.until(lambda: masks_of(reports) == 'nobody subscribes')
    after = len(camera.landmarks)
    ros.until(lambda: len(camera.landmarks) > after + 10)
    assert_nothing_happened(camera.landmarks)
    assert not pose_node.counters.conditions


def test_a_subscriber_that_comes_and_goes_keeps_the_masks(
    ros: World, pose_node: PoseNode, astronaut: NDArray[np.uint8]
) -> None:
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    camera = Camera(ros, astronaut)
    ros.until(lambda: len(camera.landmarks) > 10)
    for _ in range(4):
        masks = list[Image]()
        subscription = ros.node.create_subscription(Image, 'pose/mask', masks.append, 50)
        ros.until(lambda: masks)  # noqa: B023
        ros.node.destroy_subscription(subscription)
        reports.clear()
        ros.until(lambda: reports)
        assert masks_of(reports) == 'computed'
    assert_nothing_happened(camera.landmarks)
