# SPDX-License-Identifier: Apache-2.0
"""Takes the frames of one stream from the clock through the landmarker to what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from pose_ros.detection.counters import Counters, Drop
from pose_ros.detection.finder import PoseFinder
from pose_ros.detection.live_landmarker import LiveLandmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.search_options import MEDIAPIPE_ALONE, SearchOptions
from pose_ros.detection.stream_clock import StreamClock, Tick, Verdict
from pose_ros.detection.window_search import WindowSearch
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses
from pose_ros.stream.frame_result import DROPS, FrameResult
from pose_ros.stream.regions import Regions, RegionsOptions
from pose_ros.stream.running_finder import RunningFinder

__all__ = ['DROPS', 'PoseStream']


class PoseStream:
    """
    One stream of frames through one landmarker; to be closed after use.

    Knows nothing of nodes and topics. Never two calls at once.

    :ivar counters: of all frames that came
    :ivar clock: turns header stamps into MediaPipe's time
    """

    def __init__(
        self,
        options: LandmarkerOptions,
        restart_after_s: float,
        search: SearchOptions = MEDIAPIPE_ALONE,
        wake: Callable[[], None] = lambda: None,
        counters: Counters | None = None,
        masks_on_demand: bool = False,
        regions: Regions | None = None,
    ) -> None:
        """
        Build the landmarker.

        :param restart_after_s: seconds; a stamp that lies further back begins a new stream
        :param search: where in the pictures people are looked for
        :param wake: in running mode LIVE_STREAM called on a thread of MediaPipe's when there is
            something for `live_results`
        :param counters: to go on with; new ones by default
        :param masks_on_demand: masks, where the options have them, are computed only while
            `want_masks` says so
        :param regions: knows where people are, for search REGIONS; by default nobody does
        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self.counters = counters or Counters()
        self.clock = StreamClock(restart_after_s)
        self._regions = regions or Regions(RegionsOptions())
        self._running = RunningFinder(
            options, search, wake, masks_on_demand, self.counters.conditions
        )

    @property
    def options(self) -> LandmarkerOptions:
        """The options as given; the running landmarker computes masks only while it must."""
        return self._running.options

    @property
    def masks(self) -> str:
        """Whether masks are computed, in words."""
        return self._running.masks

    @property
    def engine(self) -> str:
        """Which MediaPipe finds the people, and how it is called; for a log."""
        return self._running.now.engine

    def enter_thread(self) -> None:
        """Prepare the calling thread, for good, so that `find` runs on it and nowhere else."""
        self._running.enter_thread()

    def set_options(
        self, options: LandmarkerOptions, search: SearchOptions = MEDIAPIPE_ALONE
    ) -> None:
        """
        Use other options from the next frame on; tracking begins again if they differ.

        Take what `live_results` has before: results of the landmarker before are not kept.

        :param search: as at construction
        :raises LandmarkerError: when MediaPipe refuses them; the old landmarker goes on
        """
        self._running.set_options(options, search)

    def want_masks(self, wanted: bool) -> None:
        """
        Say before each frame whether somebody wants masks; with `masks_on_demand`, and only then.

        It takes a moment until they come, and some seconds until they stop. Meanwhile frames are
        worked on as before.
        """
        self._running.want_masks(wanted)

    def admit(self, frame: Frame, arrival_ns: int) -> Tick:
        """
        Say what is to be done with the next frame; a frame to be dropped is counted.

        :param arrival_ns: when it arrived, in nanoseconds of the clock that stamps the frames
        :raises LandmarkerError: when the stream began again and MediaPipe cannot
        """
        tick = self.clock.tick(frame.stamp_ns, arrival_ns)
        if self.options.running_mode is RunningMode.IMAGE:
            # Each by itself: MediaPipe does not look at the time, and none is too late.
            return Tick(Verdict.PROCESS, 0, frame.stamp_ns if frame.stamp_ns > 0 else arrival_ns)
        if tick.verdict in DROPS:
            self.counters.dropped[DROPS[tick.verdict]] += 1
        elif tick.verdict is Verdict.RESTART:
            self.counters.restarts += 1
            with self._recovered():
                self._running.begin_again()
        return tick

    def find(self, frame: Frame, tick: Tick) -> FrameResult | None:
        """
        Load an admitted frame and return what is found in it; see `load` and `detect`.

        :raises LandmarkerError: when MediaPipe failed; the next frame meets a new landmarker
        """
        return self.detect(self.load(frame), frame, tick)

    def load(self, frame: Frame) -> Any:
        """
        Copy an admitted frame into MediaPipe's memory, and return it for `detect`.

        :raises LandmarkerError: when MediaPipe failed; the next frame meets a new landmarker
        """
        with self._recovered():
            return self._running.now.load(self._running.view.shown(frame.rgb))

    def detect(self, picture: Any, frame: Frame, tick: Tick) -> FrameResult | None:
        """
        Return what is found in an admitted frame; None in LIVE_STREAM, see `live_results`.

        :param picture: what `load` returned for the frame
        :raises LandmarkerError: when MediaPipe failed; the next frame meets a new landmarker
        """
        finder = self._running.now
        self._running.show_successor(frame, tick.stamp_ms)
        with self._recovered():
            if isinstance(finder, LiveLandmarker):
                finder.send(picture, tick.stamp_ms, (frame, tick.time_ns))
                return None
            self._regions.show(finder, self._running.view, frame, self.counters)
            started_s = perf_counter()
            poses = finder.detect(picture, tick.stamp_ms)
            return self._result(finder, frame, poses, tick.time_ns, perf_counter() - started_s)

    def live_results(self) -> Iterator[FrameResult]:
        """Yield what LIVE_STREAM has found by now, in order; frames it dropped are counted."""
        if leaving := self._running.leaving:
            finder, is_closed = leaving
            yield from self._results_of(finder)
            if not is_closed:
                return  # those of the running one are newer
            self.counters.dropped[Drop.BUSY] += finder.unanswered
            self._running.left()
        if isinstance(self._running.now, LiveLandmarker):
            yield from self._results_of(self._running.now)

    def close(self) -> None:
        """Release the landmarker; a frame in work is finished first. Idempotent."""
        self._running.close()

    def _results_of(self, finder: LiveLandmarker) -> Iterator[FrameResult]:
        while live := finder.take():
            self.counters.dropped[Drop.BUSY] += live.dropped
            frame, time_ns = live.token
            yield self._result(finder, frame, live.poses, time_ns, live.inference_s)

    def _result(
        self, finder: PoseFinder, frame: Frame, poses: Poses, time_ns: int, inference_s: float
    ) -> FrameResult:
        self._running.remember(poses)
        height, width = frame.rgb.shape[:2]
        self.counters.count_result(len(poses), inference_s)
        if isinstance(finder, WindowSearch):
            self.counters.people_looked_at.append(finder.people_looked_at)
            self.counters.search_age_s = finder.search_age_ms * 1e-3
        has_masks = finder.options.output_segmentation_masks
        in_picture = self._running.view.in_picture(poses, width, height)
        return FrameResult(frame, in_picture, time_ns, has_masks)

    @contextmanager
    def _recovered(self) -> Iterator[None]:
        """Count a failure of MediaPipe within the block, and go on with a new landmarker."""
        try:
            yield
        except LandmarkerError:
            self.counters.dropped[Drop.FAILED] += 1
            self.clock.reset()
            self._running.begin_again()
            raise
