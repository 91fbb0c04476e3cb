# SPDX-License-Identifier: Apache-2.0
"""What the browser is told about messages, and what it gets."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.page.pictures import InstanceMask, Picture
from pose_ros.page.topic_stream import stamp_ns_of
from pose_ros.page.wire import HEAD, pack, schema, skeleton
from pose_ros.poses.skeleton import CONNECTIONS
from simulation.ros_world import image_message

STAMP_NS = 1_700_000_000_123_456_789


def serialized(message: object) -> bytes:
    from rclpy.serialization import serialize_message

    return serialize_message(message)


def test_parts_lie_one_behind_the_other() -> None:
    packed = pack(STAMP_NS, b'landmarks', b'picture', b'mask')
    assert HEAD.unpack_from(packed) == (1_700_000_000, 123_456_789, 9, 7, 4)
    assert packed[HEAD.size :] == b'landmarkspicturemask'


def test_the_schema_has_every_field_in_order() -> None:
    fields = dict(schema())
    assert fields['header'][0] == ['stamp', [['sec', 'int32'], ['nanosec', 'uint32']]]
    assert fields['image_width'] == 'uint32'
    person = dict(fields['poses']['of'])
    assert fields['poses']['length'] == 0
    assert person['landmarks']['length'] == 33
    assert person['landmarks']['of'][3] == ['visibility', 'float']
    assert person['position'] == [['x', 'double'], ['y', 'double'], ['z', 'double']]


def test_the_skeleton_is_the_nodes() -> None:
    told = skeleton()
    assert [tuple(each[:2]) for each in told['connections']] == list(CONNECTIONS)
    assert told['names'][11] == 'left shoulder'
    assert told['sides'][11] == 'left'
    assert told['colors']['left'] == '#e69f00'


def test_the_stamp_is_read_without_the_message() -> None:
    message = image_message(np.zeros((2, 2, 3), np.uint8), STAMP_NS)
    assert stamp_ns_of(serialized(message)) == STAMP_NS


def test_a_raw_image_becomes_a_jpeg_and_a_compressed_one_stays() -> None:
    rgb = np.full((48, 64, 3), (200, 50, 50), np.uint8)
    picture = Picture(Image, serialized(image_message(rgb, STAMP_NS)), 90)
    jpeg = picture.encoded()
    assert jpeg.startswith(b'\xff\xd8')
    message = deserialize_message(picture.compressed(), CompressedImage)
    assert message.header.stamp.nanosec == STAMP_NS % 10**9
    again = Picture(CompressedImage, picture.compressed(), 10)
    assert again.encoded() == jpeg
    assert np.abs(again.rgb().astype(int) - rgb).mean() < 5


def test_a_picture_is_encoded_once_for_all_who_look() -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    picture = Picture(Image, serialized(image_message(rgb, STAMP_NS)), 90)
    with ThreadPoolExecutor(10) as tabs:
        first, *others = tabs.map(lambda _: picture.encoded(), range(10))
    assert all(each is first for each in others)


def test_what_cannot_be_shown_is_empty() -> None:
    broken = image_message(np.zeros((2, 2, 3), np.uint8), STAMP_NS)
    broken.encoding = 'nonsense'
    assert Picture(Image, serialized(broken), 80).encoded() == b''
    assert Picture(Image, b'\0\1\0\0rubbish', 80).encoded() == b''


def test_a_mask_becomes_a_small_grey_picture() -> None:
    import cv2

    mask = np.zeros((480, 640), np.uint8)
    mask[100:300, 200:400] = 2
    message = Image(height=480, width=640, encoding='mono8', step=640, data=mask.tobytes())
    png = InstanceMask(serialized(message)).encoded()
    small = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert small is not None
    assert small.shape == (240, 320)
    assert set(np.unique(small)) == {0, 2}
