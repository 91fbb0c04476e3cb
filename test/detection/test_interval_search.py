# SPDX-License-Identifier: Apache-2.0
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection import interval_search
from pose_ros.detection.interval_search import IntervalSearchLandmarker
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions

INTERVAL_MS = 500
PERIOD_MS = 33


@pytest.fixture
def options(models: dict[str, Path]) -> LandmarkerOptions:
    return LandmarkerOptions(models['lite'], num_poses=4, min_pose_detection_confidence=0.3)


@pytest.fixture
def alone(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One person at the left."""
    rgb = np.zeros((480, 960, 3), np.uint8)
    rgb[:, :480] = cv2.resize(astronaut, (480, 480))
    return rgb


@pytest.fixture
def together(alone: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same, and a second person at the right."""
    return np.maximum(alone, alone[:, ::-1])


class Counting:
    """Counts the frames that landmarkers for several people get."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.frames = 0
        detect = Landmarker.detect

        def counted(self_: Landmarker, picture: Any, stamp_ms: int) -> object:
            self.frames += self_.options.num_poses > 1
            return detect(self_, picture, stamp_ms)

        monkeypatch.setattr(Landmarker, 'detect', counted)


def test_one_person_alone_costs_one_search_an_interval_and_looks_as_with_one_pose(
    options: LandmarkerOptions,
    models: dict[str, Path],
    alone: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searching = IntervalSearchLandmarker(options, INTERVAL_MS)
    single = Landmarker(LandmarkerOptions(models['lite'], min_pose_detection_confidence=0.3))
    searches = Counting(monkeypatch)
    for stamp_ms in range(0, 3 * INTERVAL_MS, PERIOD_MS):
        np.testing.assert_array_equal(
            searching.detect(searching.load(alone), stamp_ms).landmarks,
            single.detect(single.load(alone), stamp_ms).landmarks,
        )
    searching.close()
    single.close()
    assert searches.frames == 3


def test_a_newcomer_is_found_within_the_interval_and_kept(
    options: LandmarkerOptions, alone: NDArray[np.uint8], together: NDArray[np.uint8]
) -> None:
    searching = IntervalSearchLandmarker(options, INTERVAL_MS)
    people: list[tuple[int, int]] = []
    for stamp_ms in range(0, 4 * INTERVAL_MS, PERIOD_MS):
        rgb = together if stamp_ms >= 700 else alone
        people.append((stamp_ms, len(searching.detect(searching.load(rgb), stamp_ms))))
    searching.close()
    first = next(stamp_ms for stamp_ms, count in people if count == 2)
    assert 700 <= first <= 700 + INTERVAL_MS + PERIOD_MS
    assert all(count == 2 for stamp_ms, count in people if stamp_ms >= first)


def test_after_the_second_has_left_the_cost_falls_again(
    options: LandmarkerOptions,
    alone: NDArray[np.uint8],
    together: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searching = IntervalSearchLandmarker(options, INTERVAL_MS)
    for stamp_ms in range(0, INTERVAL_MS, PERIOD_MS):
        searching.detect(searching.load(together), stamp_ms)
    searches = Counting(monkeypatch)
    for stamp_ms in range(INTERVAL_MS, 4 * INTERVAL_MS, PERIOD_MS):
        assert len(searching.detect(searching.load(alone), stamp_ms)) == 1
    searching.close()
    assert searches.frames <= INTERVAL_MS // PERIOD_MS + 3


def test_closed_it_refuses(options: LandmarkerOptions, alone: NDArray[np.uint8]) -> None:
    searching = IntervalSearchLandmarker(options, INTERVAL_MS)
    searching.close()
    searching.close()
    with pytest.raises(LandmarkerError, match='closed'):
        searching.detect(searching.load(alone), 0)


@pytest.mark.parametrize('error', [LandmarkerError('injected'), MemoryError()])
def test_where_the_second_cannot_be_built_the_first_is_closed(
    options: LandmarkerOptions,
    alone: NDArray[np.uint8],
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[Landmarker] = []

    def build(options: LandmarkerOptions) -> Landmarker:
        if built:
            raise error
        built.append(Landmarker(options))
        return built[0]

    monkeypatch.setattr(interval_search, 'Landmarker', build)
    with pytest.raises(type(error)):
        IntervalSearchLandmarker(options, INTERVAL_MS)
    with Landmarker(options) as other, pytest.raises(LandmarkerError, match='closed'):
        built[0].detect(other.load(alone), 1)
