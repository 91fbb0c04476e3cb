"""The serialized messages are those that the middleware would make of the message objects."""

import numpy as np
from numpy.typing import NDArray
from pose_ros.msg import PoseLandmarksArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.messages import PoseMessageWriter
from pose_ros.result import PositionSource, Result
from pose_ros.serialized import can_be_read, read_image, serialize_image, serialize_poses


def people(count: int) -> Result:
    """Return people all over the image and beside it, every second with a position."""
    rng = np.random.default_rng(count)
    landmarks, world = rng.uniform(-0.5, 1.5, (2, count, 33, 5)).astype(np.float32)
    known = np.arange(count) % 2 == 0
    return Result(
        landmarks, world, track_ids=rng.integers(-1, 2**31 - 1, count).astype(np.int32),
        positions=np.where(known[:, None], rng.uniform(-5, 5, (count, 3)), np.nan),
        position_errors=np.where(known, 0.25, np.nan),
        position_sources=np.where(known, PositionSource.DEPTH, PositionSource.NONE).astype(
            np.uint8))


@pytest.mark.parametrize('count', [0, 1, 2, 3])
@pytest.mark.parametrize('frame_id', ['', 'a', 'ab', 'abc', 'abcd', 'camera/ö', 'x' * 300])
def test_is_what_the_middleware_makes(count: int, frame_id: str) -> None:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = 1_700_000_000, 999_999_999
    result = people(count)
    ours = serialize_poses(result, header, 640, 480)
    theirs = serialize_message(PoseMessageWriter().write(result, header, 640, 480))
    assert len(ours) == len(theirs)
    # Not the bytes themselves: what is in the gaps is undefined.
    again = serialize_message(deserialize_message(ours, PoseLandmarksArray))
    assert repr(deserialize_message(again, PoseLandmarksArray)) == repr(
        deserialize_message(theirs, PoseLandmarksArray))


def test_values_that_no_model_gives_are_not_mended() -> None:
    result = people(1)
    result.landmarks[0, 4] = np.nan, np.inf, -np.inf, -3, 7
    message = deserialize_message(serialize_poses(result, Header(), 640, 480), PoseLandmarksArray)
    landmarks = np.array([(each.x, each.y, each.z, each.visibility, each.presence)
                          for each in message.poses[0].landmarks], np.float32)
    assert landmarks.tobytes() == result.landmarks.tobytes()


@pytest.mark.parametrize('frame_id', ['', 'ab', 'abc', 'camera_optical_frame'])
@pytest.mark.parametrize(('pixels', 'encoding', 'channel_bytes'), [
    (np.arange(24, dtype=np.uint8).reshape(2, 4, 3), 'rgb8', 3),
    (np.arange(24, dtype=np.uint8).reshape(2, 4, 3)[:, ::-1], 'rgb8', 3),
    (np.arange(15, dtype=np.uint8).reshape(3, 5), 'mono8', 1),
    (np.linspace(0, 1, 15, dtype='<f4').reshape(3, 5), '32FC1', 4),
    (np.linspace(0, 1, 15, dtype='>f4').reshape(3, 5), '32FC1', 4),
], ids=['rgb', 'strided', 'mono', 'float', 'big endian'])
def test_an_image_is_what_the_middleware_makes(
        frame_id: str, pixels: NDArray[np.generic], encoding: str, channel_bytes: int) -> None:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = -1, 999_999_999
    height, width = pixels.shape[:2]
    image = Image(header=header, height=height, width=width, encoding=encoding,
                  step=width * channel_bytes)
    image.data.frombytes(np.ascontiguousarray(
        pixels, pixels.dtype.newbyteorder('<')).tobytes())
    ours = serialize_image(pixels, header, encoding)
    assert len(ours) == len(serialize_message(image))
    assert deserialize_message(ours, Image) == image


@pytest.mark.parametrize('frame_id', ['', 'ab', 'abc', 'camera/ö', 'camera_optical_frame'])
@pytest.mark.parametrize('encoding', ['', 'rgb8', 'mono8', '32FC1', 'bayer_rggb16'])
@pytest.mark.parametrize('size', [0, 1, 12])
def test_what_the_middleware_makes_of_an_image_is_read(
        frame_id: str, encoding: str, size: int) -> None:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = -1, 999_999_999
    image = Image(header=header, height=2, width=3, encoding=encoding, is_bigendian=1, step=6)
    image.data.frombytes(bytes(range(size)))
    serialized = serialize_message(image)
    assert can_be_read(serialized)
    read = read_image(serialized)
    assert read.data.tobytes() == image.data.tobytes()
    read.data = image.data
    assert [getattr(read, name) for name in image.get_fields_and_field_types()] == [
        getattr(image, name) for name in image.get_fields_and_field_types()]
