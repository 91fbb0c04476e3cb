# SPDX-License-Identifier: Apache-2.0
"""Messages hold what the result holds, to the bit, and arrive so."""

from dataclasses import replace

from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.msg import PoseLandmarks, PoseLandmarksArray
from pose_ros.outputs.pose_message import PoseMessageWriter
from pose_ros.poses.poses import Poses, PositionSource

FIELDS = ('x', 'y', 'z', 'visibility', 'presence')


def people(count: int, seed: int = 0) -> Poses:
    """Return people all over the image and beside it."""
    landmarks, world = (
        np.random.default_rng(seed).uniform(-0.5, 1.5, (2, count, 33, 5)).astype(np.float32)
    )
    return Poses(landmarks, world)


def header() -> Header:
    message = Header(frame_id='camera_optical')
    message.stamp.sec, message.stamp.nanosec = 1_700_000_000, 123_456_789
    return message


def array_of(landmarks: list[object]) -> NDArray[np.float32]:
    return np.array(
        [[getattr(landmark, field) for field in FIELDS] for landmark in landmarks], np.float32
    )


def over_the_wire(message: PoseLandmarksArray) -> PoseLandmarksArray:
    return deserialize_message(serialize_message(message), PoseLandmarksArray)


@pytest.mark.parametrize('count', [0, 1, 3])
def test_every_value_arrives_to_the_bit(count: int) -> None:
    result = people(count)
    message = over_the_wire(PoseMessageWriter().write(result, header(), 640, 480))
    assert message.header == header()
    assert (message.image_width, message.image_height) == (640, 480)
    assert len(message.poses) == count
    for pose, landmarks, world_landmarks, confidence in zip(
        message.poses, result.landmarks, result.world_landmarks, result.confidence, strict=True
    ):
        assert array_of(pose.landmarks).tobytes() == landmarks.tobytes()
        assert array_of(pose.world_landmarks).tobytes() == world_landmarks.tobytes()
        assert np.float32(pose.confidence) == confidence


def test_values_that_no_model_gives_are_not_mended() -> None:
    result = people(1)
    result.landmarks[0, 4] = np.nan, np.inf, -np.inf, -3, 7
    message = over_the_wire(PoseMessageWriter().write(result, header(), 640, 480))
    assert array_of(message.poses[0].landmarks).tobytes() == result.landmarks.tobytes()


def test_unknown_position_and_track() -> None:
    pose = over_the_wire(PoseMessageWriter().write(people(1), header(), 640, 480)).poses[0]
    assert pose.track_id == -1
    assert np.isnan([pose.position.x, pose.position.y, pose.position.z, pose.position_error]).all()
    assert pose.position_source == PoseLandmarks.POSITION_NONE


def test_known_position_and_track() -> None:
    blank = people(2)
    result = Poses(
        blank.landmarks,
        blank.world_landmarks,
        track_ids=np.array([7, 0], np.int32),
        positions=np.array([[0.1, -0.2, 2.5], [np.nan] * 3]),
        position_errors=np.array([0.3, np.nan]),
        position_sources=np.array([PositionSource.DEPTH, PositionSource.NONE], np.uint8),
    )
    first, second = over_the_wire(PoseMessageWriter().write(result, header(), 640, 480)).poses
    assert (first.track_id, second.track_id) == (7, 0)
    assert (first.position.x, first.position.y, first.position.z) == (0.1, -0.2, 2.5)
    assert first.position_error == pytest.approx(0.3)
    assert first.position_source == PoseLandmarks.POSITION_DEPTH
    assert second.position_source == PoseLandmarks.POSITION_NONE
    assert np.isnan(second.position.z)


def test_writer_leaves_nothing_of_the_frame_before() -> None:
    writer = PoseMessageWriter()
    frames = [
        replace(people(3, 1), positions=np.ones((3, 3))),
        people(1, 2),
        Poses.empty(),
        people(2, 3),
    ]
    frames[1].visibility[:] = 0.0
    for result in frames:
        reused = over_the_wire(writer.write(result, header(), 640, 480))
        new = over_the_wire(PoseMessageWriter().write(result, header(), 640, 480))
        assert repr(reused) == repr(new)  # in which NaN equals NaN


def test_writer_keeps_its_objects_and_the_header() -> None:
    writer, first, second = PoseMessageWriter(), header(), Header(frame_id='other')
    message = writer.write(people(1), first, 640, 480)
    landmark = message.poses[0].landmarks[0]
    assert writer.write(people(1, 5), second, 640, 480).poses[0].landmarks[0] is landmark
    assert message.header is second
    assert first == header()


@pytest.mark.parametrize(
    ('points', 'box'),
    [
        ([(0.5, 0.5, 1)], (50, 100, 1, 1)),
        ([(0.1, 0.1, 1), (0.305, 0.203, 0.5)], (10, 20, 21, 21)),
        ([(0.1, 0.1, 1), (0.9, 0.9, 0.49)], (10, 20, 1, 1)),  # the second is hidden
        ([(0, 0, 1), (1, 1, 1)], (0, 0, 100, 200)),
        ([(-4, 0.5, 1), (0.25, 9, 1)], (0, 0, 0, 0)),  # each is beside the image
        ([(-4, 0.5, 1), (0.5, 0.5, 1), (0.25, 9, 1)], (0, 100, 51, 100)),
        ([(0.5, 0.5, 0.4)], (0, 0, 0, 0)),
        ([(np.nan, 0.5, 1), (0.5, np.inf, 1), (0.5, 0.5, np.nan)], (0, 0, 0, 0)),
        ([(np.nan, 0.5, 1), (0.5, 0.5, 1), (3e38, 0.5, 1)], (50, 100, 50, 1)),
    ],
)
@pytest.mark.filterwarnings('error')
def test_roi(points: list[tuple[float, float, float]], box: tuple[int, int, int, int]) -> None:
    result = Poses(*np.zeros((2, 1, 33, 5), np.float32))
    result.landmarks[0, : len(points), (0, 1, 3)] = np.transpose(points)
    roi = over_the_wire(PoseMessageWriter().write(result, header(), 100, 200)).poses[0].roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == box
    assert not roi.do_rectify


def test_photograph_equals_a_direct_call(models: dict, astronaut: NDArray[np.uint8]) -> None:
    options = LandmarkerOptions(models['full'], RunningMode.IMAGE)
    with (
        Landmarker(options) as landmarker,
        vision.PoseLandmarker.create_from_options(
            vision.PoseLandmarkerOptions(BaseOptions(str(models['full'])))
        ) as task,
    ):
        message = PoseMessageWriter().write(
            landmarker.detect(landmarker.load(astronaut), 0), header(), 512, 512
        )
        direct = task.detect(Image(ImageFormat.SRGB, astronaut))
    (pose,), (expected,), (expected_world,) = (
        over_the_wire(message).poses,
        direct.pose_landmarks,
        direct.pose_world_landmarks,
    )
    assert array_of(pose.landmarks).tobytes() == array_of(expected).tobytes()
    assert array_of(pose.world_landmarks).tobytes() == array_of(expected_world).tobytes()
    # Her eyes and her right elbow are in the box.
    assert pose.roi.y_offset < 110
    assert pose.roi.y_offset + pose.roi.height > 400
