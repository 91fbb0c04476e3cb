# SPDX-License-Identifier: Apache-2.0
"""A serialized `PoseLandmarksArray` is the one that the middleware makes of message objects."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.msg import Landmark, PoseLandmarks, PoseLandmarksArray
from pose_ros.outputs.pose_cdr import serialize_poses
from pose_ros.poses.geometry import visible_box_px
from pose_ros.poses.poses import Poses, PositionSource

FIELDS = ('x', 'y', 'z', 'visibility', 'presence')


def people(count: int) -> Poses:
    """Return people all over the image and beside it, every second with a position."""
    rng = np.random.default_rng(count)
    landmarks, world = rng.uniform(-0.5, 1.5, (2, count, 33, 5)).astype(np.float32)
    known = np.arange(count) % 2 == 0
    return Poses(
        landmarks,
        world,
        track_ids=rng.integers(-1, 2**31 - 1, count).astype(np.int32),
        positions=np.where(known[:, None], rng.uniform(-5, 5, (count, 3)), np.nan),
        position_errors=np.where(known, 0.25, np.nan),
        position_sources=np.where(known, PositionSource.DEPTH, PositionSource.NONE).astype(
            np.uint8
        ),
    )


def header(frame_id: str = 'camera_optical_frame') -> Header:
    message = Header(frame_id=frame_id)
    message.stamp.sec, message.stamp.nanosec = 1_700_000_000, 999_999_999
    return message


def message_of(result: Poses, head: Header, width: int, height: int) -> PoseLandmarksArray:
    """Return the message object, filled field by field."""
    array = PoseLandmarksArray(header=head, image_width=width, image_height=height)
    for index in range(len(result)):
        pose = PoseLandmarks(
            track_id=int(result.track_ids[index]),
            confidence=float(result.confidence[index]),
            landmarks=[
                Landmark(**dict(zip(FIELDS, row, strict=True)))
                for row in result.landmarks[index].tolist()
            ],
            world_landmarks=[
                Landmark(**dict(zip(FIELDS, row, strict=True)))
                for row in result.world_landmarks[index].tolist()
            ],
            position_error=float(result.position_errors[index]),
            position_source=int(result.position_sources[index]),
        )
        box = visible_box_px(result.landmarks[index], width, height)
        pose.roi.x_offset, pose.roi.y_offset, pose.roi.width, pose.roi.height = box
        pose.position.x, pose.position.y, pose.position.z = result.positions[index].tolist()
        array.poses.append(pose)
    return array


def received(result: Poses) -> PoseLandmarksArray:
    return deserialize_message(serialize_poses(result, header(), 640, 480), PoseLandmarksArray)


def array_of(landmarks: list[Landmark]) -> NDArray[np.float32]:
    return np.array([[getattr(one, field) for field in FIELDS] for one in landmarks], np.float32)


@pytest.mark.parametrize('count', [0, 1, 2, 3])
@pytest.mark.parametrize('frame_id', ['', 'a', 'ab', 'abc', 'abcd', 'camera/ö', 'x' * 300])
def test_is_what_the_middleware_makes(count: int, frame_id: str) -> None:
    result = people(count)
    ours = serialize_poses(result, header(frame_id), 640, 480)
    theirs = serialize_message(message_of(result, header(frame_id), 640, 480))
    assert len(ours) == len(theirs)
    # Not the bytes themselves: what is in the gaps is undefined.
    assert repr(deserialize_message(ours, PoseLandmarksArray)) == repr(
        deserialize_message(theirs, PoseLandmarksArray)
    )


def leaves(message: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of all fields of a message and of those in it."""
    for field in message.get_fields_and_field_types():
        value = getattr(message, field)
        for each in value if isinstance(value, list) else [value]:
            if hasattr(each, 'get_fields_and_field_types'):
                yield from leaves(each, f'{name}.{field}')
            else:
                yield f'{name}.{field}', each


def test_no_field_of_the_message_is_forgotten() -> None:
    """A field that was added to the message needs a value in pose_cdr.py."""
    result = replace(
        people(1),
        landmarks=np.full((1, 33, 5), 0.9, np.float32),
        track_ids=np.array([7], np.int32),
    )
    empty = {name for name, value in leaves(received(result), 'array') if not value}
    assert empty == {'array.poses.roi.do_rectify'}  # always false: the image is taken as it is


def test_values_that_no_model_gives_are_passed_on() -> None:
    result = people(1)
    result.landmarks[0, 4] = np.nan, np.inf, -np.inf, -3, 7
    assert array_of(received(result).poses[0].landmarks).tobytes() == result.landmarks.tobytes()


def test_unknown_position_and_track() -> None:
    blank = people(1)
    pose = received(Poses(blank.landmarks, blank.world_landmarks)).poses[0]
    assert pose.track_id == -1
    assert np.isnan([pose.position.x, pose.position.y, pose.position.z, pose.position_error]).all()
    assert pose.position_source == PoseLandmarks.POSITION_NONE


def test_photograph_equals_a_direct_call(
    models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    options = LandmarkerOptions(models['full'], RunningMode.IMAGE)
    with (
        Landmarker(options) as landmarker,
        vision.PoseLandmarker.create_from_options(
            vision.PoseLandmarkerOptions(BaseOptions(str(models['full'])))
        ) as task,
    ):
        found = landmarker.detect(landmarker.load(astronaut), 0)
        direct = task.detect(Image(ImageFormat.SRGB, astronaut))
    (pose,), (expected,), (expected_world,) = (
        received(found).poses,
        direct.pose_landmarks,
        direct.pose_world_landmarks,
    )
    assert array_of(pose.landmarks).tobytes() == array_of(expected).tobytes()
    assert array_of(pose.world_landmarks).tobytes() == array_of(expected_world).tobytes()
    # Her eyes and her right elbow are in the box.
    _, top, _, height = visible_box_px(found.landmarks[0], 512, 512)
    assert top < 110
    assert top + height > 400
