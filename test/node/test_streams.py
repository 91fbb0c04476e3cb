# SPDX-License-Identifier: Apache-2.0
"""The active node against what cameras do: time, QoS, transports, subscribers, stills."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from pose_ros.detection.counters import Counters, Drop
from pose_ros.msg import PoseLandmarks, PoseLandmarksArray
from pose_ros.node.node import PoseNode
from pose_ros.srv import DetectPoses
from pose_ros.stream.outputs import OUTPUTS
from simulation.ros_world import World, image_message, parameters

SECOND = 1_000_000_000
RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


@pytest.fixture(autouse=True)
def lite(models: dict[str, Path]) -> Path:
    return models['lite']


@pytest.fixture
def small(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture that fits one UDP datagram's fragments also at best effort."""
    return np.ascontiguousarray(cv2.resize(astronaut, (128, 128), interpolation=cv2.INTER_AREA))


def active_node(ros: World, namespace: str = '', **values: Any) -> PoseNode:
    node = ros.add(
        PoseNode(
            namespace=namespace, parameter_overrides=parameters(**{'model': 'lite', **values})
        )
    )
    node.trigger_configure()
    node.trigger_activate()
    return node


def subscribes_with(node: PoseNode, reliability: ReliabilityPolicy) -> bool:
    return node.images is not None and node.images.choice.reliability is reliability


def have_length(length: int, *lists: list[Any]) -> bool:
    return all(len(each) == length for each in lists)


def counters(node: PoseNode) -> Counters:
    assert node.counters is not None
    return node.counters


def camera(
    ros: World, topic: str = 'image', kind: type = Image, reliability: ReliabilityPolicy = RELIABLE
) -> Any:
    return ros.node.create_publisher(kind, topic, QoSProfile(depth=10, reliability=reliability))


def send(ros: World, publisher: Any, node: PoseNode, message: Any) -> None:
    """Publish one image and wait until the node is through with it."""
    ros.until(lambda: publisher.get_subscription_count() > 0)
    before = counters(node).received
    publisher.publish(message)
    ros.until(lambda: counters(node).received > before)
    with node.between_images():
        pass


def test_every_case_of_time(ros: World, small: NDArray[np.uint8]) -> None:
    node = active_node(ros)
    publisher, poses = camera(ros), ros.collect(PoseLandmarksArray, 'pose/landmarks')
    stamps_ns = [
        100 * SECOND,
        100 * SECOND + 33_000_001,  # increasing
        100 * SECOND + 33_000_002,  # the same millisecond
        100 * SECOND + 33_000_002,  # an exact repeat
        100 * SECOND + 5,  # slightly late
        10 * SECOND + 7,
        10 * SECOND + 33_000_007,  # far back, and on from there
        0,
        0,  # no stamp
    ]
    sent = [image_message(small, stamp_ns) for stamp_ns in stamps_ns]
    for message in sent:
        send(ros, publisher, node, message)
    ros.until(lambda: len(poses) == 7)
    ros.spin(0.1)
    assert [each.header for each in poses] == [sent[i].header for i in (0, 1, 2, 5, 6, 7, 8)]
    assert counters(node).dropped == {Drop.REPEATED: 1, Drop.LATE: 1}
    assert counters(node).restarts == 1


def test_simulated_time_that_is_reset(ros: World, small: NDArray[np.uint8]) -> None:
    time = ros.node.create_publisher(Clock, '/clock', 10)
    node = active_node(ros, use_sim_time=True)
    publisher, poses = camera(ros), ros.collect(PoseLandmarksArray, 'pose/landmarks')
    for stamp_ns in (50 * SECOND, 51 * SECOND, 2 * SECOND, 3 * SECOND):
        message = image_message(small, stamp_ns)
        time.publish(Clock(clock=message.header.stamp))
        send(ros, publisher, node, message)
    ros.until(lambda: len(poses) == 4)
    assert counters(node).restarts == 1


@pytest.mark.parametrize('reliability', [RELIABLE, BEST_EFFORT])
@pytest.mark.parametrize('node_first', [True, False])
def test_auto_hears_what_the_publisher_offers(
    ros: World, small: NDArray[np.uint8], reliability: ReliabilityPolicy, node_first: bool
) -> None:
    if node_first:
        node, publisher = active_node(ros), camera(ros, reliability=reliability)
    else:
        publisher = camera(ros, reliability=reliability)
        ros.spin(0.3)
        node = active_node(ros)
    ros.until(lambda: node.images.choice.reliability == reliability)
    send(ros, publisher, node, image_message(small, SECOND))


