# SPDX-License-Identifier: Apache-2.0
"""Windows on real recordings: everybody is found and followed, each once, at a bounded cost."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.finder import build_finder
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.one_by_one import OneByOneLandmarker, window_of
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.search_options import Search, SearchOptions
from pose_ros.detection.sight import Sight, sights
from pose_ros.detection.still_search import StillSearch
from pose_ros.detection.window_detector import WindowDetector
from pose_ros.detection.window_search import (
    FIRST_FRAMES,
    MISSES_REPORTED,
    MOST_FIRST,
    WindowSearch,
)
from pose_ros.detection.windows import Window, search_windows
from pose_ros.poses.poses import Poses
from simulation.ground_truth import FRAMES_FOR_TESTS, Label, read_ground_truth
from simulation.matching import LEAST_IOU, iou, person_box
from simulation.recordings import recording
from simulation.video import read_frame, read_frames

PERIOD_MS = 33


@pytest.fixture(scope='module')
def options(models: dict[str, Path]) -> LandmarkerOptions:
    return LandmarkerOptions(models['full'], num_poses=8)


@pytest.fixture(scope='module')
def room() -> NDArray[np.uint8]:
    """A man and a figure who are near, a woman at the back."""
    return read_frame(recording('multi_cam2'), 0)


def boxes(found: Poses, rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    height, width = rgb.shape[:2]
    return np.array(
        [
            person_box(person[:, :2] * (width, height), person[:, 3], width, height)
            for person in found.landmarks
        ]
    ).reshape(-1, 4)


def people(labels: Sequence[Label]) -> list[Label]:
    return [label for label in labels if not label.ignored]


def found_ids(found: Poses, rgb: NDArray[np.uint8], labels: Sequence[Label]) -> dict[int, int]:
    """Return the number by which each labelled person who was found is followed; -1: by none."""
    overlaps = iou(np.array([label.box_px for label in labels]), boxes(found, rgb))
    return {
        label.person: int(found.followed_ids[row.argmax()])
        for label, row in zip(labels, overlaps, strict=True)
        if row.max(initial=0) >= LEAST_IOU
    }


@pytest.mark.parametrize(('name', 'index'), FRAMES_FOR_TESTS[:3])
def test_everybody_is_found_in_a_still(name: str, index: int, options: LandmarkerOptions) -> None:
    rgb = read_frame(recording(name), index)
    labels = people(read_ground_truth(name).frames[index])
    still = replace(options, running_mode=RunningMode.IMAGE)
    search = SearchOptions(Search.WINDOWS)
    finder = build_finder(still, search)
    assert isinstance(finder, StillSearch)
    found = finder.detect(finder.load(rgb), 0)
    finder.close()
    whole = {label.person for label in labels if label.whole}
    assert whole <= found_ids(found, rgb, labels).keys()
    assert len(found) <= len(labels) + 1  # a model of a skeleton stands at the back


def test_more_and_more_people_are_found_in_a_stream_each_once_and_stay_themselves(
    options: LandmarkerOptions, room: NDArray[np.uint8]
) -> None:
    labels = people(read_ground_truth('multi_cam2').frames[0])
    search = SearchOptions(Search.WINDOWS, search_budget_ms=30.0, counts_looks=True)
    finder = WindowSearch(options, search)
    seen: list[dict[int, int]] = []
    reported: list[list[int]] = []
    for index in range(40):
        found = finder.detect(finder.load(room), index * PERIOD_MS)
        ids = found.followed_ids.tolist()
        assert len(set(ids)) == len(ids)
        reported.append(ids)
        seen.append(found_ids(found, room, labels))
    finder.close()
    for person in (1, 2, 3):
        since = next(index for index, each in enumerate(seen) if person in each)
        number = seen[since][person]
        assert all(number in ids for ids in reported[since:]), person
        here = [each.get(person) for each in seen[since:]]
        assert set(here) <= {number, None}, (person, here)
        assert np.mean([each == number for each in here]) >= 0.95, (person, here)
    overlaps = iou(boxes(found, room), boxes(found, room))
    assert (overlaps - np.eye(len(found))).max() < LEAST_IOU


def test_counted_looks_find_the_same_on_a_slow_machine(
    options: LandmarkerOptions, room: NDArray[np.uint8]
) -> None:
    search = SearchOptions(Search.WINDOWS, counts_looks=True)
    runs: list[list[Poses]] = []
    for is_slow in (False, True):
        finder = WindowSearch(options, search)
        with busy(is_slow):
            runs.append([finder.detect(finder.load(room), i * PERIOD_MS) for i in range(20)])
        finder.close()
    for fast, slow in zip(*runs, strict=True):
        np.testing.assert_array_equal(fast.landmarks, slow.landmarks)
        np.testing.assert_array_equal(fast.world_landmarks, slow.world_landmarks)


@contextmanager
def busy(wanted: bool) -> Iterator[None]:
    """Keep Python's lock and a core busy within the block."""
    done = Event()

    def work() -> None:
        while not done.is_set():
            sum(range(10_000))

    thread = Thread(target=work)
    if wanted:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if wanted:
            thread.join()


