# SPDX-License-Identifier: Apache-2.0
"""
Frames in, (frame, result) pairs out: the time, the landmarker, and what follows it, in order.

Knows nothing of ROS nodes. All calls come from one thread. In running mode live_stream the results
leave on a thread of MediaPipe's; in the other modes before `feed` returns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter

from pose_ros.detection.counters import Counters, Drop
from pose_ros.detection.interval_search import IntervalSearchLandmarker
from pose_ros.detection.landmarker import (
    Landmarker,
    LandmarkerError,
    LandmarkerOptions,
    RunningMode,
)
from pose_ros.detection.stream_clock import StreamClock, Tick, Verdict
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses

__all__ = ['Pipeline']

# By milliseconds; with the frame's time, and when MediaPipe got it in seconds.
InFlight = dict[int, tuple[Frame, int, float]]

DROPS = {Verdict.REPEATED: Drop.REPEATED, Verdict.LATE: Drop.LATE}


class Pipeline:
    """One stream of frames through one landmarker; to be closed after use."""

    def __init__(
        self,
        options: LandmarkerOptions,
        restart_after_s: float,
        on_result: Callable[[Frame, Poses, int], None],
        search_interval_s: float = 0.0,
        on_begin: Callable[[], None] | None = None,
    ) -> None:
        """
        Build the landmarker.

        :param restart_after_s: seconds; a stamp further back begins a new stream
        :param on_result: takes each processed frame with what was found in it, and its time in
            nanoseconds: the stamp, or the time of arrival where there is none
        :param search_interval_s: seconds between two searches for more people in running mode
            video while one person is in view; 0: search on every frame
        :param on_begin: see Landmarker
        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self.counters = Counters()
        self.clock = StreamClock(restart_after_s)
        self._on_result, self._on_begin = on_result, on_begin
        self._in_flight: InFlight = {}
        self._search_interval_s = search_interval_s
        self._landmarker = self._built(options)

    @property
    def options(self) -> LandmarkerOptions:
        """The options of the running landmarker."""
        return self._landmarker.options

    def _built(self, options: LandmarkerOptions) -> Landmarker | IntervalSearchLandmarker:
        if (
            self._search_interval_s > 0
            and options.num_poses > 1
            and options.running_mode is RunningMode.VIDEO
        ):
            return IntervalSearchLandmarker(
                options, round(self._search_interval_s * 1e3), self._on_begin
            )
        in_flight: InFlight = {}
        landmarker = Landmarker(
            options,
            partial(self._arrived, in_flight)
            if options.running_mode is RunningMode.LIVE_STREAM
            else None,
            self._on_begin,
        )
        self._in_flight = in_flight
        return landmarker

    def set_options(self, options: LandmarkerOptions, search_interval_s: float = 0.0) -> None:
        """
        Go on with other options from the next frame on; tracking starts afresh if they differ.

        :param search_interval_s: as at construction
        :raises LandmarkerError: when MediaPipe refuses them; the old landmarker goes on
        """
        before = self._search_interval_s
        if (options, search_interval_s) == (self.options, before):
            return
        self._search_interval_s = search_interval_s
        try:
            old, self._landmarker = self._landmarker, self._built(options)
        except LandmarkerError:
            self._search_interval_s = before
            raise
        old.close()

    def feed(self, frame: Frame, arrival_ns: int) -> Verdict:
        """
        Process the next frame of the stream, or drop and count it.

        :param arrival_ns: when it arrived, in nanoseconds of the clock that stamps the frames
        :returns: what the clock made of its stamp
        :raises LandmarkerError: when MediaPipe failed; the next frame meets a fresh landmarker
        """
        tick = self.clock.tick(frame.stamp_ns, arrival_ns)
        if tick.verdict in DROPS:
            self.counters.dropped[DROPS[tick.verdict]] += 1
            return tick.verdict
        try:
            if tick.verdict is Verdict.RESTART:
                self.counters.restarts += 1
                self._rebuild()
            self._run(frame, tick)
        except LandmarkerError:
            self.counters.dropped[Drop.FAILED] += 1
            self.clock.reset()
            self._rebuild()
            raise
        return tick.verdict

    def _rebuild(self) -> None:
        old, self._landmarker = self._landmarker, self._built(self.options)
        old.close()

    def _run(self, frame: Frame, tick: Tick) -> None:
        landmarker, start_s = self._landmarker, perf_counter()
        if (
            isinstance(landmarker, Landmarker)
            and self.options.running_mode is RunningMode.LIVE_STREAM
        ):
            self._in_flight[tick.stamp_ms] = (frame, tick.time_ns, start_s)
            landmarker.detect_async(frame.rgb, tick.stamp_ms)
        else:
            result = landmarker.detect(frame.rgb, tick.stamp_ms)
            self._done(frame, result, tick.time_ns, start_s)

    def _arrived(self, in_flight: InFlight, stamp_ms: int, result: Poses) -> None:
        """Take a live_stream result; frames before it that are still in flight were dropped."""
        for dropped_ms in [key for key in list(in_flight) if key < stamp_ms]:
            del in_flight[dropped_ms]
            self.counters.dropped[Drop.BUSY] += 1
        frame, time_ns, start_s = in_flight.pop(stamp_ms)
        self._done(frame, result, time_ns, start_s)

    def _done(self, frame: Frame, result: Poses, time_ns: int, start_s: float) -> None:
        self.counters.inference_ms.append((perf_counter() - start_s) * 1e3)
        self.counters.processed += 1
        self.counters.people = len(result)
        self._on_result(frame, result, time_ns)

    def close(self) -> None:
        """Release the landmarker; a frame in work is finished first. Idempotent."""
        self._landmarker.close()
