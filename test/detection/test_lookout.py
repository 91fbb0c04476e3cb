# SPDX-License-Identifier: Apache-2.0
"""Which windows come first: those in which something moves, no window is left out."""

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.lookout import Lookout
from pose_ros.detection.windows import Window

WIDTH, HEIGHT = 640, 480
PERIOD_MS = 33


@pytest.fixture
def textured() -> NDArray[np.uint8]:
    noise = np.random.default_rng(3).integers(0, 255, (HEIGHT // 20, WIDTH // 20, 3), np.uint8)
    return np.kron(noise, np.ones((20, 20, 1), np.uint8))


def looks(lookout: Lookout, rgb: NDArray[np.uint8], count: int) -> list[Window]:
    seen = []
    for index in range(count):
        lookout.watch(rgb, [])
        seen.append(lookout.next(index * PERIOD_MS))
    return seen


def all_windows(lookout: Lookout) -> list[Window]:
    return [window for level in lookout.levels for window in level]


def test_no_window_is_left_out(
    textured: NDArray[np.uint8],
) -> None:
    lookout = Lookout(WIDTH, HEIGHT, 0.2)
    windows = all_windows(lookout)
    assert np.isnan(lookout.age_ms(0))
    seen = looks(lookout, textured, len(windows))
    assert len(set(seen)) > 0.7 * len(windows)
    seen += looks(lookout, textured, 4 * len(windows))
    assert set(seen) == set(windows)
    assert not np.isnan(lookout.age_ms(PERIOD_MS * len(windows)))


def test_what_moves_comes_first(textured: NDArray[np.uint8]) -> None:
    lookout = Lookout(WIDTH, HEIGHT, 0.1)
    looks(lookout, textured, 2 * len(all_windows(lookout)))
    moved = textured.copy()
    moved[200:280, 100:150] = 255 - moved[200:280, 100:150]
    lookout.watch(moved, [])
    window = lookout.next(10_000)
    assert window.share_of((100, 200, 150, 280)) > 0.3


def test_known_people_may_move_without_being_news(textured: NDArray[np.uint8]) -> None:
    lookouts = [Lookout(WIDTH, HEIGHT, 0.1) for _ in range(2)]
    moved = textured.copy()
    moved[200:280, 100:150] = 255 - moved[200:280, 100:150]
    seen = []
    for lookout, rgb in zip(lookouts, (textured, moved), strict=True):
        lookout.watch(textured, [])
        lookout.watch(rgb, [(90, 190, 160, 290)])
        seen.append([lookout.next(index) for index in range(20)])
    assert seen[0] == seen[1]


def test_unknown_motion_is_what_moves_and_is_not_known(textured: NDArray[np.uint8]) -> None:
    lookout = Lookout(WIDTH, HEIGHT, 0.1)
    moved = textured.copy()
    moved[200:280, 100:150] = 255 - moved[200:280, 100:150]
    seen = []
    for rgb, known in (
        (textured, []),
        (textured, []),
        (moved, [(104.0, 204.0, 146.0, 276.0)]),  # a little less than what moves, as landmarks are
        (textured, []),
    ):
        lookout.watch(rgb, known)
        seen.append(lookout.unknown_motion)
    assert seen[:3] == [0, 0, 0]
    assert 0.5 < seen[3] <= 1


def test_a_plain_wall_is_looked_at_less_often(textured: NDArray[np.uint8]) -> None:
    half = textured.copy()
    half[:, : WIDTH // 2] = 128
    lookout = Lookout(WIDTH, HEIGHT, 0.1)
    seen = looks(lookout, half, 300)
    plain = sum(each.x + each.width <= WIDTH // 2 for each in seen)
    rich = sum(each.x >= WIDTH // 2 for each in seen)
    assert 0 < plain < 0.5 * rich


def test_where_people_appeared_it_is_looked_again_soon(textured: NDArray[np.uint8]) -> None:
    counts = []
    for door in (False, True):
        lookout = Lookout(WIDTH, HEIGHT, 0.1)
        window = lookout.levels[-1][5]
        if door:
            lookout.found(window)
        counts.append(looks(lookout, textured, 200).count(window))
    assert counts[1] > counts[0]


@pytest.mark.parametrize(('width', 'height'), [(1, 480), (480, 1), (1, 1), (640, 2)])
def test_a_picture_of_one_line_is_watched(width: int, height: int) -> None:
    lookout = Lookout(width, height, 0.1)
    for stamp_ms in range(3):
        lookout.watch(np.full((height, width, 3), stamp_ms * 100, np.uint8), [])
        assert lookout.next(stamp_ms) in all_windows(lookout)