def test_no_more_people_than_wanted(options: LandmarkerOptions, room: NDArray[np.uint8]) -> None:
    finder = WindowSearch(replace(options, num_poses=1), SearchOptions(Search.WINDOWS))
    counts = [len(finder.detect(finder.load(room), i * PERIOD_MS)) for i in range(5)]
    finder.close()
    assert counts == [1] * 5


def test_with_little_time_people_take_turns_and_nobody_is_lost(
    options: LandmarkerOptions, room: NDArray[np.uint8]
) -> None:
    little = SearchOptions(Search.WINDOWS, people_budget_ms=1e-3, search_budget_ms=1e-3)
    finder = WindowSearch(options, little)
    for index in range(9):
        found = finder.detect(finder.load(room), index * PERIOD_MS)
        assert len(found) >= 2
        assert finder.people_looked_at == min(index, 1)
    finder.close()


def test_who_has_left_is_forgotten(options: LandmarkerOptions, room: NDArray[np.uint8]) -> None:
    finder = WindowSearch(options, SearchOptions(Search.WINDOWS))
    assert len(finder.detect(finder.load(room), 0)) >= 2
    empty = np.full_like(room, 90)
    counts = [len(finder.detect(finder.load(empty), i * PERIOD_MS)) for i in range(1, 40)]
    assert counts[0] >= 2  # expected to be there still
    assert not any(counts[MISSES_REPORTED:])
    assert finder.people_looked_at == 0
    finder.close()


def test_another_size_of_picture_begins_again(
    options: LandmarkerOptions, room: NDArray[np.uint8]
) -> None:
    finder = WindowSearch(options, SearchOptions(Search.WINDOWS))
    finder.detect(finder.load(room), 0)
    half = np.ascontiguousarray(room[::2, ::2])
    found = finder.detect(finder.load(half), PERIOD_MS)
    finder.close()
    labels = [
        replace(label, box_px=label.box_px / 2)
        for label in people(read_ground_truth('multi_cam2').frames[0])
    ]
    assert {1, 2} <= found_ids(found, half, labels).keys()


def test_less_is_looked_around_while_nothing_moves_but_who_is_known(
    options: LandmarkerOptions,
) -> None:
    film = read_frame(recording('single_cam3'), 0)
    rgb = np.full_like(film, 90)  # in front of a wall, so that nothing looks like another person
    x, y, width, height = read_ground_truth('single_cam3').frames[0][0].box_px.astype(int)
    here = slice(y - 30, y + height + 30), slice(x - 30, x + width + 30)
    rgb[here] = film[here]
    other = rgb.copy()
    other[:200, :200] = 160
    looks = []
    for second in (rgb, other):
        search = SearchOptions(Search.WINDOWS, counts_looks=True)
        with closing(WindowSearch(options, search)) as finder:
            for index in range(FIRST_FRAMES + 48):
                if index == FIRST_FRAMES:
                    before = finder.looks
                assert len(finder.detect((rgb, second)[index % 2], index * PERIOD_MS)) == 1
            looks.append(finder.looks - before - 48)  # without those at the known person
    assert 0 < looks[0] < 0.75 * looks[1], looks


def test_masks_lie_on_their_people(options: LandmarkerOptions, room: NDArray[np.uint8]) -> None:
    finder = WindowSearch(
        replace(options, output_segmentation_masks=True), SearchOptions(Search.WINDOWS)
    )
    for stamp_ms in (0, PERIOD_MS):
        found = finder.detect(finder.load(room), stamp_ms)
    finder.close()
    assert len(found.masks) == len(found) >= 2
    for mask, (x, y, width, height) in zip(found.masks, boxes(found, room), strict=True):
        assert mask.shape == room.shape[:2]
        assert mask.dtype == np.float32
        near = mask[int(y) : int(y + height), int(x) : int(x + width)]
        assert near.sum() > 0.7 * mask.sum() > 0


