# SPDX-License-Identifier: Apache-2.0
"""The hand-held camera moves smoothly, and never looks past the photograph's edges."""

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.demo.moved_photo import MovedPhoto

MINUTE_AT_30_HZ = 1800


@pytest.mark.parametrize(
    ('photo', 'size'),
    [
        ((512, 512), (512, 512)),
        ((512, 512), (640, 480)),
        ((300, 900), (240, 320)),
        ((2000, 3000), (300, 200)),
        ((40, 30), (640, 480)),
    ],
)
def test_view_stays_inside_the_photograph(photo: tuple[int, int], size: tuple[int, int]) -> None:
    moved = MovedPhoto(np.zeros((*photo, 3), np.uint8), 30.0, *size)
    right, bottom = np.array(size) - 1
    corners = np.array([[0, 0, 1], [right, 0, 1], [0, bottom, 1], [right, bottom, 1]]).T
    seen = np.array([moved.view(i) @ corners for i in range(MINUTE_AT_30_HZ)])
    height, width, _ = moved._rgb.shape
    assert seen.min() >= -0.5
    assert seen[:, 0].max() <= width - 0.5
    assert seen[:, 1].max() <= height - 0.5


@pytest.mark.parametrize('rate_hz', [5.0, 30.0])
def test_motion_is_smooth_but_there(rate_hz: float) -> None:
    moved = MovedPhoto(np.zeros((480, 640, 3), np.uint8), rate_hz, 640, 480)
    points = np.array([[0, 0, 1], [639, 0, 1], [320, 240, 1], [0, 479, 1], [639, 479, 1]]).T
    seen = np.array([moved.view(i) @ points for i in range(round(60 * rate_hz))])
    speed_px_s = np.linalg.norm(np.diff(seen, axis=0), axis=1) * rate_hz
    assert 20 < speed_px_s.max() < 100
    assert (np.ptp(seen, axis=0) > 10).all()


def test_no_edge_shows(astronaut: NDArray[np.uint8]) -> None:
    bright = np.maximum(astronaut, 1)
    moved = MovedPhoto(bright, 2.0, 320, 240)
    for _ in range(60):
        assert moved.grab()
        picture = moved.retrieve()
        assert picture.shape == (240, 320, 3)
        assert picture.min() >= 1


def test_pictures_are_determined_by_index_and_rate(astronaut: NDArray[np.uint8]) -> None:
    first, second = (MovedPhoto(astronaut, 10.0, 160, 160) for _ in range(2))
    for _ in range(5):
        first.grab()
        second.grab()
        np.testing.assert_array_equal(first.retrieve(), second.retrieve())
        np.testing.assert_array_equal(first.retrieve(), second.retrieve())
    first.grab()
    assert (first.retrieve() != second.retrieve()).any()


def test_it_begins_in_the_middle(astronaut: NDArray[np.uint8]) -> None:
    moved = MovedPhoto(astronaut, 30.0, 512, 512)
    assert moved.view(0) @ [255.5, 255.5, 1] == pytest.approx([255.5, 255.5])
