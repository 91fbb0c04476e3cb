# SPDX-License-Identifier: Apache-2.0
"""Regions on a real picture: whom a box shows is found, once, and nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.finder import build_finder
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.detection.region_search import FrameRegions, RegionSearch
from pose_ros.detection.search_options import Search, SearchOptions
from pose_ros.detection.still_search import StillSearch
from pose_ros.poses.poses import Poses
from simulation.ground_truth import read_ground_truth
from simulation.matching import LEAST_IOU, iou, person_box
from simulation.recordings import recording
from simulation.video import read_frame

PERIOD_MS = 33
REGIONS = SearchOptions(Search.REGIONS)


@pytest.fixture(scope='module')
def options(models: dict[str, Path]) -> LandmarkerOptions:
    return LandmarkerOptions(models['full'], num_poses=8)


@pytest.fixture(scope='module')
def room() -> NDArray[np.uint8]:
    """A man and a figure who are near, a woman at the back."""
    return read_frame(recording('multi_cam2'), 0)


LABELS = {
    label.person: label.box_px
    for label in read_ground_truth('multi_cam2').frames[0]
    if not label.ignored
}


def boxes_of(*people: int) -> NDArray[np.float64]:
    """Return left, top, right and bottom of some people."""
    boxes = np.array([LABELS[person] for person in people]).reshape(-1, 4)
    return np.concatenate((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]), axis=1)


EMPTY_WALL = np.array([[450.0, 40.0, 650.0, 340.0]])


@pytest.fixture
def finder(options: LandmarkerOptions) -> Iterator[RegionSearch]:
    made = build_finder(options, REGIONS)
    assert isinstance(made, RegionSearch)
    yield made
    made.close()


class Watched:
    """A finder that is shown one picture again and again."""

    def __init__(self, finder: RegionSearch, rgb: NDArray[np.uint8]) -> None:
        self.finder, self.rgb, self.frame = finder, rgb, 0

    def see(self, boxes: NDArray[np.float64] | None, number: int = 1) -> Poses:
        self.finder.show(None if boxes is None else FrameRegions(boxes, number))
        self.frame += 1
        return self.finder.detect(self.finder.load(self.rgb), self.frame * PERIOD_MS)


def whom(found: Poses, rgb: NDArray[np.uint8]) -> list[int]:
    """Return who each found person is, 0 for nobody who is labelled."""
    height, width = rgb.shape[:2]
    people = []
    for person in found.landmarks:
        box = person_box(person[:, :2] * (width, height), person[:, 3], width, height)
        overlaps = iou(np.array(list(LABELS.values())), box[None])[:, 0]
        best = int(overlaps.argmax())
        people.append(list(LABELS)[best] if overlaps[best] >= LEAST_IOU else 0)
    return sorted(people)


def test_everybody_who_has_a_box_is_found_once_and_stays(
    finder: RegionSearch, room: NDArray[np.uint8]
) -> None:
    watched = Watched(finder, room)
    everybody = boxes_of(1, 2, 3)
    jittered = everybody + np.array((6.0, -9.0, 6.0, -9.0))
    for number in range(6):  # a frame can have time for one look only
        found = watched.see(np.concatenate((everybody, jittered)), number)
    assert whom(found, room) == [1, 2, 3]
    ids = found.followed_ids.tolist()
    for number in range(6, 10):
        assert watched.see(jittered, number).followed_ids.tolist() == ids
    assert finder.search_age_ms == 0


def test_nobody_without_a_box_is_found(finder: RegionSearch, room: NDArray[np.uint8]) -> None:
    watched = Watched(finder, room)
    assert not len(watched.see(None))
    assert np.isnan(finder.search_age_ms)
    assert not len(watched.see(np.empty((0, 4)), 1))
    assert whom(watched.see(boxes_of(2), 2), room) == [2]
    for number in range(3, 8):
        assert whom(watched.see(boxes_of(2), number), room) == [2]


def test_without_boxes_known_people_are_followed_and_no_others_found(
    finder: RegionSearch, room: NDArray[np.uint8]
) -> None:
    watched = Watched(finder, room)
    watched.see(boxes_of(1))
    for missed in range(1, 6):
        assert whom(watched.see(None), room) == [1]
        assert finder.search_age_ms == missed * PERIOD_MS
        assert finder.people_looked_at == 1


def test_a_box_that_shows_nobody_gives_nobody(
    finder: RegionSearch, room: NDArray[np.uint8]
) -> None:
    watched = Watched(finder, room)
    outside = np.array([[-300.0, 10.0, -20.0, 500.0], [2000.0, 2000.0, 2300.0, 2600.0]])
    huge = np.array([[-1e300, -1e300, 1e300, 1e300]])
    point = np.array([[500.0, 700.0, 500.5, 700.5]])
    for number, boxes in enumerate((EMPTY_WALL, outside, point)):
        assert not len(watched.see(boxes, number))
    assert len(watched.see(huge, 9)) <= 1


def test_never_more_than_num_poses(options: LandmarkerOptions, room: NDArray[np.uint8]) -> None:
    few = RegionSearch(replace(options, num_poses=2), REGIONS)
    watched = Watched(few, room)
    counts = [len(watched.see(boxes_of(1, 2, 3), number)) for number in range(5)]
    few.close()
    assert max(counts) == counts[-1] == 2


def test_with_little_time_one_box_is_looked_at_in_a_frame(
    options: LandmarkerOptions, room: NDArray[np.uint8]
) -> None:
    little = RegionSearch(options, replace(REGIONS, people_budget_ms=1e-3))
    watched = Watched(little, room)
    counts = [len(watched.see(boxes_of(1, 2, 3))) for _ in range(4)]
    little.close()
    assert counts == [1, 2, 3, 3]


def test_stills_which_no_detector_says_anything_of_are_searched_in_windows(
    options: LandmarkerOptions,
) -> None:
    still = build_finder(replace(options, running_mode=RunningMode.IMAGE), REGIONS)
    still.close()
    assert isinstance(still, StillSearch)