def test_with_other_landmarkers_everybody_stays(
    options: LandmarkerOptions, room: NDArray[np.uint8]
) -> None:
    little = SearchOptions(Search.WINDOWS, people_budget_ms=1e-3)
    finder = WindowSearch(options, little)
    before = finder.detect(finder.load(room), 0).followed_ids.tolist()
    other = WindowSearch(replace(options, output_segmentation_masks=True), little)
    finder.exchange_landmarkers(other)
    assert not other.options.output_segmentation_masks
    other.close()
    # One of them is looked at in this frame, and has a mask; the other's is empty.
    found = finder.detect(finder.load(room), PERIOD_MS)
    finder.close()
    assert found.followed_ids.tolist()[: len(before)] == before
    assert len(found.masks) == len(found) >= 2
    assert sorted(bool(mask.any()) for mask in found.masks)[:2] == [False, True]


def test_one_landmarker_for_many_people_sees_each_as_if_she_were_alone(
    options: LandmarkerOptions,
) -> None:
    """Against a landmarker for stills in the same windows: nobody is mixed with another."""
    labels = read_ground_truth('multi_cam4').frames[0]
    wanted = [label.box_px for label in labels if label.person in (1, 2)]
    still = Landmarker(replace(options, running_mode=RunningMode.IMAGE, num_poses=1))
    shared = OneByOneLandmarker(options)
    people_now: list[Sight] = []
    worst: list[float] = []
    visibility: list[float] = []
    for index, rgb in read_frames(recording('multi_cam4')):
        if index == 24:
            break
        if not people_now:
            for x, y, width, height in wanted:
                side = 1.35 * height
                window = Window(x + width / 2 - side / 2, y + height / 2 - side / 2, side, side)
                people_now += sights(window, still.detect(still.load(window.cut(rgb)), 0))
        for number, before in enumerate(people_now):
            window = window_of(before.hips_px, before.radius_px)
            seen = shared.look(rgb, window, before)
            alone = sights(window, still.detect(still.load(window.cut(rgb)), 0))[0]
            assert seen is not None
            people_now[number] = seen
            away = np.linalg.norm(seen.points_px - alone.points_px, axis=1) / seen.torso_px
            worst.append(float(np.median(away)))
            visibility.append(float(np.abs(seen.landmarks[:, 3] - alone.landmarks[:, 3]).mean()))
    still.close()
    shared.close()
    assert np.median(worst) < 0.05
    assert np.median(visibility) < 0.03


def test_closed_it_refuses(options: LandmarkerOptions, room: NDArray[np.uint8]) -> None:
    finder = WindowSearch(options, SearchOptions(Search.WINDOWS))
    finder.close()
    finder.close()
    with pytest.raises(LandmarkerError, match='closed'):
        finder.detect(finder.load(room), 0)


@pytest.mark.parametrize(('width', 'height'), [(1920, 54), (3840, 480), (1, 480)])
def test_the_first_frame_of_a_wide_picture_takes_no_longer(
    options: LandmarkerOptions, width: int, height: int
) -> None:
    search = SearchOptions(Search.WINDOWS, search_budget_ms=0.1, counts_looks=True)
    with closing(WindowSearch(options, search)) as finder:
        assert not len(finder.detect(np.zeros((height, width, 3), np.uint8), 0))
        assert 1 <= finder.looks <= MOST_FIRST + 1


def test_what_is_too_small_for_a_person_is_nobody(models: dict[str, Path]) -> None:
    rgb = read_frame(recording('single_cam4'), 50)  # a man, and a machine's foot of 70 pixels
    height, width = rgb.shape[:2]
    with closing(WindowDetector(LandmarkerOptions(models['lite'], num_poses=8))) as detector:
        found = [
            each
            for level in search_windows(width, height, 0.1)
            for window in level
            for each in detector.people(rgb, window)
        ]
        foot, man = sorted(each.radius_px for each in detector.sure(rgb, found, 0.05))
        (alone,) = detector.sure(rgb, found, 0.1)
    assert foot < 100
    assert man > 300
    assert alone.radius_px == man
