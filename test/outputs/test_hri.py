# SPDX-License-Identifier: Apache-2.0
"""REP-155's keypoints and regions are where the landmarks are."""

import numpy as np
from numpy.typing import NDArray
import pytest
from std_msgs.msg import Header

from pose_ros.outputs.hri import keypoints, regions
from pose_ros.outputs.hri_frames import BodyIds
from pose_ros.poses.geometry import visible_box_px
from pose_ros.poses.poses import PRESENCE, VISIBILITY, Poses, X, Y
from pose_ros.poses.skeleton import Landmark

HEADER = Header(frame_id='camera_optical')
HEADER.stamp.sec = 7
NECK = 1
IDS = BodyIds()


def people(*track_ids: int) -> Poses:
    """Return people, every landmark of whom is visible and in the image."""
    rows = np.random.default_rng(1).uniform(0.6, 0.9, (2, len(track_ids), 33, 5))
    landmarks, world_landmarks = rows.astype(np.float32)
    return Poses(landmarks, world_landmarks, track_ids=np.array(track_ids, np.int32))


def test_keypoints_are_landmarks_in_the_order_of_openpose() -> None:
    names = (
        (
            'nose neck right_shoulder right_elbow right_wrist '
            'left_shoulder left_elbow left_wrist right_hip right_knee right_ankle '
            'left_hip left_knee left_ankle left_eye right_eye left_ear right_ear'
        )
        .upper()
        .split()
    )
    result = people(4, 5)
    points = keypoints(result)
    assert points.shape == (2, 18, 3)
    for index, name in enumerate(names):
        if index != NECK:
            landmark = result.landmarks[:, Landmark[name]]
            assert np.array_equal(points[:, index], landmark[:, (X, Y, VISIBILITY)])


def test_the_neck_is_between_the_shoulders_and_as_visible_as_the_worse() -> None:
    result = people(4)
    result.landmarks[0, Landmark.LEFT_SHOULDER, (X, Y, VISIBILITY)] = 0.2, 0.3, 0.9
    result.landmarks[0, Landmark.RIGHT_SHOULDER, (X, Y, VISIBILITY)] = 0.4, 0.5, 0.1
    assert keypoints(result)[0, NECK] == pytest.approx((0.3, 0.4, 0.1))


@pytest.mark.parametrize(
    ('xy', 'point'),
    [
        ((1.2, 0.5), (1, 0.5, 0)),
        ((0.5, -3), (0.5, 0, 0)),
        ((0, 1), (0, 1, 0.75)),
        ((np.nan, 0.5), (0, 0.5, 0)),
        ((np.inf, 0.5), (1, 0.5, 0)),
    ],
)
def test_keypoints_outside_the_image_are_moved_to_its_border_and_not_believed(
    xy: tuple[float, float], point: tuple[float, float, float]
) -> None:
    result = people(4)
    result.landmarks[0, Landmark.NOSE, (X, Y, VISIBILITY)] = *xy, 0.75
    assert tuple(keypoints(result)[0, 0]) == point


def only(points: dict[int, tuple[float, float]]) -> NDArray[np.float32]:
    """Return a person of whom only these landmarks are visible."""
    landmarks = np.zeros((33, 5), np.float32)
    landmarks[:, PRESENCE] = 0.75
    for index, (x, y) in points.items():
        landmarks[index, (X, Y, VISIBILITY)] = x, y, 1
    return landmarks


@pytest.mark.parametrize(
    ('points', 'region'),
    [
        ({0: (0.25, 0.5), 9: (0.5, 0.75)}, (0.25, 0.5, 0.5, 0.75, 0.75)),
        ({0: (0.25, 0.5), 9: (-2, 7)}, (0, 0.5, 0.25, 1, 0.75)),
        ({0: (0.25, 0.5), 9: (np.nan, 0.75)}, (0.25, 0.5, 0.25, 0.5, 0.75)),
        ({0: (-0.5, 0.5), 9: (1.5, 0.75)}, (0, 0, 0, 0, 0)),
        ({}, (0, 0, 0, 0, 0)),
    ],
    ids=['inside', 'half outside', 'nan', 'outside', 'hidden'],
)
def test_regions_hold_what_is_visible(
    points: dict[int, tuple[float, float]], region: tuple[float, ...]
) -> None:
    landmarks = np.stack((only(points), only({3: (0.125, 0.375)})))
    result = Poses(landmarks, np.zeros_like(landmarks))
    assert regions(result).tolist() == [list(region), [0.125, 0.375, 0.125, 0.375, 0.75]]


def test_regions_are_those_of_the_poses() -> None:
    """Within the pixels that the pose's region of interest counts whole."""
    result = people(1, 2, 3)
    for landmarks, confidence, (left, top, right, bottom, c) in zip(
        result.landmarks, result.confidence.tolist(), regions(result).tolist(), strict=True
    ):
        box = (int(left * 640), int(top * 480), int(right * 640), int(bottom * 480))
        x_offset, y_offset, width, height = visible_box_px(landmarks, 640, 480)
        assert (x_offset, y_offset, x_offset + width - 1, y_offset + height - 1) == box
        assert c == confidence


def test_skeletons_are_indexed_by_the_messages_own_constants() -> None:
    hri_msgs = pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')
    result = people(4)
    for index, point in enumerate(keypoints(result)[0]):
        (name,) = (
            name
            for name in ('NECK', *Landmark.__members__)
            if getattr(hri_msgs.Skeleton2D, name, None) == index
        )
        if name != 'NECK':
            landmark = result.landmarks[0, Landmark[name]]
            assert np.array_equal(point, landmark[[X, Y, VISIBILITY]])
