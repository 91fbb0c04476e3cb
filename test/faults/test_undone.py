# SPDX-License-Identifier: Apache-2.0
"""What fails is undone, and no more than that; whoever asked gets an answer."""

from __future__ import annotations

from pathlib import Path
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image

from pose_ros.detection.landmarker import Landmarker
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node import configured, detect_service
from pose_ros.node import node as node_module
from pose_ros.node.node import PoseNode
from pose_ros.srv import DetectPoses
from simulation.ros_world import World, image_message, parameters

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR


@pytest.fixture
def node(ros: World, models: dict[str, Path]) -> PoseNode:
    values = parameters(model=str(models['lite']), silence_warn=600.0, silence_error=600.0)
    return ros.add(PoseNode(parameter_overrides=values))


def works(ros: World, rgb: NDArray[np.uint8]) -> None:
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    camera = ros.node.create_publisher(Image, 'image', 1)
    ros.until(camera.get_subscription_count)
    ros.spin(0.2)
    camera.publish(image_message(rgb, time.time_ns()))
    ros.until(lambda: poses)
    assert len(poses[0].poses) == 1


def entities(node: PoseNode) -> tuple[int, ...]:
    return tuple(
        len(list(each)) for each in (node.publishers, node.subscriptions, node.timers, node.guards)
    )


@pytest.mark.parametrize('thread', ['images', 'depth'])
def test_an_activation_that_fails_leaves_the_node_configured(
    ros: World,
    node: PoseNode,
    astronaut: NDArray[np.uint8],
    thread: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node.trigger_configure()
    before, start = entities(node), threading.Thread.start

    def no_thread(this: threading.Thread) -> None:
        if this.name == thread:
            raise RuntimeError("can't start new thread")
        start(this)

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, 'start', no_thread)
        for _ in range(3):
            assert node.trigger_activate() == FAILURE
    assert node.counters is not None
    assert node.images is None
    assert entities(node) == before
    assert node.trigger_activate() == SUCCESS
    works(ros, astronaut)


def test_an_activation_that_nobody_expected_to_fail_can_be_begun_again(
    ros: World, node: PoseNode, astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = entities(node)

    def fail(*_: object) -> None:
        raise KeyError('injected')

    node.trigger_configure()
    with monkeypatch.context() as patched:
        patched.setattr(node_module, 'CameraInputs', fail)
        assert node.trigger_activate() == ERROR
    assert node.counters is None
    assert entities(node) == before
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    works(ros, astronaut)


PARTS = ['Positions', 'People', 'Publishers', 'DetectService', 'Reporter']


@pytest.mark.parametrize('part', PARTS)
def test_a_configuration_that_fails_leaves_nothing(
    node: PoseNode, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, threads = entities(node), threading.active_count()

    def fail(*_: object) -> None:
        raise RuntimeError('injected')

    with monkeypatch.context() as patched:
        patched.setattr(configured, part, fail)
        for _ in range(3):
            assert node.trigger_configure() == FAILURE
    assert entities(node) == before
    assert threading.active_count() == threads
    assert node.trigger_configure() == SUCCESS


def test_another_transport_needs_no_other_thread(
    ros: World, node: PoseNode, astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system without threads cannot end a stream by a change of a parameter."""
    node.trigger_configure()
    node.trigger_activate()

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, 'start', no_thread)
    request = SetParameters.Request()
    for transport in ('compressed', 'raw'):
        request.parameters = [
            each.to_parameter_msg() for each in parameters(image_transport=transport)
        ]
        answer = ros.call(SetParameters, 'pose/set_parameters', request)
        assert answer.results[0].successful
        assert node.images
        assert node.images.topic.endswith('compressed') is (transport == 'compressed')
    works(ros, astronaut)


def test_a_parameter_is_answered_whatever_happens(
    ros: World,
    node: PoseNode,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    node.trigger_configure()

    def fail(*_: object) -> None:
        raise KeyError('injected')

    monkeypatch.setattr(configured.Configured, 'apply', fail)
    request = SetParameters.Request(
        parameters=[each.to_parameter_msg() for each in parameters(marker_lifetime=1.0)]
    )
    for _ in range(3):
        answer = ros.call(SetParameters, 'pose/set_parameters', request)
        assert not answer.results[0].successful
        assert 'injected' in answer.results[0].reason
    assert node.get_parameter('marker_lifetime').value == 0.5
    assert node.counters
    assert node.counters.faults == {'parameters': 3}
    assert capfd.readouterr().err.count('Traceback') == 1


@pytest.mark.parametrize(
    ('owner', 'name'),
    [
        (detect_service, 'to_frame'),
        (detect_service, 'build_finder'),
        (Landmarker, 'load'),
        (Landmarker, 'detect'),
    ],
    ids=lambda each: each if isinstance(each, str) else '',
)
@pytest.mark.parametrize('error', [KeyError('injected'), MemoryError(), OSError(5, 'injected')])
def test_the_client_of_detect_is_answered_whatever_happens(
    ros: World,
    node: PoseNode,
    astronaut: NDArray[np.uint8],
    owner: Any,
    name: str,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node.trigger_configure()
    request = DetectPoses.Request(image=image_message(astronaut, 0))

    def fail(*_: object) -> None:
        raise type(error)(*error.args)  # a parameter would keep its traceback, and so the node

    with monkeypatch.context() as patched:
        patched.setattr(owner, name, fail)
        answer = ros.call(DetectPoses, 'pose/detect', request)
        assert not answer.success
        assert answer.message
    assert node.counters
    assert sum(node.counters.faults.values()) == 1
    answer = ros.call(DetectPoses, 'pose/detect', request)
    assert answer.success
    assert len(answer.result.poses) == 1
