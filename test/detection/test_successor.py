# SPDX-License-Identifier: Apache-2.0
"""A finder that gets ready beside another one: when it may take over, and whom it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions
from pose_ros.detection.sight import sights
from pose_ros.detection.successor import (
    PATIENCE_FRAMES,
    WARM_UP_FRAMES,
    WARM_UP_MS,
    Successor,
    only_known,
)
from pose_ros.detection.windows import Window
from pose_ros.poses.poses import Poses

TIMEOUT_S = 20.0


def until(condition: Callable[[], Any]) -> None:
    end_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.002)


@pytest.fixture
def options(models: dict[str, Path]) -> LandmarkerOptions:
    return LandmarkerOptions(models['lite'])


@contextmanager
def successor(options: LandmarkerOptions, warms_up: bool = True) -> Iterator[Successor]:
    one = Successor(lambda: Landmarker(options), lambda: None, warms_up)
    try:
        yield one
    finally:
        one.close()
        one.wait()
        assert one.is_over


def looks(one: Successor, rgb: NDArray[np.uint8], stamp_ms: int, known: Poses) -> None:
    """Have it look at a frame, and wait until it has."""
    until(lambda: one.is_waiting)
    one.compare(known)
    one.look(rgb, stamp_ms)
    until(lambda: one.is_waiting)
    one.compare(known)


@pytest.fixture
def known(options: LandmarkerOptions, astronaut: NDArray[np.uint8]) -> Poses:
    with Landmarker(options) as landmarker:
        return landmarker.detect(landmarker.load(astronaut), 0)


def test_it_is_ready_after_some_frames_with_the_same_people(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8], known: Poses
) -> None:
    with successor(options) as one:
        for index in range(WARM_UP_FRAMES):
            assert not one.is_ready
            looks(one, astronaut, 33 * index, known)
        assert one.is_ready
        one.compare(Poses.empty())
        assert not one.is_ready


def test_a_slow_camera_needs_fewer_frames(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8], known: Poses
) -> None:
    with successor(options) as one:
        looks(one, astronaut, 0, known)
        assert not one.is_ready
        looks(one, astronaut, WARM_UP_MS, known)
        assert one.is_ready


def test_nobody_is_known_and_nobody_found(options: LandmarkerOptions) -> None:
    empty = np.full((48, 64, 3), 90, np.uint8)
    with successor(options) as one:
        for index in range(WARM_UP_FRAMES):
            looks(one, empty, index, Poses.empty())
        assert one.is_ready


def test_it_is_late_when_it_does_not_find_who_is_known(
    options: LandmarkerOptions, known: Poses
) -> None:
    empty = np.full((48, 64, 3), 90, np.uint8)
    with successor(options) as one:
        for index in range(PATIENCE_FRAMES):
            assert not one.is_late
            looks(one, empty, index, known)
        assert one.is_late
        assert not one.is_ready


def test_without_warming_up_it_is_ready_when_it_is_built(options: LandmarkerOptions) -> None:
    with successor(options, warms_up=False) as one:
        until(lambda: one.is_ready)


def test_what_it_replaces_is_closed_on_its_thread(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    running, closed = Landmarker(options), list[bool]()
    with successor(options, warms_up=False) as one:
        until(lambda: one.is_ready)
        new = one.exchange(running, lambda: closed.append(one.is_over))
        until(lambda: closed)
    assert closed == [True]
    assert len(new.detect(new.load(astronaut), 0)) == 1
    new.close()
    with pytest.raises(LandmarkerError, match='closed'):
        running.load(astronaut)


def test_an_error_is_kept_in_words(tmp_path: Path) -> None:
    with successor(LandmarkerOptions(tmp_path / 'missing.task')) as one:
        until(lambda: one.is_over)
        assert 'missing.task' in one.error
        assert not one.is_ready


def test_only_who_is_known_is_in_the_picture(astronaut: NDArray[np.uint8], known: Poses) -> None:
    both = np.hstack([astronaut, astronaut])
    people = sights(Window(0, 0, 512, 512), known)
    shown = only_known(both, people)
    assert shown.shape == both.shape
    np.testing.assert_array_equal(shown[100:400, 100:350], astronaut[100:400, 100:350])
    assert np.ptp(shown[:, 900:], axis=(0, 1)).tolist() == [0, 0, 0]
    assert only_known(both, []) is both
    nan = Poses(known.landmarks * np.nan, known.world_landmarks)
    assert not np.ptp(only_known(both, sights(Window(0, 0, 512, 512), nan)), axis=(0, 1)).any()
