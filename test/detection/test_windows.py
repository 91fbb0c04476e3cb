# SPDX-License-Identifier: Apache-2.0
"""Windows: what they cut out, where it lies, and whom some window of a search shows."""

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.windows import (
    LEAST_FILL,
    LEAST_SIDE_PX,
    LONGEST_PX,
    Window,
    search_windows,
)

SIZES = [(640, 480), (1920, 1080), (1088, 1920), (400, 100), (33, 700)]


def test_a_small_window_shows_the_pixels_themselves(astronaut: NDArray[np.uint8]) -> None:
    shown = Window(30, 40, 200, 100).cut(astronaut)
    np.testing.assert_array_equal(shown, astronaut[40:140, 30:230])
    assert shown.flags.c_contiguous


def test_outside_of_the_picture_all_is_black(astronaut: NDArray[np.uint8]) -> None:
    shown = Window(-50, 412, 100, 150).cut(astronaut)
    np.testing.assert_array_equal(shown[:100, 50:], astronaut[412:, :50])
    assert not shown[:, :50].any()
    assert not shown[100:].any()


def test_a_large_window_is_made_smaller() -> None:
    columns = np.tile(np.arange(1800), (900, 1))
    rgb = np.stack((columns // 8, columns // 8, columns // 8), axis=2).astype(np.uint8)
    window = Window(0, 0, 1800, 900)
    shown = window.cut(rgb)
    assert shown.shape[:2][::-1] == window.size() == (LONGEST_PX, LONGEST_PX // 2)
    middles = (np.arange(LONGEST_PX) + 0.5) / LONGEST_PX * 1800 - 0.5
    np.testing.assert_allclose(shown[100, :, 0], middles / 8, atol=1)


@pytest.mark.parametrize(
    'window', [Window(20, 10, 60, 80), Window(-20, -30, 92, 70), Window(50, 60, 200, 90)]
)
def test_a_mask_comes_back_where_it_was_cut_out(window: Window) -> None:
    there = np.zeros((100, 120), np.float32)
    there[35:70, 55:75] = 1
    shown = window.cut(np.dstack([there * 255] * 3).astype(np.uint8))[:, :, 0]
    back = np.zeros_like(there)
    window.paste(shown.astype(np.float32) / np.float32(255), back)
    inside = np.zeros_like(there)
    left, top = max(int(window.x), 0), max(int(window.y), 0)
    inside[top : int(window.y + window.height), left : int(window.x + window.width)] = 1
    np.testing.assert_allclose(back, there * inside, atol=1e-6)


def test_a_mask_from_outside_of_the_picture_is_nowhere() -> None:
    into = np.zeros((10, 10), np.float32)
    Window(20, 20, 5, 5).paste(np.ones((5, 5), np.float32), into)
    assert not into.any()


@pytest.mark.parametrize(('width', 'height'), SIZES)
@pytest.mark.parametrize('least', [0.05, 0.1, 0.3, 1.0])
def test_everybody_is_large_in_some_window(width: int, height: int, least: float) -> None:
    levels = search_windows(width, height, least)
    windows = [window for level in levels for window in level]
    assert levels[0] == [Window(0, 0, width, height)]
    for window in windows:
        assert 0 <= window.x <= window.x + window.width <= width + 1e-6
        assert 0 <= window.y <= window.y + window.height <= height + 1e-6
    random = np.random.default_rng(1)
    least_px = min(max(height * least, LEAST_FILL * LEAST_SIDE_PX), height)
    for _ in range(100):
        tall = random.uniform(least_px, height)
        wide = min(tall / 3, width)
        left, top = random.uniform(0, width - wide), random.uniform(0, height - tall)
        box = (left, top, left + wide, top + tall)
        shows = [w for w in windows if w.share_of(box) > 0.7 and tall / w.height > 0.35]
        assert shows, (box, tall / height)


@pytest.mark.parametrize(('width', 'height'), [(20000, 30), (30, 20000), (1, 480), (1, 1)])
def test_a_strip_has_no_windows_in_which_nobody_could_be_seen(width: int, height: int) -> None:
    windows = [window for level in search_windows(width, height, 0.1) for window in level]
    assert len(windows) < 2000
    assert all(
        window == Window(0, 0, width, height) or window.height >= LEAST_SIDE_PX
        for window in windows
    )