def test_auto_follows_a_publisher_that_changes_while_active(
    ros: World, small: NDArray[np.uint8]
) -> None:
    node = active_node(ros)
    for i, reliability in enumerate((RELIABLE, BEST_EFFORT, RELIABLE)):
        publisher = camera(ros, reliability=reliability)
        ros.until(partial(subscribes_with, node, reliability))
        send(ros, publisher, node, image_message(small, (100 + i) * SECOND))
        ros.node.destroy_publisher(publisher)


@pytest.mark.parametrize(('qos', 'wanted'), [('sensor_data', BEST_EFFORT), ('reliable', RELIABLE)])
def test_fixed_qos(ros: World, qos: str, wanted: ReliabilityPolicy) -> None:
    active_node(ros, image_qos=qos)
    [info] = ros.until(lambda: ros.node.get_subscriptions_info_by_topic('/image'))
    assert info.qos_profile.reliability == wanted


def test_silence_is_explained_in_log_and_diagnostics(
    ros: World, capfd: pytest.CaptureFixture[str]
) -> None:
    active_node(ros, image_qos='reliable', silence_warn=0.5, silence_error=2.5)
    camera(ros, reliability=BEST_EFFORT)
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    ros.until(lambda: reports and reports[-1].status[0].level == DiagnosticStatus.ERROR)
    assert DiagnosticStatus.WARN in [each.status[0].level for each in reports]
    for text in (reports[-1].status[0].message, capfd.readouterr().err):
        assert 'no image on /image' in text
        assert 'it has 1 publisher' in text
        assert 'best effort publisher and reliable subscription' in text


def jpeg(rgb: NDArray[np.uint8], stamp_ns: int) -> CompressedImage:
    _, data = cv2.imencode('.jpg', rgb[:, :, ::-1])
    return CompressedImage(
        header=image_message(rgb, stamp_ns).header, format='jpeg', data=data.tobytes()
    )


@pytest.mark.parametrize('transport', ['compressed', 'auto'])
def test_compressed_images(ros: World, astronaut: NDArray[np.uint8], transport: str) -> None:
    node = active_node(ros, image_transport=transport)
    publisher = camera(ros, 'image/compressed', CompressedImage)
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    send(ros, publisher, node, jpeg(astronaut, SECOND))
    ros.until(lambda: poses)
    assert len(poses[0].poses) == 1


def test_two_cameras_have_nothing_in_common(ros: World, astronaut: NDArray[np.uint8]) -> None:
    nodes = {name: active_node(ros, name) for name in ('front', 'rear')}
    poses = {name: ros.collect(PoseLandmarksArray, f'{name}/pose/landmarks') for name in nodes}
    markers = {name: ros.collect(MarkerArray, f'{name}/pose/markers') for name in nodes}
    for i, (name, node) in enumerate(nodes.items()):
        send(
            ros,
            camera(ros, f'{name}/image'),
            node,
            image_message(astronaut, (i + 1) * SECOND, frame_id=f'{name}_optical_frame'),
        )
    ros.until(lambda: all(poses.values()) and all(markers.values()))
    for name in nodes:
        assert [each.header.frame_id for each in poses[name]] == [f'{name}_optical_frame']
        assert {(each.ns, each.id) for each in markers[name][0].markers} == {
            (f'{name}/{kind}', 1) for kind in ('landmarks', 'bones', 'labels')
        }


def test_positions_from_camera_info(ros: World, astronaut: NDArray[np.uint8]) -> None:
    node = active_node(ros)
    publisher, poses = camera(ros), ros.collect(PoseLandmarksArray, 'pose/landmarks')
    markers = ros.collect(MarkerArray, 'pose/markers')
    infos = ros.node.create_publisher(CameraInfo, 'camera_info', 1)
    send(ros, publisher, node, image_message(astronaut, SECOND))
    ros.until(lambda: infos.get_subscription_count() > 0)
    infos.publish(
        CameraInfo(width=512, height=512, k=[500.0, 0.0, 255.5, 0.0, 500.0, 255.5, 0.0, 0.0, 1.0])
    )
    for number in range(2, 20):  # until the node has heard the camera_info
        send(ros, publisher, node, image_message(astronaut, number * SECOND))
        ros.until(partial(have_length, number, poses, markers))
        if poses[-1].poses[0].position_source != PoseLandmarks.POSITION_NONE:
            break
    before, after = poses[0].poses[0], poses[-1].poses[0]
    assert before.position_source == PoseLandmarks.POSITION_NONE
    assert np.isnan([before.position.x, before.position_error]).all()
    assert after.position_source == PoseLandmarks.POSITION_CAMERA_INFO
    assert 0.5 < after.position.z < 2.0
    assert 0.0 < after.position_error < after.position.z
    assert markers[-1].markers[0].pose.position == after.position


