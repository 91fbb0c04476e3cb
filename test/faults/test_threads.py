# SPDX-License-Identifier: Apache-2.0
"""No fault ends a thread for good, leaves a pause open, or hangs the executor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
import threading
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.picture import Picture
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node import reporter
from pose_ros.node.image_stream import ImageStream
from pose_ros.node.node import PoseNode
from pose_ros.outputs import health
from pose_ros.rclpy_tools import topic_thread
from simulation.ros_world import World, image_message, parameters

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


@pytest.fixture
def node(ros: World, models: dict[str, Path]) -> PoseNode:
    node = ros.add(
        PoseNode(
            parameter_overrides=parameters(
                model=str(models['lite']), silence_warn=0.5, silence_error=600.0
            )
        )
    )
    node.trigger_configure()
    node.trigger_activate()
    return node


class Camera:
    def __init__(self, ros: World, rgb: NDArray[np.uint8]) -> None:
        self.ros, self.rgb = ros, rgb
        self.poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
        self.publisher = ros.node.create_publisher(Image, 'image', 10)
        ros.until(self.publisher.get_subscription_count)

    def send(self) -> None:
        self.publisher.publish(image_message(self.rgb, time.time_ns()))

    def shoot(self) -> None:
        """Send images until one comes back with poses."""
        count = len(self.poses)
        for _ in range(100):
            self.send()
            self.ros.spin(0.1)
            if len(self.poses) > count:
                return
        raise AssertionError('no poses came back')


@pytest.fixture
def camera(ros: World, node: PoseNode, astronaut: NDArray[np.uint8]) -> Camera:
    return Camera(ros, astronaut)


def test_a_fault_after_the_last_image_ends_nothing(
    node: PoseNode, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: ImageStream) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(ImageStream, 'publish_live_results', fail)
        for _ in range(3):
            camera.shoot()
    assert node.counters
    assert node.counters.faults['images'] >= 3
    [result] = node.set_parameters([Parameter('marker_lifetime', value=1.0)])
    assert result.successful
    camera.shoot()


def test_a_system_without_threads_after_activation(
    ros: World, node: PoseNode, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All threads were made at activation, also that of the outputs."""

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    markers = ros.collect(MarkerArray, 'pose/markers')
    monkeypatch.setattr(threading.Thread, 'start', no_thread)
    for _ in range(3):
        camera.shoot()
    ros.until(lambda: len(markers) >= 3)


def test_a_system_without_threads_at_activation(
    ros: World, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = ros.add(PoseNode(parameter_overrides=parameters(model=str(models['lite']))))
    node.trigger_configure()
    start = threading.Thread.start

    def no_thread(thread: threading.Thread) -> None:
        if thread.name == 'images':
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', no_thread)
        assert node.trigger_activate() == FAILURE
    node.trigger_cleanup()
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS


@pytest.mark.filterwarnings('ignore::pytest.PytestUnhandledThreadExceptionWarning')
def test_a_thread_that_dies_is_started_again(
    ros: World,
    node: PoseNode,
    camera: Camera,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Death(BaseException):
        """Nobody catches it."""

    def die(_: ImageStream) -> None:
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr(ImageStream, 'work', die)
        camera.send()
        ros.until(lambda: node.images and not node.images.thread.is_alive)
    [result] = node.set_parameters([Parameter('marker_lifetime', value=1.0)])
    assert result.successful
    ros.until(lambda: node.images and node.images.thread.is_alive)
    camera.shoot()
    assert 'was started again' in capfd.readouterr().err


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let MediaPipe hang in the first image until the event is set."""
    detect, released = Landmarker.detect, threading.Event()
    images = iter([True])

    def hang(self: Landmarker, picture: Picture, stamp_ms: int) -> object:
        if next(images, False):
            assert released.wait(60.0)
        return detect(self, picture, stamp_ms)

    monkeypatch.setattr(Landmarker, 'detect', hang)
    yield released
    released.set()


def test_a_node_that_works_long_says_so_and_does_not_blame_the_camera(
    ros: World, camera: Camera, hanging: threading.Event, capfd: pytest.CaptureFixture[str]
) -> None:
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    camera.send()
    ros.until(lambda: reports and 'in work for' in reports[-1].status[0].message)
    assert reports[-1].status[0].level == DiagnosticStatus.WARN
    hanging.set()
    camera.shoot()
    assert 'no image on' not in capfd.readouterr().err


def test_a_parameter_does_not_wait_for_ever_for_an_image_that_hangs(
    node: PoseNode, camera: Camera, hanging: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_thread, 'PAUSE_TIMEOUT_S', 0.5)
    camera.send()
    camera.ros.until(lambda: node.images and node.images.thread.working_s > 0)
    [result] = node.set_parameters([Parameter('marker_lifetime', value=1.0)])
    assert not result.successful
    assert 'at work on one message' in result.reason
    hanging.set()
    camera.ros.until(lambda: node.images and node.images.thread.working_s == 0)
    [result] = node.set_parameters([Parameter('marker_lifetime', value=1.0)])
    assert result.successful


def test_mediapipe_that_hangs_is_left_behind(
    ros: World,
    node: PoseNode,
    camera: Camera,
    hanging: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for module in (health, reporter):
        monkeypatch.setattr(module, 'STUCK_S', 1.5)
    camera.send()
    ros.until(lambda: 'are left behind' in capfd.readouterr().err)
    camera.shoot()
    hanging.set()
    for _ in range(3):
        camera.shoot()
    stamps = [(each.header.stamp.sec, each.header.stamp.nanosec) for each in camera.poses]
    assert stamps == sorted(set(stamps))  # nothing of the thread that was left behind
    assert node.trigger_deactivate() == SUCCESS
    assert node.trigger_cleanup() == SUCCESS


def test_a_transition_does_not_wait_for_ever_for_mediapipe(
    ros: World,
    node: PoseNode,
    camera: Camera,
    hanging: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(topic_thread, 'PAUSE_TIMEOUT_S', 0.5)
    camera.send()
    ros.until(lambda: node.images and node.images.thread.working_s > 0)
    begin_s = time.monotonic()
    assert node.trigger_deactivate() == SUCCESS
    assert node.trigger_cleanup() == SUCCESS
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    assert time.monotonic() - begin_s < 30.0
    camera.shoot()
