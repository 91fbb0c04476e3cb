# SPDX-License-Identifier: Apache-2.0
"""Layouts derived from message definitions, against the middleware's own serialization."""

import struct
from typing import Any

from geometry_msgs.msg import PoseWithCovariance, Vector3
import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import NavSatStatus, RegionOfInterest
from std_msgs.msg import Header, UInt8

from pose_ros.msg import Landmark, PoseLandmarks, PoseLandmarksArray
from pose_ros.outputs.cdr_layout import Layout, LayoutError

ENCAPSULATION = b'\0\1\0\0'
COVARIANCE = np.arange(36.0)


@pytest.mark.parametrize(
    ('message', 'values'),
    [
        (NavSatStatus(status=-1, service=4), {'status': -1, 'service': 4}),
        (
            RegionOfInterest(x_offset=1, y_offset=2, height=3, width=4, do_rectify=True),
            {'x_offset': 1, 'y_offset': 2, 'height': 3, 'width': 4, 'do_rectify': True},
        ),
        (Vector3(x=1.0, z=-1.0), {'x': 1.0, 'z': -1.0}),
        (Landmark(x=0.5, presence=1.0), {'x': 0.5, 'presence': 1.0}),
        (
            PoseWithCovariance(covariance=COVARIANCE),
            {'pose.orientation.w': 1.0, 'covariance': COVARIANCE.tobytes()},
        ),
        (PoseLandmarks(position_source=2), {'position_source': 2}),
    ],
)
def test_is_what_the_middleware_makes(message: Any, values: dict[str, Any]) -> None:
    ours = ENCAPSULATION + Layout(type(message)).pack(values)
    theirs = serialize_message(message)
    assert len(ours) <= len(theirs) < len(ours) + 4  # theirs may be filled up
    assert repr(deserialize_message(ours.ljust(len(theirs), b'\0'), type(message))) == repr(
        message
    )


@pytest.mark.parametrize('start', range(9))
def test_values_begin_at_multiples_of_their_sizes(start: int) -> None:
    packed = Layout(Vector3, start).pack({'x': 1.0, 'y': 2.0, 'z': 3.0})
    assert packed == bytes(-start % 8) + struct.pack('<3d', 1.0, 2.0, 3.0)
    assert Layout(UInt8, start).pack({'data': 7}) == b'\7'


def test_a_part_of_a_message() -> None:
    packed = Layout(RegionOfInterest, 1, slice(2, 4)).pack({'height': 5, 'width': 6})
    assert packed == bytes(3) + struct.pack('<2I', 5, 6)
    assert Layout(RegionOfInterest, 1, slice(5, None)).pack({}) == b''


@pytest.mark.parametrize('message_type', [Header, PoseLandmarksArray])
def test_a_message_without_a_fixed_size_is_refused(message_type: type[Any]) -> None:
    with pytest.raises(LayoutError, match='wanted a type of fixed size'):
        Layout(message_type)
