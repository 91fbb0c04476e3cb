# SPDX-License-Identifier: Apache-2.0
"""camera_info is heard however it is published, also once before the node was there."""

from __future__ import annotations

from pathlib import Path
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.msg import PoseLandmarks, PoseLandmarksArray
from pose_ros.node.camera_info_input import is_latched
from pose_ros.node.node import PoseNode
from pose_ros.srv import DetectPoses
from simulation.ros_world import World, image_message, parameters

LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
VOLATILE = QoSProfile(depth=1)
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def camera_info() -> CameraInfo:
    info = CameraInfo(width=512, height=512, distortion_model='plumb_bob', d=[0.0] * 5)
    info.header.frame_id = 'camera_optical_frame'
    info.k = np.array([500.0, 0, 255.5, 0, 500.0, 255.5, 0, 0, 1])
    return info


def active_node(ros: World, models: dict[str, Path], **values: Any) -> PoseNode:
    values = {'model': str(models['lite']), 'latency_warn': 600.0, 'latency_error': 600.0} | values
    node = ros.add(PoseNode(parameter_overrides=parameters(**values)))
    node.trigger_configure()
    node.trigger_activate()
    return node


def sources(
    ros: World, rgb: NDArray[np.uint8], frame_id: str = 'camera_optical_frame'
) -> list[int]:
    """Publish images until one comes out, and return where its positions come from."""
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    publisher = ros.node.create_publisher(Image, 'image', 10)
    ros.until(publisher.get_subscription_count)
    publisher.publish(image_message(rgb, time.time_ns(), frame_id))
    ros.until(lambda: poses)
    return [pose.position_source for pose in poses[0].poses]


@pytest.mark.parametrize(
    ('offers', 'expected'),
    [
        ([], False),
        ([LATCHED], True),
        ([LATCHED, LATCHED], True),
        ([VOLATILE], False),
        ([BEST_EFFORT], False),
        ([LATCHED, VOLATILE], False),
    ],
)
def test_the_choice(offers: list[QoSProfile], expected: bool) -> None:
    assert is_latched(offers) is expected


def test_published_once_before_the_node_starts(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    publisher = ros.node.create_publisher(CameraInfo, 'camera_info', LATCHED)
    publisher.publish(camera_info())
    ros.spin(0.5)
    active_node(ros, models)
    ros.spin(1.0)
    assert sources(ros, astronaut) == [PoseLandmarks.POSITION_CAMERA_INFO]


@pytest.mark.parametrize('qos', [LATCHED, VOLATILE, BEST_EFFORT])
def test_a_publisher_that_appears_later(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8], qos: QoSProfile
) -> None:
    active_node(ros, models)
    publisher = ros.node.create_publisher(CameraInfo, 'camera_info', qos)
    ros.until(publisher.get_subscription_count)
    ros.spin(0.6)  # until the node has seen what it offers
    publisher.publish(camera_info())
    ros.spin(0.5)
    assert sources(ros, astronaut) == [PoseLandmarks.POSITION_CAMERA_INFO]


def test_one_that_does_not_fit_is_a_warning(
    ros: World,
    models: dict[str, Path],
    astronaut: NDArray[np.uint8],
    capfd: pytest.CaptureFixture[str],
) -> None:
    active_node(ros, models)
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    publisher = ros.node.create_publisher(CameraInfo, 'camera_info', LATCHED)
    publisher.publish(CameraInfo(width=512, height=512))
    ros.until(publisher.get_subscription_count)
    ros.spin(1.0)
    assert sources(ros, astronaut) == [PoseLandmarks.POSITION_NONE]
    ros.until(
        lambda: any(
            each.status[0].level == DiagnosticStatus.WARN
            and 'calibrate the camera' in each.status[0].message
            for each in reports
        )
    )
    assert 'no positions: camera_info: wanted focal lengths' in capfd.readouterr().err


def test_stills_of_the_camera_are_placed(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    publisher = ros.node.create_publisher(CameraInfo, 'camera_info', LATCHED)
    publisher.publish(camera_info())
    active_node(ros, models)
    ros.spin(1.0)
    for frame_id, source in (
        ('camera_optical_frame', PoseLandmarks.POSITION_CAMERA_INFO),
        ('album', PoseLandmarks.POSITION_NONE),
    ):
        image = image_message(astronaut, 0, frame_id)
        answer = ros.call(DetectPoses, 'pose/detect', DetectPoses.Request(image=image))
        assert [pose.position_source for pose in answer.result.poses] == [source]
