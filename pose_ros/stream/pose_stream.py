# SPDX-License-Identifier: Apache-2.0
"""Takes the frames of one stream from the clock through the landmarker to what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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

__all__ = ['FrameResult', 'PoseStream']

DROPS = {Verdict.REPEATED: Drop.REPEATED, Verdict.LATE: Drop.LATE}


@dataclass(frozen=True)
class FrameResult:
    """
    What the landmarker found in a frame.

    :param time_ns: of the frame in nanoseconds: its stamp, or when it arrived where it has none
    """

    frame: Frame
    poses: Poses
    time_ns: int


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
    ) -> None:
        """
        Build the landmarker.

        :param restart_after_s: seconds; a stamp that lies further back begins a new stream
        :param search: where in the pictures people are looked for
        :param wake: in running mode LIVE_STREAM called on a thread of MediaPipe's when there is
            something for `live_results`
        :param counters: to go on with; new ones by default
        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self.counters = counters or Counters()
        self.clock = StreamClock(restart_after_s)
        self._wake = wake
        self._search, self._view = search, PictureView.of(search)
        self._finder = self._built(options, search)

    @property
    def options(self) -> LandmarkerOptions:
        """The options of the running landmarker."""
        return self._finder.options

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
        if (options, search) != (self.options, self._search):
            self._replace_finder(options, search)

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
        with self._recovered():
            if isinstance(finder, LiveLandmarker):
                finder.send(picture, tick.stamp_ms, (frame, tick.time_ns))
                return None
            started_s = perf_counter()
            poses = finder.detect(picture, tick.stamp_ms)
            return self._result(frame, poses, tick.time_ns, perf_counter() - started_s)

    def live_results(self) -> Iterator[FrameResult]:
        """Yield what LIVE_STREAM has found by now, in order; frames it dropped are counted."""
        finder = self._finder
        while isinstance(finder, LiveLandmarker) and (live := finder.take()):
            self.counters.dropped[Drop.BUSY] += live.dropped
            frame, time_ns = live.token
            yield self._result(frame, live.poses, time_ns, live.inference_s)

    def close(self) -> None:
        """Release the landmarker; a frame in work is finished first. Idempotent."""
        self._finder.close()

    def _result(self, frame: Frame, poses: Poses, time_ns: int, inference_s: float) -> FrameResult:
        height, width = frame.rgb.shape[:2]
        counters = self.counters
        counters.inference_ms.append(inference_s * 1e3)
        counters.processed += 1
        counters.people = len(poses)
        if isinstance(self._finder, WindowSearch):
            counters.people_looked_at.append(self._finder.people_looked_at)
            counters.search_age_s = self._finder.search_age_ms * 1e-3
        return FrameResult(frame, self._view.in_picture(poses, width, height), time_ns)

    def _built(
        self, options: LandmarkerOptions, search: SearchOptions
    ) -> PoseFinder | LiveLandmarker:
        if options.running_mode is RunningMode.LIVE_STREAM:
            return LiveLandmarker(options, self._wake)
        return build_finder(options, search)

    def _replace_finder(self, options: LandmarkerOptions, search: SearchOptions) -> None:
        old, self._finder = self._finder, self._built(options, search)
        self._search, self._view = search, PictureView.of(search)
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
