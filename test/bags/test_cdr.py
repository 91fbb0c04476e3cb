# SPDX-License-Identifier: Apache-2.0
from typing import Any

from geometry_msgs.msg import Point, TransformStamped
import numpy as np
import pytest
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, LaserScan
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.bags.cdr import serialize
from pose_ros.bags.definitions import installed_definition, typestore_of
from pose_ros.msg import Landmark, PoseLandmarks, PoseLandmarksArray

HEADER = Header(frame_id='camera')
HEADER.stamp.sec, HEADER.stamp.nanosec = 5, 7


def marker() -> Marker:
    made = Marker(header=HEADER, ns='a', id=3, text='ä', frame_locked=True)
    made.points = [Point(x=float(number), y=1.5, z=-2.0) for number in range(3)]
    made.colors = [ColorRGBA(r=0.25, a=1.0)] * 3
    made.mesh_file.data = [1, 2, 3]
    return made


MESSAGES = [
    MarkerArray(),
    MarkerArray(markers=[marker(), Marker(), marker()]),
    CompressedImage(header=HEADER, format='jpeg', data=b'12345'),
    Image(header=HEADER, height=1, width=1, encoding='mono8', step=1, data=b'x'),
    CameraInfo(header=HEADER, d=[0.5, 0.25], k=np.arange(9.0)),
    LaserScan(header=HEADER, ranges=[1.0, float('inf')]),
    TransformStamped(header=HEADER, child_frame_id='body'),
    PoseLandmarksArray(
        header=HEADER, poses=[PoseLandmarks(track_id=4, landmarks=[Landmark(x=0.5)] * 33)]
    ),
]


@pytest.mark.parametrize('message', MESSAGES, ids=lambda each: type(each).__name__)
def test_rclpy_and_rosbags_read_what_is_written(message: Any) -> None:
    kind = type(message)
    name = f'{kind.__module__.split(".")[0]}/msg/{kind.__name__}'
    data = serialize(message, name)
    assert deserialize_message(data, kind) == message
    definition = installed_definition(name)
    assert definition is not None
    store = typestore_of(name, definition.text)
    assert bytes(store.serialize_cdr(store.deserialize_cdr(data, name), name)) == data
