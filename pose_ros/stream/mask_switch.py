# SPDX-License-Identifier: Apache-2.0
"""
Has masks computed only while somebody wants them, without a gap in the landmarks.

MediaPipe fixes whether it computes masks when a landmarker is built. So a second one gets ready
beside the running one, and takes its place.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.finder import PoseFinder
from pose_ros.detection.live_landmarker import LiveLandmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.detection.successor import Successor
from pose_ros.detection.window_search import WindowSearch
from pose_ros.poses.poses import Poses

__all__ = ['HOLD_S', 'MaskSwitch']

# Masks are computed for so long after the last who wanted them, and what failed is tried again
# after so long. Two new landmarkers cost as much as the masks of about ten seconds: so whoever
# comes and goes costs at most twice what the better of on and off would.
HOLD_S = 10.0
CONDITION = 'masks'


class MaskSwitch:
    """Hands a stream over from one finder to the next; never two calls at once."""

    def __init__(
        self,
        build: Callable[[bool], PoseFinder],
        enter_thread: Callable[[], None],
        wake: Callable[[], None],
        conditions: dict[str, str],
    ) -> None:
        """
        Build nothing yet.

        :param build: returns a finder that computes masks, or one that does not
        :param enter_thread: prepares a thread that builds finders and runs them
        :param wake: called on another thread when there may be something in `leaving`
        :param conditions: says, while masks cannot be had, why
        """
        self._build, self._enter_thread, self._wake = build, enter_thread, wake
        self._conditions = conditions
        self._successor: Successor | None = None
        self._is_ending = False  # the successor has taken over, or is not needed any more
        self._leaving: LiveLandmarker | None = None
        self._wanted_s = self._failed_s = -HOLD_S

    def holds(self, wanted: bool) -> bool:
        """Return whether masks are to be computed; for HOLD_S after they were wanted last."""
        now_s = monotonic()
        if wanted:
            self._wanted_s = now_s
        return wanted or now_s - self._wanted_s < HOLD_S

    def next_finder(self, running: PoseFinder, masks: bool, known: Poses) -> PoseFinder:
        """
        Return the finder for the next frame: the running one, or the one that takes over.

        :param masks: whether the finder is to compute masks
        :param known: whom the running one found in the frame before
        """
        self._clear_over()
        successor = self._successor
        if masks == running.options.output_segmentation_masks:
            self._conditions.pop(CONDITION, None)
            self.drop()
        elif successor is None:
            if monotonic() - self._failed_s >= HOLD_S:
                self._begin(running, masks)
        elif not self._is_ending:
            successor.compare(known)
            if successor.is_ready or (masks and successor.is_late):
                return self._taken_over(running, successor)
            if successor.is_late:  # without masks; and the running one sees more
                self._failed_s = monotonic()
                self.drop()
        return running

    def look(self, rgb: NDArray[np.uint8], stamp_ms: int) -> None:
        """Show the frame that the running finder is about to work on."""
        if self._successor is not None and not self._is_ending:
            self._successor.look(rgb, stamp_ms)

    @property
    def is_at_work(self) -> bool:
        """Whether another finder gets ready."""
        return self._successor is not None and not self._is_ending

    def state(self, options: LandmarkerOptions, running: PoseFinder) -> str:
        """Return whether masks are computed, in words."""
        if not options.output_segmentation_masks:
            return 'not asked for'
        if running.options.output_segmentation_masks:
            return 'computed'
        return 'about to begin' if self.is_at_work else 'nobody subscribes'

    @property
    def leaving(self) -> tuple[LiveLandmarker, bool] | None:
        """In LIVE_STREAM, what was replaced and may have results, and whether that is all."""
        if self._leaving is None:
            return None
        return self._leaving, self._successor is None or self._successor.is_over

    def left(self) -> None:
        """Forget what was replaced."""
        self._leaving = None

    def drop(self) -> None:
        """Have nothing get ready any more."""
        if self._successor is not None and not self._is_ending:
            self._successor.close()
            self._is_ending = True

    def close(self) -> None:
        """Have nothing get ready any more, and wait until all of that is closed. Idempotent."""
        self.drop()
        successor, self._successor = self._successor, None
        if successor is not None:
            successor.wait()

    def _begin(self, running: PoseFinder, masks: bool) -> None:
        # Windows of people are followed by us: what is known of them goes to the new landmarkers.
        warms_up = running.options.running_mode is not RunningMode.IMAGE and not isinstance(
            running, WindowSearch
        )
        try:
            self._successor = Successor(lambda: self._build(masks), self._enter_thread, warms_up)
            self._is_ending = False
        except RuntimeError as error:  # the system has no thread left
            self._fail(str(error))

    def _taken_over(self, running: PoseFinder, successor: Successor) -> PoseFinder:
        self._is_ending = True
        if isinstance(running, WindowSearch) and isinstance(successor.finder, WindowSearch):
            running.exchange_landmarkers(successor.finder)
            successor.close()
            return running
        if isinstance(running, LiveLandmarker):
            self._leaving = running
        return successor.exchange(running, self._wake)

    def _clear_over(self) -> None:
        successor = self._successor
        if successor is not None and successor.is_over:
            self._successor = None
            if successor.error:
                self._fail(successor.error)

    def _fail(self, why: str) -> None:
        self._failed_s = monotonic()
        self._conditions[CONDITION] = (
            f'masks cannot be switched on or off: {why}; it is tried again in {HOLD_S:.0f} s'
        )
