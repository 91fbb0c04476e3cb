# SPDX-License-Identifier: Apache-2.0
"""What was asked for and cannot be had is said: in the log, and in the diagnostics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from numpy.typing import NDArray
import pytest
import rclpy
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from simulation.ros_world import World, image_message, parameters

WARN = DiagnosticStatus.WARN
TRANSIENT_LOCAL = 'transient_local'


def qos_overrides(durability: dict[str, str]) -> dict[str, str]:
    return {
        f'qos_overrides./{topic}.subscription.durability': value
        for topic, value in durability.items()
    }


@pytest.fixture(autouse=True)
def lite(models: dict[str, Path]) -> Path:
    return models['lite']


@pytest.fixture
def small(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(astronaut[:256, :256])


def active_node(ros: World, **values: Any) -> PoseNode:
    values = {'model': 'lite', 'silence_warn': 600.0, 'silence_error': 600.0, **values}
    node = ros.add(PoseNode(parameter_overrides=parameters(**values)))
    node.trigger_configure()
    node.trigger_activate()
    return node


@pytest.fixture
def other(ros: World) -> Iterator[Node]:
    """A node whose topics may have other types: in a participant of its own."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node('other', context=context)
    yield node
    node.destroy_node()
    context.shutdown()


class Camera:
    def __init__(self, ros: World, node: PoseNode, rgb: NDArray[np.uint8]) -> None:
        self.ros, self.node, self.rgb = ros, node, rgb
        self.publisher = ros.node.create_publisher(Image, 'image', 10)
        ros.until(self.publisher.get_subscription_count)

    def send(self, stamp_ns: int) -> None:
        counters = self.node.counters
        assert counters
        before = counters.received
        self.publisher.publish(image_message(self.rgb, stamp_ns))
        self.ros.until(lambda: counters.received > before)


def warned(ros: World, reports: list[DiagnosticArray], words: str) -> None:
    ros.until(
        lambda: any(
            each.status[0].level == WARN and words in each.status[0].message for each in reports
        )
    )


