# SPDX-License-Identifier: Apache-2.0
"""Takes the frames of one stream from the clock through the landmarker to what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from time import perf_counter
from typing import Any

from pose_ros.detection.counters import Counters, Drop
from pose_ros.detection.finder import PoseFinder, build_finder
from pose_ros.detection.live_landmarker import LiveLandmarker
from pose_ros.detection.network_guard import GuardError, forbid_network
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.picture_view import PictureView
from pose_ros.detection.search_options import MEDIAPIPE_ALONE, SearchOptions
from pose_ros.detection.stream_clock import StreamClock, Tick, Verdict
from pose_ros.detection.window_search import WindowSearch
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses
from pose_ros.stream.frame_result import DROPS, FrameResult
from pose_ros.stream.mask_switch import MaskSwitch
from pose_ros.stream.regions import Regions, RegionsOptions

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
        self._masks_on_demand, self._wants_masks = masks_on_demand, not masks_on_demand
        self._wake = wake
        self._regions = regions or Regions(RegionsOptions())
        self._options, self._search, self._view = options, search, PictureView.of(search)
        self._finder = self._built(options, search, self._wants_masks)
        self._is_new, self._known = True, Poses.empty()  # whom it found last
        self._switch = MaskSwitch(
            lambda masks: self._built(self._options, self._search, masks),
            self.enter_thread,
            wake,
            self.counters.conditions,
        )

    @property
    def options(self) -> LandmarkerOptions:
        """The options as given; the running landmarker computes masks only while it must."""
        return self._options

    @property
    def masks(self) -> str:
        """Whether masks are computed, in words."""
        return self._switch.state(self._options, self._finder)

    @property
    def engine(self) -> str:
        """Which MediaPipe finds the people, and how it is called; for a log."""
        return self._finder.engine

    def enter_thread(self) -> None:
        """Prepare the calling thread, for good, so that `find` runs on it and nowhere else."""
        if self.options.forbid_network:
            with suppress(GuardError):  # the landmarker has said so
                forbid_network()

    def set_options(
        self, options: LandmarkerOptions, search: SearchOptions = MEDIAPIPE_ALONE
    ) -> None:
        """
        Use other options from the next frame on; tracking begins again if they differ.

        Take what `live_results` has before: results of the landmarker before are not kept.

        :param search: as at construction
        :raises LandmarkerError: when MediaPipe refuses them; the old landmarker goes on
        """
        before, self._options = self._options, options
        masks = (options if self._masks_on_demand else before).output_segmentation_masks
        if (options, search) == (replace(before, output_segmentation_masks=masks), self._search):
            return
        try:
            self._replace_finder(options, search)
        except LandmarkerError:
            self._options = before
            raise

    def want_masks(self, wanted: bool) -> None:
        """
        Say before each frame whether somebody wants masks; with `masks_on_demand`, and only then.

        It takes a moment until they come, and some seconds until they stop. Meanwhile frames are
        worked on as before.
        """
        self._wants_masks = self._switch.holds(wanted)
        masks = self._wants_masks and self._options.output_segmentation_masks
        if self._is_new and masks != self._finder.options.output_segmentation_masks:
            with suppress(LandmarkerError):  # then the switch tries, and says what is wrong
                self._replace_finder(self._options, self._search)
        self._finder = self._switch.next_finder(self._finder, masks, self._known)

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
                self._replace_finder(self.options, self._search)
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
            return self._finder.load(self._view.shown(frame.rgb))

    def detect(self, picture: Any, frame: Frame, tick: Tick) -> FrameResult | None:
        """
        Return what is found in an admitted frame; None in LIVE_STREAM, see `live_results`.

        :param picture: what `load` returned for the frame
        :raises LandmarkerError: when MediaPipe failed; the next frame meets a new landmarker
        """
        finder = self._finder
        self._is_new = False
        if self._switch.is_at_work:
            self._switch.look(self._view.shown(frame.rgb), tick.stamp_ms)
        with self._recovered():
            if isinstance(finder, LiveLandmarker):
                finder.send(picture, tick.stamp_ms, (frame, tick.time_ns))
                return None
            self._regions.show(finder, self._view, frame, self.counters)
            started_s = perf_counter()
            poses = finder.detect(picture, tick.stamp_ms)
            return self._result(finder, frame, poses, tick.time_ns, perf_counter() - started_s)

    def live_results(self) -> Iterator[FrameResult]:
        """Yield what LIVE_STREAM has found by now, in order; frames it dropped are counted."""
        if leaving := self._switch.leaving:
            finder, is_closed = leaving
            yield from self._results_of(finder)
            if not is_closed:
                return  # those of the running one are newer
            self.counters.dropped[Drop.BUSY] += finder.unanswered
            self._switch.left()
        if isinstance(self._finder, LiveLandmarker):
            yield from self._results_of(self._finder)

    def close(self) -> None:
        """Release the landmarker; a frame in work is finished first. Idempotent."""
        self._switch.close()
        self._finder.close()

    def _results_of(self, finder: LiveLandmarker) -> Iterator[FrameResult]:
        while live := finder.take():
            self.counters.dropped[Drop.BUSY] += live.dropped
            frame, time_ns = live.token
            yield self._result(finder, frame, live.poses, time_ns, live.inference_s)

    def _result(
        self, finder: PoseFinder, frame: Frame, poses: Poses, time_ns: int, inference_s: float
    ) -> FrameResult:
        self._known = poses
        height, width = frame.rgb.shape[:2]
        self.counters.count_result(len(poses), inference_s)
        if isinstance(finder, WindowSearch):
            self.counters.people_looked_at.append(finder.people_looked_at)
            self.counters.search_age_s = finder.search_age_ms * 1e-3
        has_masks = finder.options.output_segmentation_masks
        return FrameResult(frame, self._view.in_picture(poses, width, height), time_ns, has_masks)

    def _built(self, options: LandmarkerOptions, search: SearchOptions, masks: bool) -> PoseFinder:
        options = replace(
            options, output_segmentation_masks=options.output_segmentation_masks and masks
        )
        if options.running_mode is RunningMode.LIVE_STREAM:
            return LiveLandmarker(options, self._wake)
        return build_finder(options, search)

    def _replace_finder(self, options: LandmarkerOptions, search: SearchOptions) -> None:
        old, self._finder = self._finder, self._built(options, search, self._wants_masks)
        self._search, self._view = search, PictureView.of(search)
        self._is_new, self._known = True, Poses.empty()
        self._switch.drop()
        self._switch.left()
        old.close()

    @contextmanager
    def _recovered(self) -> Iterator[None]:
        """Count a failure of MediaPipe within the block, and go on with a new landmarker."""
        try:
            yield
        except LandmarkerError:
            self.counters.dropped[Drop.FAILED] += 1
            self.clock.reset()
            self._replace_finder(self.options, self._search)
            raise
