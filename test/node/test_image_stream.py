# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from pathlib import Path
import threading

import numpy as np
from numpy.typing import NDArray
import pytest
from std_msgs.msg import Header

from pose_ros.detection.counters import Drop
from pose_ros.detection.landmarker import (
    Landmarker,
    LandmarkerError,
    LandmarkerOptions,
    RunningMode,
)
from pose_ros.detection.stream_clock import Verdict
from pose_ros.images.frame import Frame
from pose_ros.node.image_stream import Pipeline
from pose_ros.poses.poses import Poses

MS = 1_000_000


class Results(list[tuple[Frame, Poses]]):
    def take(self, frame: Frame, result: Poses, _time_ns: int) -> None:
        self.append((frame, result))


@pytest.fixture
def options(models: dict[str, Path]) -> LandmarkerOptions:
    return LandmarkerOptions(models['lite'])


def frames(rgb: NDArray[np.uint8], *stamps_ms: int) -> list[Frame]:
    return [Frame(rgb, Header(), 1000 * MS + stamp_ms * MS) for stamp_ms in stamps_ms]


def test_each_frame_comes_with_its_result(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    results = Results()
    pipeline = Pipeline(options, 1.0, results.take)
    fed = frames(astronaut, 0, 33, 66)
    assert [pipeline.feed(frame, 0) for frame in fed] == [Verdict.PROCESS] * 3
    pipeline.close()
    assert [frame for frame, _ in results] == fed
    assert all(len(result) == 1 for _, result in results)
    assert pipeline.counters.processed == len(pipeline.counters.inference_ms) == 3
    assert pipeline.counters.people == 1


def test_a_restart_forgets_the_stream_before(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    results = Results()
    pipeline = Pipeline(options, 0.5, results.take)
    moved = np.ascontiguousarray(np.roll(astronaut, 60, axis=1))
    for rgb, stamp_ms in ((astronaut, 5000), (moved, 5033), (astronaut, 0), (moved, 33)):
        pipeline.feed(frames(rgb, stamp_ms)[0], 0)
    pipeline.close()
    assert pipeline.counters.restarts == 1
    first, second, again, second_again = (result.landmarks for _, result in results)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(second, second_again)


def test_options_that_mediapipe_refuses_leave_the_old_ones(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    results = Results()
    pipeline = Pipeline(options, 1.0, results.take)
    with pytest.raises(LandmarkerError):
        pipeline.set_options(replace(options, model=tmp_path / 'missing.task'))
    pipeline.feed(frames(astronaut, 0)[0], 0)
    pipeline.close()
    assert pipeline.options == options
    assert len(results) == 1


def test_a_failure_of_mediapipe_costs_one_frame(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = Results()
    pipeline = Pipeline(options, 1.0, results.take)

    def fail(self: Landmarker, _rgb: NDArray[np.uint8], _stamp_ms: int) -> Poses:
        raise LandmarkerError('injected')

    with monkeypatch.context() as patched:
        patched.setattr(Landmarker, 'detect', fail)
        with pytest.raises(LandmarkerError, match='injected'):
            pipeline.feed(frames(astronaut, 0)[0], 0)
    pipeline.feed(frames(astronaut, 33)[0], 0)
    pipeline.close()
    assert pipeline.counters.dropped == {Drop.FAILED: 1}
    assert len(results) == 1


def test_live_stream_counts_what_mediapipe_drops(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    results, last = Results(), threading.Event()
    count = 40

    def take(frame: Frame, result: Poses, time_ns: int) -> None:
        results.take(frame, result, time_ns)
        if frame.stamp_ns == 1000 * MS + (count - 1) * MS:
            last.set()

    pipeline = Pipeline(replace(options, running_mode=RunningMode.LIVE_STREAM), 1.0, take)
    for frame in frames(astronaut, *range(count)):
        pipeline.feed(frame, 0)
    last.wait(5.0)
    pipeline.close()
    counters = pipeline.counters
    assert counters.processed == len(results)
    assert counters.dropped[Drop.BUSY] > 0
    assert counters.processed + counters.dropped[Drop.BUSY] <= count
    stamps_ns = [frame.stamp_ns for frame, _ in results]
    assert stamps_ns == sorted(stamps_ns)
