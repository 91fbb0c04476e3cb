# SPDX-License-Identifier: Apache-2.0
"""The camera publishes what its source shows, with headers as a driver gives them."""

from pathlib import Path
import time

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.demo.calibration import CalibrationError
from pose_ros.demo.camera_node import DemoCamera
from pose_ros.demo.moved_photo import MovedPhoto
from pose_ros.demo.video_source import SourceError
from simulation.calibration_file import CALIBRATION
from simulation.ros_world import World, parameters

SMALL = {'width': 64, 'height': 48, 'rate': 20.0}


def camera(ros: World, **values: object) -> DemoCamera:
    node: DemoCamera = ros.add(DemoCamera(parameter_overrides=parameters(**values)))
    return node


def pixels(message: Image) -> NDArray[np.uint8]:
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)


def stamp_s(message: Image | CameraInfo) -> float:
    return message.header.stamp.sec + message.header.stamp.nanosec * 1e-9


def test_images_are_the_sources(ros: World, astronaut: NDArray[np.uint8]) -> None:
    camera(ros, **SMALL)
    images = ros.collect(Image, 'image_raw')
    ros.until(lambda: len(images) >= 5)
    assert {image.encoding for image in images} == {'rgb8'}
    expected = MovedPhoto(astronaut, 20.0, 64, 48)
    views = []
    for _ in range(200):
        expected.grab()
        views.append(expected.retrieve().tobytes())
    indices = [views.index(pixels(image).tobytes()) for image in images]
    assert indices == list(range(indices[0], indices[0] + len(images)))


def test_headers_are_a_drivers(ros: World) -> None:
    camera(ros, **SMALL, frame_id='left_optical_frame')
    infos = ros.collect(CameraInfo, 'camera_info')
    images = ros.collect(Image, 'image_raw')
    ros.until(lambda: len(images) >= 10)
    assert {image.header.frame_id for image in images} == {'left_optical_frame'}
    assert time.time() - 1 < stamp_s(images[-1]) <= time.time()
    steps_s = np.diff([stamp_s(image) for image in images])
    assert (steps_s > 0).all()
    assert np.median(steps_s) == pytest.approx(1 / 20, abs=0.01)
    assert all(image.header in [info.header for info in infos] for image in images[:-1])


def test_camera_info_from_field_of_view(ros: World) -> None:
    camera(ros, **SMALL, horizontal_fov_deg=90.0)
    infos = ros.collect(CameraInfo, 'camera_info')
    ros.until(lambda: infos)
    assert (infos[0].width, infos[0].height) == (64, 48)
    assert infos[0].k[0] == pytest.approx(32)


def test_camera_info_from_calibration(ros: World, tmp_path: Path) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_text(CALIBRATION)
    camera(ros, width=640, height=480, camera_info_url=f'file://{path}')
    infos = ros.collect(CameraInfo, 'camera_info')
    ros.until(lambda: infos)
    assert infos[0].k[0] == 438.78
    assert infos[0].header.frame_id == 'camera_optical_frame'


def test_calibration_of_another_size(ros: World, tmp_path: Path) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_text(CALIBRATION)
    node = camera(ros, **SMALL, camera_info_url=str(path))
    ros.until(lambda: not node.running)
    assert node.error == (
        f'{path} is for pictures of 640x480, the source gives 64x48; '
        'set width and height, or calibrate the camera at this size'
    )


def test_best_effort_subscriber_is_served(ros: World) -> None:
    camera(ros, **SMALL)
    images: list[Image] = []
    ros.node.create_subscription(Image, 'image_raw', images.append, qos_profile_sensor_data)
    ros.until(lambda: len(images) >= 5)


def test_compressed(ros: World) -> None:
    camera(ros, **SMALL, compressed=True)
    images = ros.collect(Image, 'image_raw')
    jpegs = ros.collect(CompressedImage, 'image_raw/compressed')
    ros.until(lambda: jpegs)
    ros.until(lambda: jpegs[0].header in [image.header for image in images])
    image = next(image for image in images if image.header == jpegs[0].header)
    bgr = cv2.imdecode(np.frombuffer(jpegs[0].data, np.uint8), cv2.IMREAD_COLOR)
    error = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(int) - pixels(image)
    assert np.sqrt((error**2).mean()) < 10


def test_not_compressed_unless_asked_for(ros: World) -> None:
    node = camera(ros, **SMALL)
    topics = [name for name, _ in node.get_publisher_names_and_types_by_node('demo_camera', '/')]
    assert '/image_raw' in topics
    assert '/image_raw/compressed' not in topics


@pytest.mark.parametrize('loop', [False, True])
def test_video_ends_or_begins_again(ros: World, tmp_path: Path, loop: bool) -> None:
    path = tmp_path / 'three.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 25.0, (64, 48))
    for _ in range(10):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    node = camera(ros, source=str(path), loop=loop)
    ros.spin(1.0)
    assert node.running == loop
    assert node.error is None


def test_parameters_are_described_and_read_only(ros: World) -> None:
    node = camera(ros, **SMALL)
    results = node.set_parameters([Parameter('rate', value=5.0), Parameter('source', value='x')])
    assert [result.successful for result in results] == [False, False]
    own = (
        'source',
        'rate',
        'loop',
        'width',
        'height',
        'frame_id',
        'camera_info_url',
        'horizontal_fov_deg',
        'compressed',
    )
    for name in own:
        assert len(node.describe_parameter(name).description) > 20
    assert node.describe_parameter('rate').floating_point_range[0].to_value == 240.0
    assert node.describe_parameter('width').integer_range[0].to_value == 7680


@pytest.mark.parametrize(
    ('values', 'error', 'complaint'),
    [
        ({'rate': -1.0}, ValueError, 'rate'),
        ({'rate': 500}, ValueError, 'rate: wanted 0.0 to 240.0, got 500.0'),
        ({'rate': 'fast'}, ValueError, "rate: wanted a number, got 'fast'"),
        ({'width': 10000}, ValueError, 'width'),
        ({'horizontal_fov_deg': 180.0}, ValueError, 'horizontal_fov_deg'),
        ({'loop': 1}, ValueError, "'loop' to '1' of type 'INTEGER', expecting type 'BOOL'"),
        ({'source': 987}, SourceError, 'webcam 987 gives no picture'),
        ({'source': '/nowhere.mp4'}, SourceError, 'no such file'),
        ({'camera_info_url': '/nowhere.yaml'}, CalibrationError, 'No such file'),
    ],
)
def test_errors(
    ros: World, values: dict[str, object], error: type[Exception], complaint: str
) -> None:
    with pytest.raises(error, match=complaint):
        DemoCamera(parameter_overrides=parameters(**values))


def test_integers_will_do_for_numbers(ros: World) -> None:
    node = camera(ros, width=64, rate=20, frame_id=7)
    images = ros.collect(Image, 'image_raw')
    ros.until(lambda: images)
    assert images[0].header.frame_id == '7'
    assert node.running