LAZY = {output.name: output.message_type for output in OUTPUTS if output.is_lazy}


def test_without_subscribers_only_landmarks_are_computed(
    ros: World, astronaut: NDArray[np.uint8]
) -> None:
    node = active_node(ros, output_segmentation_masks=True)
    publisher = camera(ros)
    send(ros, publisher, node, image_message(astronaut, SECOND))
    assert counters(node).processed == 1
    assert not counters(node).outputs


@pytest.mark.parametrize('topic', LAZY)
def test_a_subscriber_gets_its_output_and_causes_no_other(
    ros: World, astronaut: NDArray[np.uint8], topic: str
) -> None:
    node = active_node(ros, output_segmentation_masks=True)
    publisher = camera(ros)
    messages = ros.collect(LAZY[topic], f'pose/{topic}')
    send(ros, publisher, node, image_message(astronaut, SECOND))
    ros.until(lambda: messages)
    assert set(counters(node).outputs) == {topic}


def test_landmarks_go_out_first(ros: World, astronaut: NDArray[np.uint8]) -> None:
    node = active_node(ros, output_segmentation_masks=True)
    order: list[str] = []
    for topic, kind in (('landmarks', PoseLandmarksArray), *LAZY.items()):
        ros.node.create_subscription(
            kind, f'pose/{topic}', lambda _, topic=topic: order.append(topic), 10
        )
    ros.spin(0.5)
    send(ros, camera(ros), node, image_message(astronaut, SECOND))
    ros.until(lambda: len(order) == len(OUTPUTS))
    assert order[0] == 'landmarks'


def test_stills_beside_the_stream(ros: World, astronaut: NDArray[np.uint8]) -> None:
    node = active_node(ros)
    publisher, poses = camera(ros), ros.collect(PoseLandmarksArray, 'pose/landmarks')
    still = image_message(astronaut, 3, frame_id='still')
    for i in range(3):
        send(ros, publisher, node, image_message(astronaut, (100 + i) * SECOND))
        response = ros.call(DetectPoses, 'pose/detect', DetectPoses.Request(image=still))
        assert response.success, response.message
        assert response.result.header == still.header
        assert len(response.result.poses) == 1
    ros.until(lambda: len(poses) == 3)
    still.encoding = 'magenta7'
    response = ros.call(DetectPoses, 'pose/detect', DetectPoses.Request(image=still))
    assert not response.success
    assert 'magenta7' in response.message


def test_stills_need_no_stream(ros: World, astronaut: NDArray[np.uint8]) -> None:
    node = ros.add(PoseNode(parameter_overrides=parameters(model='lite')))
    node.trigger_configure()
    response = ros.call(
        DetectPoses, 'pose/detect', DetectPoses.Request(image=image_message(astronaut, 0))
    )
    assert len(response.result.poses) == 1
    node.set_parameters([Parameter('min_pose_detection_confidence', value=1.0)])
    response = ros.call(
        DetectPoses, 'pose/detect', DetectPoses.Request(image=image_message(astronaut, 0))
    )
    assert response.success
    assert not response.result.poses


def test_diagnostics_tell_what_happens(ros: World, small: NDArray[np.uint8]) -> None:
    node = active_node(ros)
    publisher = camera(ros)
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    for i in range(3):
        send(ros, publisher, node, image_message(small, (100 + i) * SECOND))
    reports.clear()
    ros.until(lambda: len(reports) >= 2)
    values = {each.key: each.value for each in reports[-1].status[0].values}
    assert values['frames received'] == values['frames processed'] == '3'
    assert values['frames dropped: late'] == '0'
    assert values['model'].endswith('pose_landmarker_lite.task')
    assert values['image topic'] == '/image'
    assert float(values['inference median (ms)']) > 0.5
    assert float(values['memory (MB)']) > 50


def test_other_nodes_parameters_do_not_disturb(ros: World) -> None:
    ros.add(Node('bystander'))
    node = active_node(ros)
    assert node.set_parameters([Parameter('use_sim_time', value=True)])[0].successful
