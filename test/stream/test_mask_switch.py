# SPDX-License-Identifier: Apache-2.0
"""Masks that begin and end in a running stream: who is followed stays, and no frame is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
import shutil
import socket
import threading
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from std_msgs.msg import Header

from pose_ros.detection.counters import Drop
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.network_guard import NetworkGuard
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.detection.search_options import MEDIAPIPE_ALONE, Search, SearchOptions
from pose_ros.detection.successor import WARM_UP_FRAMES
from pose_ros.images.frame import Frame
from pose_ros.stream import mask_switch
from pose_ros.stream.frame_result import FrameResult
from pose_ros.stream.pose_stream import PoseStream

MS = 1_000_000
PERIOD_MS = 33
MOST_FRAMES = 300  # within which masks begin or end
WINDOWS = SearchOptions(Search.WINDOWS, search_budget_ms=50.0)

Pictures = Callable[[int], NDArray[np.uint8]]


@pytest.fixture
def options(models: dict[str, Path]) -> LandmarkerOptions:
    return LandmarkerOptions(models['lite'], output_segmentation_masks=True)


@pytest.fixture
def swaying(astronaut: NDArray[np.uint8]) -> Pictures:
    """Somebody who sways, two pixels a frame."""

    def picture(index: int) -> NDArray[np.uint8]:
        way = abs(index % 40 - 20) * 2
        return np.ascontiguousarray(astronaut[:, way : way + 448])

    return picture


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Masks end, and what failed is tried again, at the next frame."""
    monkeypatch.setattr(mask_switch, 'HOLD_S', 0.0)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether it computes masks, of each landmarker that is built."""
    build, all_built = Landmarker.__init__, list[bool]()

    def noting(self: Landmarker, options: LandmarkerOptions, *rest: Any) -> None:
        all_built.append(options.output_segmentation_masks)
        build(self, options, *rest)

    monkeypatch.setattr(Landmarker, '__init__', noting)
    return all_built


class Film:
    """Shows a stream one picture after the other, each as soon as it is through with the last."""

    def __init__(self, stream: PoseStream, picture: Pictures) -> None:
        self.stream, self.picture = stream, picture
        self.index, self.results = 0, list[FrameResult]()

    def run(self, wanted: Iterable[bool]) -> Iterator[None]:
        """Say for each frame whether masks are wanted, and show it."""
        for each in wanted:
            stamp_ns = 1000 * MS + self.index * PERIOD_MS * MS
            frame = Frame(self.picture(self.index), Header(), stamp_ns)
            self.index += 1
            tick = self.stream.admit(frame, 0)
            self.stream.want_masks(each)
            result = self.stream.find(frame, tick)
            if result is not None:
                self.results.append(result)
            yield

    def until(self, masks: bool, wanted: bool | None = None) -> int:
        """Run until masks are computed, or no more, and one frame on; return the frames before."""
        first = self.index
        for _ in self.run([masks if wanted is None else wanted] * MOST_FRAMES):
            time.sleep(0.005)  # as a camera leaves time
            self.results += self.stream.live_results()
            if (self.stream.masks == 'computed') is masks:
                return self.index - 1 - first
        raise AssertionError(f'masks were {self.stream.masks} after {MOST_FRAMES} frames')


def on_demand(options: LandmarkerOptions, search: SearchOptions = MEDIAPIPE_ALONE) -> Any:
    return closing(PoseStream(options, 1.0, search, masks_on_demand=True))


def seen(result: FrameResult) -> NDArray[np.bool_]:
    return result.poses.visibility > 0.5


def points(result: FrameResult) -> NDArray[np.float32]:
    height, width = result.frame.rgb.shape[:2]
    return result.poses.landmarks[:, :, :2] * np.array((width, height), np.float32)


@pytest.mark.usefixtures('at_once')
def test_masks_begin_and_end_and_every_frame_has_its_landmarks(
    options: LandmarkerOptions, swaying: Pictures
) -> None:
    with on_demand(options) as stream, closing(PoseStream(options, 1.0)) as always:
        film, reference = Film(stream, swaying), Film(always, swaying)
        for _ in film.run([False] * 20):
            assert stream.masks == 'nobody subscribes'
        begun = film.until(masks=True)
        for _ in film.run([True] * 20):
            assert stream.masks == 'computed'
        ended = film.until(masks=False)
        for _ in reference.run([True] * film.index):
            pass
    assert begun >= WARM_UP_FRAMES
    assert ended >= WARM_UP_FRAMES
    assert len(film.results) == film.index
    assert [len(each.poses) for each in film.results] == [1] * film.index
    for each in film.results:
        assert each.has_masks == bool(each.poses.masks)
    assert [each.has_masks for each in film.results].count(True) == 21 + ended
    apart_px = [
        float(np.median(np.abs(points(ours) - points(theirs))[seen(theirs)]))
        for ours, theirs in zip(film.results, reference.results, strict=True)
    ]
    assert apart_px[:20] == [0] * 20  # no switch yet: the same to the bit
    assert max(apart_px) < 9, apart_px  # 2 % of the picture


def test_who_subscribes_before_the_first_frame_has_masks_from_the_first_on(
    options: LandmarkerOptions, swaying: Pictures, built: list[bool]
) -> None:
    with on_demand(options) as stream:
        film = Film(stream, swaying)
        for _ in film.run([True] * 3):
            pass
    assert [len(each.poses.masks) for each in film.results] == [1, 1, 1]
    assert built == [False, True]


@pytest.mark.usefixtures('at_once')
def test_who_is_followed_is_not_exchanged_for_somebody_else(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    """A landmarker that begins now would take the other one of two people."""
    both = np.ascontiguousarray(np.hstack([astronaut[:, 60:380], astronaut[:, 60:380]]))
    both[:, :320] = both[:, :320] // 3  # in the dark
    middle = both.shape[1] / 2
    one = both.copy()
    one[:, 320:] = 90
    with Landmarker(options) as new:
        taken = new.detect(new.load(both), 0)
    assert taken.landmarks[0, 0, 0] * 2 * middle > middle
    with on_demand(options) as stream:
        film = Film(stream, lambda index: one if index < 5 else both)
        for _ in film.run([False] * 10):
            pass
        film.until(masks=True)
        for _ in film.run([True] * 3):
            pass
        film.until(masks=False)
    assert all(points(each)[0, 0, 0] < middle for each in film.results)


@pytest.mark.usefixtures('at_once')
def test_masks_in_running_mode_image(options: LandmarkerOptions, swaying: Pictures) -> None:
    options = replace(options, running_mode=RunningMode.IMAGE)
    with on_demand(options) as stream:
        film = Film(stream, swaying)
        for _ in film.run([False] * 2):
            pass
        film.until(masks=True)
        film.until(masks=False)
        reference = Landmarker(replace(options, output_segmentation_masks=False))
        for index, each in enumerate(film.results):
            expected = reference.detect(reference.load(swaying(index)), 0)
            np.testing.assert_array_equal(each.poses.landmarks, expected.landmarks)
        reference.close()


@pytest.mark.usefixtures('at_once')
def test_masks_in_windows_leave_everybody_their_number(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    half = astronaut[:, 100:400]
    room = np.full((720, 1280, 3), 90, np.uint8)
    room[100:612, 100:400], room[150:662, 800:1100] = half, half[:, ::-1]
    with on_demand(replace(options, num_poses=2), WINDOWS) as stream:
        film = Film(stream, lambda _: room)
        for _ in film.run([False] * 10):
            pass
        film.until(masks=True)
        for _ in film.run([True] * 3):
            pass
        film.until(masks=False)
    numbers = film.results[9].poses.followed_ids.tolist()
    assert len(numbers) == 2
    assert [each.poses.followed_ids.tolist() for each in film.results[9:]] == [numbers] * (
        len(film.results) - 9
    )
    masks = [each.poses.masks for each in film.results if each.has_masks][-1]
    assert len(masks) == 2
    assert all(mask.max() > 0.9 for mask in masks)


@pytest.mark.usefixtures('at_once')
def test_masks_in_live_stream_come_in_the_order_of_the_frames(
    options: LandmarkerOptions, swaying: Pictures
) -> None:
    with on_demand(replace(options, running_mode=RunningMode.LIVE_STREAM)) as stream:
        film = Film(stream, swaying)
        for _ in film.run([False] * 10):
            time.sleep(0.03)
        film.until(masks=True)
        for _ in film.run([True] * 10):
            time.sleep(0.03)
        film.until(masks=False)
        end_s = time.monotonic() + 20
        counters = stream.counters
        while counters.processed + counters.dropped[Drop.BUSY] < film.index:
            film.results += stream.live_results()
            assert time.monotonic() < end_s
            time.sleep(0.01)
    stamps_ns = [each.frame.stamp_ns for each in film.results]
    assert stamps_ns == sorted(set(stamps_ns))
    assert len(stamps_ns) == counters.processed
    assert {len(each.poses) for each in film.results} == {1}
    assert any(each.poses.masks for each in film.results)
    assert not film.results[-1].has_masks


def test_who_comes_and_goes_all_the_time_has_one_landmarker_built(
    options: LandmarkerOptions, swaying: Pictures, built: list[bool]
) -> None:
    with on_demand(options) as stream:
        film = Film(stream, swaying)
        for _ in film.run([False]):
            pass
        film.until(masks=True)
        for _ in film.run([index % 10 < 5 for index in range(100)]):
            assert stream.masks == 'computed'
    assert built == [False, True]


@pytest.mark.usefixtures('at_once')
def test_a_landmarker_that_cannot_be_built_costs_the_masks_only(
    options: LandmarkerOptions, swaying: Pictures, tmp_path: Path
) -> None:
    model = tmp_path / 'moved.task'
    shutil.copy(options.model, model)
    with on_demand(replace(options, model=model)) as stream:
        film = Film(stream, swaying)
        for _ in film.run([False]):
            pass
        model.unlink()
        for _ in film.run([True] * MOST_FRAMES):
            if stream.counters.conditions:
                break
            time.sleep(0.005)
        assert 'moved.task' in stream.counters.conditions['masks']
        shutil.copy(options.model, model)
        film.until(masks=True)
        for _ in film.run([True]):
            pass
        assert not stream.counters.conditions
    assert [len(each.poses) for each in film.results] == [1] * film.index


def test_a_parameter_switches_masks_without_a_new_beginning(
    options: LandmarkerOptions, swaying: Pictures, built: list[bool]
) -> None:
    without = replace(options, output_segmentation_masks=False)
    with on_demand(without) as stream:
        film = Film(stream, swaying)
        for _ in film.run([True] * 5):
            assert stream.masks == 'not asked for'
        stream.set_options(options)
        assert built == [False]
        film.until(masks=True)
        stream.set_options(without)
        for _ in film.run([True] * MOST_FRAMES):
            time.sleep(0.005)
            if len(built) == 3:
                break
    assert [len(each.poses) for each in film.results] == [1] * film.index
    assert built == [False, True, False]


@pytest.mark.skipif(
    not NetworkGuard.choose(True, '0.10.33').is_on, reason='this kernel forbids no thread sockets'
)
def test_the_thread_that_builds_it_opens_no_internet_sockets(
    options: LandmarkerOptions, swaying: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, opened = Landmarker.__init__, dict[str, bool]()

    def trying(self: Landmarker, *arguments: Any) -> None:
        try:
            socket.socket(socket.AF_INET).close()
            opened[threading.current_thread().name] = True
        except PermissionError:
            opened[threading.current_thread().name] = False
        build(self, *arguments)

    monkeypatch.setattr(Landmarker, '__init__', trying)
    with on_demand(options) as stream:
        film = Film(stream, swaying)
        for _ in film.run([False]):
            pass
        film.until(masks=True)
    assert opened == {threading.current_thread().name: True, 'successor': False}


def test_nothing_is_left_of_a_landmarker_that_was_to_take_over(
    options: LandmarkerOptions, swaying: Pictures
) -> None:
    before = len(list(Path('/proc/self/task').iterdir()))
    with on_demand(options) as stream:
        film = Film(stream, swaying)
        for _ in film.run([False, True, True]):
            pass
        assert stream.masks == 'about to begin'
    end_s = time.monotonic() + 10
    while len(list(Path('/proc/self/task').iterdir())) > before:
        assert time.monotonic() < end_s
        time.sleep(0.01)
