# SPDX-License-Identifier: Apache-2.0
"""No image ends or starves the node: it is refused in words and counted, and the next is read."""

from __future__ import annotations

from array import array
from functools import partial
from pathlib import Path
import struct
import time
from typing import Any

import cv2
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.detection.counters import Counters, Drop
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from pose_ros.srv import DetectPoses
from simulation.ros_world import World, image_message, parameters


@pytest.fixture(autouse=True)
def lite(models: dict[str, Path]) -> Path:
    return models['lite']


def active_node(ros: World, **values: Any) -> PoseNode:
    node = ros.add(PoseNode(parameter_overrides=parameters(model='lite', **values)))
    node.trigger_configure()
    node.trigger_activate()
    return node


def jpeg(width: int, height: int) -> bytes:
    """Return a JPEG of few bytes whose header states a size."""
    data = cv2.imencode('.jpg', np.zeros((8, 8), np.uint8))[1].tobytes()
    at = data.index(b'\xff\xc0') + 5
    return data[:at] + struct.pack('>HH', height, width) + data[at + 4 :]


def stamped(data: bytes) -> CompressedImage:
    header = Header(frame_id='camera')
    header.stamp.sec, header.stamp.nanosec = divmod(time.time_ns(), 10**9)
    return CompressedImage(header=header, format='jpeg', data=array('B', data))


def raw(width: int, height: int) -> Image:
    return image_message(np.zeros((height, width, 3), np.uint8), time.time_ns())


def _has_grown(counters: Counters, before: int) -> bool:
    return counters.dropped[Drop.INVALID] > before


@pytest.mark.parametrize(
    ('hostile', 'words'),
    [
        ([raw(1, 32767), raw(40_000, 8)], 'wanted sides of at most 32764 pixels'),
        ([stamped(jpeg(30_000, 30_000))], 'wanted at most 50000000 pixels'),
        ([stamped(jpeg(40_000, 8))], 'wanted sides of at most 32764 pixels'),
    ],
    ids=['raw', 'compressed, too many pixels', 'compressed, too long'],
)
def test_a_stream_goes_on_after_images_that_are_too_large(
    hostile: list[Any],
    words: str,
    ros: World,
    astronaut: NDArray[np.uint8],
    capfd: pytest.CaptureFixture[str],
) -> None:
    is_raw = isinstance(hostile[0], Image)
    node = active_node(ros, image_transport='raw' if is_raw else 'compressed')
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    publisher = ros.node.create_publisher(
        type(hostile[0]), 'image' if is_raw else 'image/compressed', 10
    )
    ros.until(publisher.get_subscription_count)
    counters = node.counters
    assert counters
    for message in hostile:
        before = counters.dropped[Drop.INVALID]
        publisher.publish(message)
        ros.until(partial(_has_grown, counters, before))
    sound = cv2.imencode('.jpg', astronaut[..., ::-1])[1].tobytes()
    publisher.publish(image_message(astronaut, time.time_ns()) if is_raw else stamped(sound))
    ros.until(lambda: poses)
    assert len(poses[0].poses) == 1
    assert words in capfd.readouterr().err


def test_the_limit_is_a_parameter_of_stream_and_stills(
    ros: World, astronaut: NDArray[np.uint8]
) -> None:
    node = active_node(ros)
    image = image_message(astronaut, time.time_ns())
    request = DetectPoses.Request(image=image)
    assert ros.call(DetectPoses, 'pose/detect', request).success
    assert node.set_parameters(parameters(max_image_pixels=512 * 512 - 1))[0].successful
    refused = ros.call(DetectPoses, 'pose/detect', request)
    assert not refused.success
    assert 'wanted at most 262143 pixels, got 512x512' in refused.message
    long = ros.call(DetectPoses, 'pose/detect', DetectPoses.Request(image=raw(40_000, 1)))
    assert 'wanted sides of at most' in long.message
    publisher = ros.node.create_publisher(Image, 'image', 10)
    ros.until(publisher.get_subscription_count)
    publisher.publish(image)
    ros.until(lambda: node.counters and node.counters.dropped[Drop.INVALID] == 1)


def test_masks_of_an_image_of_any_width(ros: World, astronaut: NDArray[np.uint8]) -> None:
    """MediaPipe ends the process at a mask whose width is no multiple of four."""
    active_node(ros, output_segmentation_masks=True)
    masks = ros.collect(Image, 'pose/mask')
    publisher = ros.node.create_publisher(Image, 'image', 10)
    ros.until(publisher.get_subscription_count)
    publisher.publish(image_message(np.ascontiguousarray(astronaut[:, :-3]), time.time_ns()))
    ros.until(lambda: masks)
    assert (masks[0].width, masks[0].height) == (509, 512)


def test_16_bit_images_that_use_12_bits(
    ros: World, astronaut: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    active_node(ros)
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    publisher = ros.node.create_publisher(Image, 'image', 10)
    ros.until(publisher.get_subscription_count)
    grey = cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY).astype(np.uint16) * 4  # 0 to 1020
    image = image_message(astronaut, time.time_ns())
    image.encoding, image.step, image.data = 'mono16', 1024, grey.tobytes()
    publisher.publish(image)
    ros.until(lambda: poses)
    assert len(poses[0].poses) == 1
    assert '16 bit images of which 10 bits are used' in capfd.readouterr().err


def long_messages() -> dict[str, tuple[str, Any]]:
    """Messages whose texts have a megabyte, by what they spoil, with their topics."""
    text = 'x' * 1_000_000
    encoding = raw(8, 8)
    encoding.encoding = text
    depth = image_message(np.zeros((8, 8, 3), np.uint8), time.time_ns(), text, '16UC1')
    calibration = CameraInfo(header=Header(frame_id=text), width=512, height=512)
    calibration.k = [500.0, 0.0, 256.0, 0.0, 500.0, 256.0, 0.0, 0.0, 1.0]
    return {
        'encoding': ('image', encoding),
        'depth': ('depth', depth),
        'camera_info': ('camera_info', calibration),
    }


@pytest.mark.parametrize('what', long_messages())
def test_a_text_of_a_megabyte_does_not_fill_log_and_diagnostics(
    what: str, ros: World, astronaut: NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    topic, message = long_messages()[what]
    active_node(ros, horizontal_fov=60.0 if what == 'depth' else 0.0)  # depth needs it
    poses, reports = (
        ros.collect(PoseLandmarksArray, 'pose/landmarks'),
        ros.collect(DiagnosticArray, '/diagnostics'),
    )
    images = ros.node.create_publisher(Image, 'image', 10)
    publisher = ros.node.create_publisher(type(message), topic, 10)
    ros.until(lambda: images.get_subscription_count() and publisher.get_subscription_count())
    ros.spin(0.6)  # until the node has seen what is offered
    said: list[str] = []

    def is_said() -> bool:
        publisher.publish(long_messages()[what][1])  # with a stamp of now
        ros.spin(0.3 if topic == 'image' else 0.0)  # else the next image would take its place
        images.publish(image_message(astronaut, time.time_ns()))
        ros.spin(0.3)
        said.append(capfd.readouterr().err)
        return '(1000000 characters)' in ''.join(said)

    ros.until(is_said)
    ros.until(lambda: poses)
    reports.clear()
    ros.until(lambda: len(reports) == 2)
    assert max(map(len, ''.join(said).splitlines())) < 1000
    for each in reports:
        assert len(serialize_message(each)) < 10_000
