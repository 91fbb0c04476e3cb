# SPDX-License-Identifier: Apache-2.0
"""A serialized `Image` is what the middleware would make of the message, and is read back."""

import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.images.image_cdr import can_be_read, read_image, serialize_image


@pytest.mark.parametrize('frame_id', ['', 'ab', 'abc', 'camera_optical_frame'])
@pytest.mark.parametrize(
    ('pixels', 'encoding', 'channel_bytes'),
    [
        (np.arange(24, dtype=np.uint8).reshape(2, 4, 3), 'rgb8', 3),
        (np.arange(24, dtype=np.uint8).reshape(2, 4, 3)[:, ::-1], 'rgb8', 3),
        (np.arange(15, dtype=np.uint8).reshape(3, 5), 'mono8', 1),
        (np.linspace(0, 1, 15, dtype='<f4').reshape(3, 5), '32FC1', 4),
        (np.linspace(0, 1, 15, dtype='>f4').reshape(3, 5), '32FC1', 4),
    ],
    ids=['rgb', 'strided', 'mono', 'float', 'big endian'],
)
def test_an_image_is_what_the_middleware_makes(
    frame_id: str, pixels: NDArray[np.generic], encoding: str, channel_bytes: int
) -> None:
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = -1, 999_999_999
    height, width = pixels.shape[:2]
    image = Image(
        header=header, height=height, width=width, encoding=encoding, step=width * channel_bytes
    )
    image.data.frombytes(np.ascontiguousarray(pixels, pixels.dtype.newbyteorder('<')).tobytes())
    ours = serialize_image(pixels, header, encoding)
    assert len(ours) == len(serialize_message(image))
    assert deserialize_message(ours, Image) == image


@pytest.mark.parametrize('frame_id', ['', 'ab', 'abc', 'camera/ö', 'camera_optical_frame'])
@pytest.mark.parametrize('encoding', ['', 'rgb8', 'mono8', '32FC1', 'bayer_rggb16'])
@pytest.mark.parametrize('size', [0, 1, 12])
def test_what_the_middleware_makes_of_an_image_is_read(
    frame_id: str, encoding: str, size: int
) -> None:
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
        getattr(image, name) for name in image.get_fields_and_field_types()
    ]
