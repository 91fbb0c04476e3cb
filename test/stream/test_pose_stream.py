# SPDX-License-Identifier: Apache-2.0
"""One stream of frames: drops, restarts, failures, and the results of live_stream."""

from dataclasses import replace
from pathlib import Path
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from std_msgs.msg import Header

from pose_ros.detection.counters import Drop
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.stream_clock import Verdict
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses
from pose_ros.stream.frame_result import FrameResult
from pose_ros.stream.pose_stream import PoseStream

MS = 1_000_000


@pytest.fixture
def options(models: dict[str, Path]) -> LandmarkerOptions:
    return LandmarkerOptions(models['lite'])


def frames(rgb: NDArray[np.uint8], *stamps_ms: int) -> list[Frame]:
    return [Frame(rgb, Header(), 1000 * MS + stamp_ms * MS) for stamp_ms in stamps_ms]


def feed(stream: PoseStream, frame: Frame) -> FrameResult | None:
    return stream.find(frame, stream.admit(frame, 0))


def test_each_frame_comes_with_its_result(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    stream = PoseStream(options, 1.0)
    fed = frames(astronaut, 0, 33, 66)
    ticks = [stream.admit(frame, 0) for frame in fed]
    results = [stream.find(frame, tick) for frame, tick in zip(fed, ticks, strict=True)]
    stream.close()
    assert [tick.verdict for tick in ticks] == [Verdict.PROCESS] * 3
    assert [result.frame for result in results if result] == fed
    assert all(result and len(result.poses) == 1 for result in results)
    assert stream.counters.processed == len(stream.counters.inference_ms) == 3
    assert stream.counters.people == 1


def test_a_restart_forgets_the_stream_before(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    stream = PoseStream(options, 0.5)
    moved = np.ascontiguousarray(np.roll(astronaut, 60, axis=1))
    results = [
        feed(stream, frames(rgb, stamp_ms)[0])
        for rgb, stamp_ms in ((astronaut, 5000), (moved, 5033), (astronaut, 0), (moved, 33))
    ]
    stream.close()
    assert stream.counters.restarts == 1
    first, second, again, second_again = (result.poses.landmarks for result in results if result)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(second, second_again)


def test_options_that_mediapipe_refuses_leave_the_old_ones(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    stream = PoseStream(options, 1.0)
    with pytest.raises(LandmarkerError):
        stream.set_options(replace(options, model=tmp_path / 'missing.task'))
    result = feed(stream, frames(astronaut, 0)[0])
    stream.close()
    assert stream.options == options
    assert result
    assert len(result.poses) == 1


def test_a_failure_of_mediapipe_costs_one_frame(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = PoseStream(options, 1.0)

    def fail(self: Landmarker, _picture: Any, _stamp_ms: int) -> Poses:
        raise LandmarkerError('injected')

    with monkeypatch.context() as patched:
        patched.setattr(Landmarker, 'detect', fail)
        with pytest.raises(LandmarkerError, match='injected'):
            feed(stream, frames(astronaut, 0)[0])
    result = feed(stream, frames(astronaut, 33)[0])
    stream.close()
    assert stream.counters.dropped == {Drop.FAILED: 1}
    assert result
    assert len(result.poses) == 1


def test_live_stream_counts_what_mediapipe_drops(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    count, arrived = 40, threading.Event()
    results: list[FrameResult] = []
    stream = PoseStream(
        replace(options, running_mode=RunningMode.LIVE_STREAM), 1.0, wake=arrived.set
    )
    for frame in frames(astronaut, *range(count)):
        assert feed(stream, frame) is None
    while arrived.wait(2.0):
        arrived.clear()
        results += stream.live_results()
    stream.close()
    results += stream.live_results()
    counters = stream.counters
    assert counters.processed == len(results)
    # MediaPipe 0.10.18 drops none: sending waits there.
    assert counters.dropped[Drop.BUSY] > 0 or counters.processed == count
    assert counters.processed + counters.dropped[Drop.BUSY] <= count
    stamps_ns = [result.frame.stamp_ns for result in results]
    assert stamps_ns == sorted(stamps_ns)


def test_a_landmarker_that_is_replaced_takes_its_results_along(
    options: LandmarkerOptions, astronaut: NDArray[np.uint8]
) -> None:
    """A live result never comes out as one of the landmarker that follows."""
    arrived = threading.Event()
    stream = PoseStream(
        replace(options, running_mode=RunningMode.LIVE_STREAM), 1.0, wake=arrived.set
    )
    feed(stream, frames(astronaut, 0)[0])
    assert arrived.wait(10.0)
    stream.set_options(options)
    assert list(stream.live_results()) == []
    result = feed(stream, frames(astronaut, 33)[0])
    stream.close()
    assert result
    assert result.frame.stamp_ns == 1033 * MS