def test_frozen_stamps(
    ros: World, small: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    node = active_node(ros, latency_warn=600.0, latency_error=600.0)
    camera, reports = Camera(ros, node, small), ros.collect(DiagnosticArray, '/diagnostics')
    stamp_ns = time.time_ns()
    for _ in range(30):
        camera.send(stamp_ns)
        ros.spin(0.05)
    warned(ros, reports, 'had the stamp of the image before')
    assert 'had the stamp of the image before' in capfd.readouterr().err


def test_frozen_stamps_in_mode_image_cost_nothing(ros: World, small: NDArray[np.uint8]) -> None:
    node = active_node(ros, running_mode='image')
    camera, poses = Camera(ros, node, small), ros.collect(PoseLandmarksArray, 'pose/landmarks')
    for stamp_ns in (5, 5, 5, 3):
        camera.send(stamp_ns)
    ros.until(lambda: len(poses) == 4)


def test_two_cameras_on_one_topic(
    ros: World, small: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    node = active_node(ros)
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    _cameras = Camera(ros, node, small), Camera(ros, node, small)
    warned(ros, reports, '/image has 2 publishers')
    assert capfd.readouterr().err.count('/image has 2 publishers') == 1


def test_a_node_that_waits_to_be_configured_says_how(
    ros: World, capfd: pytest.CaptureFixture[str]
) -> None:
    ros.add(PoseNode(parameter_overrides=parameters(model='lite')))
    log = capfd.readouterr().err
    assert 'ros2 lifecycle set /pose configure; ros2 lifecycle set /pose activate' in log


@pytest.mark.parametrize('autostart', ['true', 'maybe'])
def test_autostart_that_is_no_bool_is_said_at_the_start(
    ros: World, autostart: str, capfd: pytest.CaptureFixture[str]
) -> None:
    ros.add(PoseNode(parameter_overrides=parameters(autostart=autostart)))
    log = capfd.readouterr().err
    assert 'ERROR' in log
    assert 'autostart' in log
    assert 'ros2 lifecycle set /pose configure; ros2 lifecycle set /pose activate' in log


def test_autostart_that_fails_says_all_that_must_follow(
    ros: World, capfd: pytest.CaptureFixture[str]
) -> None:
    ros.add(PoseNode(parameter_overrides=parameters(model='lite', num_poses=0, autostart=True)))
    ros.spin(0.3)
    log = capfd.readouterr().err
    assert 'num_poses' in log
    assert 'ros2 lifecycle set /pose configure; ros2 lifecycle set /pose activate' in log


def test_a_slow_camera_is_not_silent(
    ros: World, small: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    node = active_node(ros, silence_warn=0.3)
    camera, reports = Camera(ros, node, small), ros.collect(DiagnosticArray, '/diagnostics')
    camera.send(time.time_ns())
    ros.spin(1.2)
    camera.send(time.time_ns())
    reports.clear()
    capfd.readouterr()
    for _ in range(3):
        ros.spin(1.2)
        camera.send(time.time_ns())
    ros.spin(1.2)
    assert len(reports) >= 3
    assert not [each for each in reports if 'no image on' in each.status[0].message]
    assert 'no image on' not in capfd.readouterr().err


def test_the_first_image_does_not_arrive_again(
    ros: World, small: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    node = active_node(ros, silence_warn=0.3)
    said: list[str] = []

    def says(words: str) -> bool:
        said.append(capfd.readouterr().err)
        return words in ''.join(said)

    ros.until(lambda: says('no image on /image'))
    camera = Camera(ros, node, small)

    def sends_and_says(words: str) -> bool:
        camera.send(time.time_ns())
        return says(words)

    ros.until(lambda: sends_and_says('images arrive on /image'))
    assert 'again' not in ''.join(said)


@pytest.mark.parametrize(
    ('override', 'kind', 'words'),
    [
        ({}, Image, 'the QoS fits: is the camera sending'),
        ({'depth': TRANSIENT_LOCAL}, Image, 'cannot be heard'),
        ({}, CompressedImage, 'sensor_msgs/msg/CompressedImage; wanted sensor_msgs/msg/Image'),
    ],
    ids=['nothing sent', 'durability', 'type'],
)
def test_a_silent_depth_topic(
    ros: World,
    other: Node,
    small: NDArray[np.uint8],
    override: dict[str, str],
    kind: type,
    words: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    node = active_node(ros, **qos_overrides(override), silence_warn=1.0)
    other.create_publisher(kind, 'depth', 1)
    camera, reports = Camera(ros, node, small), ros.collect(DiagnosticArray, '/diagnostics')

    def is_said() -> bool:
        camera.send(time.time_ns())
        messages = [each.status[0].message for each in reports]
        return any('no image on /depth' in each and words in each for each in messages)

    ros.until(is_said)
    assert capfd.readouterr().err.count('no image on /depth') == 1


def test_a_camera_without_depth_is_not_silent(ros: World, small: NDArray[np.uint8]) -> None:
    node = active_node(ros, silence_warn=0.5)
    camera, reports = Camera(ros, node, small), ros.collect(DiagnosticArray, '/diagnostics')
    for _ in range(30):
        camera.send(time.time_ns())
        ros.spin(0.1)
    assert reports
    assert not [each for each in reports if 'depth' in each.status[0].message]


@pytest.mark.parametrize(
    ('override', 'offered', 'words'),
    [
        ({'image': TRANSIENT_LOCAL}, QoSProfile(depth=1), 'cannot be heard'),
        (
            {},
            QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL),
            'the QoS fits: is the camera sending',
        ),
    ],
    ids=['durability', 'fits'],
)
def test_silence_is_explained_by_the_whole_qos(
    ros: World, override: dict[str, str], offered: QoSProfile, words: str
) -> None:
    active_node(ros, **qos_overrides(override), silence_warn=0.5)
    ros.node.create_publisher(Image, 'image', offered)
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    warned(ros, reports, words)
