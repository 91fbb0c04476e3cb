# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from pose_ros.poses.geometry import (
    placed_landmarks,
    turned,
    viewing_quaternions,
    viewing_rotations,
    visible_box_px,
)
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import Landmark

DIRECTIONS = np.array([[0, 0, 2.0], [1.0, 0, 1.0], [-1.0, 2.0, 3.0], [0.3, -2.0, 0.1]])


def test_rotations_take_the_optical_axis_to_the_line_of_sight() -> None:
    rotations = viewing_rotations(DIRECTIONS)
    units = DIRECTIONS / np.linalg.norm(DIRECTIONS, axis=1)[:, None]
    np.testing.assert_allclose(rotations @ [0, 0, 1], units, atol=1e-12)
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (4, 3, 3)), atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0)


def test_quaternions_are_the_same_rotations() -> None:
    for (x, y, z, w), rotation in zip(
        viewing_quaternions(DIRECTIONS), viewing_rotations(DIRECTIONS), strict=True
    ):
        assert x * x + y * y + z * z + w * w == pytest.approx(1.0)
        np.testing.assert_allclose(
            rotation,
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ],
            atol=1e-12,
        )


def test_landmarks_are_turned_and_then_moved() -> None:
    landmarks = np.zeros((2, 33, 5), np.float32)
    landmarks[:, Landmark.NOSE, :3] = (0.0, -0.5, -0.1)
    result = Poses(landmarks, landmarks, positions=np.array([[2.0, 0, 0], [np.nan] * 3]))
    placed = placed_landmarks(result)
    # Seen far to the right: away from the camera is now +x.
    np.testing.assert_allclose(placed[0, Landmark.NOSE], (1.9, -0.5, 0.0), atol=1e-6)
    assert np.isnan(placed[1]).all()
    np.testing.assert_allclose(
        turned(landmarks[:1, :, :3], np.array([[0, 0, 1.0]])), landmarks[:1, :, :3]
    )


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
def test_the_box_of_the_visible_landmarks(
    points: list[tuple[float, float, float]], box: tuple[int, int, int, int]
) -> None:
    landmarks = np.zeros((33, 5), np.float32)
    landmarks[: len(points), (0, 1, 3)] = points
    assert visible_box_px(landmarks, 100, 200) == box
