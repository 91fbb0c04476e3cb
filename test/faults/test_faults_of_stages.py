# SPDX-License-Identifier: Apache-2.0
"""An exception costs one stage of one frame; it is counted, and does not flood the log."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.detection.counters import Drop
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.stream_clock import StreamClock
from pose_ros.following.positions import Positions
from pose_ros.following.tracking import Tracker
from pose_ros.images.frame import FrameReader
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node import reporter, world_publishers
from pose_ros.node.node import PoseNode
from pose_ros.stream import outputs
from simulation.ros_world import World, image_message, parameters

SECOND = 1_000_000_000
FRAMES = 6


@pytest.fixture
def node(ros: World, models: dict[str, Path]) -> PoseNode:
    values = parameters(
        model=str(models['lite']), silence_warn=600.0, latency_warn=600.0, latency_error=600.0
    )
    node = ros.add(PoseNode(parameter_overrides=values))
    node.trigger_configure()
    node.trigger_activate()
    return node


class Stream:
    """Sends images to a node and waits until it is through with each."""

    def __init__(self, ros: World, node: PoseNode, rgb: NDArray[np.uint8]) -> None:
        self.ros, self.node, self.rgb, self.count = ros, node, rgb, 0
        self.publisher = ros.node.create_publisher(Image, 'image', 10)
        ros.until(self.publisher.get_subscription_count)

    def send(self, message: Any = None) -> None:
        self.count += 1
        self.publisher.publish(
            image_message(self.rgb, time.time_ns()) if message is None else message
        )
        counters = self.node.counters
        assert counters
        self.ros.until(lambda: counters.received >= self.count)
        with self.node.between_images():
            pass


@pytest.fixture
def stream(ros: World, node: PoseNode, astronaut: NDArray[np.uint8]) -> Stream:
    return Stream(ros, node, astronaut)


def fail(*_: object, **__: object) -> None:
    raise KeyError('injected')


STAGES = [
    (FrameReader, 'read', 'conversion'),
    (StreamClock, 'tick', 'clock'),
    (Landmarker, 'detect', 'detection'),
    (Tracker, 'update', 'following'),
    (Positions, 'place', 'following'),
    (outputs, 'serialize_poses', 'landmarks'),
]


@pytest.mark.parametrize(('owner', 'name', 'stage'), STAGES, ids=[name for _, name, _ in STAGES])
def test_a_stage_that_always_fails_is_counted_and_told_once(
    ros: World,
    stream: Stream,
    owner: Any,
    name: str,
    stage: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, fail)
        for _ in range(FRAMES):
            stream.send()
        counters = stream.node.counters
        assert counters
        assert counters.faults == {stage: FRAMES}
        ros.until(
            lambda: any(
                report.status[0].level == DiagnosticStatus.ERROR
                and f'failed: {stage} (' in report.status[0].message
                and KeyValue(key=f'faults: {stage}', value=str(FRAMES)) in report.status[0].values
                for report in reports
            )
        )
    log = capfd.readouterr().err
    assert log.count('Traceback') == 1
    assert 'injected' in log
    poses.clear()
    stream.send()
    ros.until(lambda: len(poses) == 1)
    ros.until(lambda: reports[-1].status[0].level == DiagnosticStatus.OK)


def test_people_that_cannot_be_followed_are_published_as_they_were_found(
    ros: World, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    monkeypatch.setattr(Tracker, 'update', fail)
    stream.send()
    ros.until(lambda: poses)
    assert [pose.track_id for pose in poses[0].poses] == [-1]


def test_one_output_does_not_take_the_others_along(
    ros: World, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    lazy = [output for output in outputs.OUTPUTS if output.is_lazy]
    received = {
        output.name: ros.collect(output.message_type, f'pose/{output.name}') for output in lazy
    }
    monkeypatch.setattr(outputs, 'instance_mask', fail)
    stream.send()
    others = received.keys() - {'instance_mask'}
    ros.until(lambda: all(received[name] for name in others))
    assert not received['instance_mask']
    assert stream.node.counters
    assert stream.node.counters.faults == {'instance_mask': 1}


def test_damaged_messages_are_counted_and_told_in_few_lines(
    ros: World, stream: Stream, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = serialize_message(image_message(stream.rgb[:2, :2].copy(), SECOND))
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    latin1 = whole.replace(b'camera_optical_frame', b'cam\xe9ra_optical_frame')
    for cut in (*range(0, len(whole) - 12, 4), None):
        stream.send(whole[:cut] if cut is not None else latin1)
    counters = stream.node.counters
    assert counters
    assert counters.dropped[Drop.INVALID] == stream.count
    ros.until(lambda: any(each.status[0].level == DiagnosticStatus.WARN for each in reports))
    log = capfd.readouterr().err
    assert 'damaged' in log
    assert len(log.splitlines()) < 10
    assert not counters.faults


def test_an_exception_with_other_words_each_time_is_told_once(
    stream: Stream, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail_differently(*_: object, **__: object) -> None:
        raise ValueError(f'injected {stream.count}')

    monkeypatch.setattr(Landmarker, 'detect', fail_differently)
    for _ in range(FRAMES):
        stream.send()
    assert stream.node.counters
    assert stream.node.counters.faults == {'detection': FRAMES}
    assert capfd.readouterr().err.count('Traceback') == 1


def at_least(faults: Counter[str], stage: str, count: int) -> bool:
    return faults[stage] >= count


@pytest.mark.parametrize(
    ('topic', 'message'),
    [
        ('camera_info', CameraInfo(distortion_model='plumb_bob')),
        ('depth', Image(encoding='16UC1')),
    ],
    ids=['camera_info', 'depth'],
)
def test_damaged_messages_beside_the_images_are_counted_and_told_in_few_lines(
    ros: World,
    node: PoseNode,
    stream: Stream,
    topic: str,
    message: Any,
    capfd: pytest.CaptureFixture[str],
) -> None:
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    publisher = ros.node.create_publisher(type(message), topic, 10)
    ros.until(publisher.get_subscription_count)
    ros.spin(0.5)
    whole = serialize_message(message)
    assert node.counters
    faults = node.counters.faults
    for count in range(30):
        publisher.publish(whole[: 8 + count])
        ros.until(partial(at_least, faults, topic, count + 1))
    ros.until(lambda: any(topic in each.status[0].message for each in reports))
    log = capfd.readouterr().err
    assert 'damaged' in log
    assert 'Traceback' not in log
    assert len(log.splitlines()) < 10
    stream.send()
    ros.until(lambda: reports[-1].status[0].level == DiagnosticStatus.OK)


def test_a_report_that_fails_is_followed_by_the_next(
    ros: World, node: PoseNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    counters = node.counters
    assert counters
    with monkeypatch.context() as patched:
        patched.setattr(reporter, 'judge', fail)
        ros.until(lambda: counters.faults['diagnostics'] > 0)
    count = len(reports)
    ros.until(lambda: len(reports) > count)


def test_tf_that_fails_costs_nothing_else(
    ros: World, node: PoseNode, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no tf2_msgs among the packages of PyPI: its publisher is a fake that fails."""
    received = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    markers = ros.collect(
        next(each.message_type for each in outputs.OUTPUTS if each.name == 'markers'),
        'pose/markers',
    )
    monkeypatch.setattr(world_publishers, 'body_transforms', fail)
    monkeypatch.setattr(world_publishers.WorldPublishers, 'publish', failing_publish)
    stream.send()
    ros.until(lambda: received and markers)
    assert node.counters
    assert node.counters.faults == {'tf': 1}


def failing_publish(self: Any, *_: object) -> None:
    with self._faults.guard('tf'):
        fail()
