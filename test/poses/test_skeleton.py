# SPDX-License-Identifier: Apache-2.0
"""The skeleton is MediaPipe's, and the messages'."""

from mediapipe.tasks.python.vision import PoseLandmark, PoseLandmarksConnections
import pytest

from pose_ros.msg import PoseLandmarks
from pose_ros.poses.skeleton import CONNECTIONS, Landmark, Side, side_of


def test_landmarks_are_mediapipes() -> None:
    assert [(landmark.name, landmark.value) for landmark in Landmark] == [
        (landmark.name, landmark.value) for landmark in PoseLandmark
    ]


def test_connections_are_mediapipes() -> None:
    assert (
        tuple((line.start, line.end) for line in PoseLandmarksConnections.POSE_LANDMARKS)
        == CONNECTIONS
    )


@pytest.mark.parametrize('landmark', Landmark)
def test_message_has_a_constant_for_each_landmark(landmark: Landmark) -> None:
    assert getattr(PoseLandmarks, landmark.name) == landmark


@pytest.mark.parametrize(
    ('landmarks', 'side'),
    [
        ((Landmark.NOSE,), Side.CENTER),
        ((Landmark.MOUTH_LEFT,), Side.LEFT),
        ((Landmark.RIGHT_EYE_INNER,), Side.RIGHT),
        ((Landmark.LEFT_HIP, Landmark.LEFT_KNEE), Side.LEFT),
        ((Landmark.RIGHT_HEEL, Landmark.RIGHT_FOOT_INDEX), Side.RIGHT),
        ((Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER), Side.CENTER),
        ((Landmark.NOSE, Landmark.LEFT_EYE_INNER), Side.CENTER),
    ],
)
def test_side_of(landmarks: tuple[int, ...], side: Side) -> None:
    assert side_of(*landmarks) is side


def test_both_sides_have_as_many_landmarks_and_connections() -> None:
    for things in ([(index,) for index in Landmark], CONNECTIONS):
        sides = [side_of(*thing) for thing in things]
        assert sides.count(Side.LEFT) == sides.count(Side.RIGHT) > 0


@pytest.mark.parametrize('index', [-1, 33])
def test_side_of_no_landmark(index: int) -> None:
    with pytest.raises(ValueError, match=str(index)):
        side_of(index)
