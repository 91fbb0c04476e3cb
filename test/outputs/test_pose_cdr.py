# SPDX-License-Identifier: Apache-2.0
"""A serialized `PoseLandmarksArray` is the one that the middleware would make of the message."""

import numpy as np
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from pose_ros.msg import PoseLandmarksArray
from pose_ros.outputs.pose_cdr import serialize_poses
from pose_ros.outputs.pose_message import PoseMessageWriter
from pose_ros.poses.poses import Poses, PositionSource


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
        deserialize_message(theirs, PoseLandmarksArray)
    )


def test_values_that_no_model_gives_are_not_mended() -> None:
    result = people(1)
    result.landmarks[0, 4] = np.nan, np.inf, -np.inf, -3, 7
    message = deserialize_message(serialize_poses(result, Header(), 640, 480), PoseLandmarksArray)
    landmarks = np.array(
        [
            (each.x, each.y, each.z, each.visibility, each.presence)
            for each in message.poses[0].landmarks
        ],
        np.float32,
    )
    assert landmarks.tobytes() == result.landmarks.tobytes()
