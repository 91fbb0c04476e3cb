# SPDX-License-Identifier: Apache-2.0
"""
Keeps the finder of a stream, and replaces it.

That is when other options are wanted, when MediaPipe failed, when the stream begins again, and
when masks begin or end.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from pose_ros.detection.finder import PoseFinder, build_finder
from pose_ros.detection.live_landmarker import LiveLandmarker
from pose_ros.detection.network_guard import GuardError, forbid_network
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.picture_view import PictureView
from pose_ros.detection.search_options import SearchOptions
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses
from pose_ros.stream.mask_switch import MaskSwitch

__all__ = ['RunningFinder']


class RunningFinder:
    """
    What finds people in the next frame; to be closed after use. Never two calls at once.

    :ivar now: the finder for the next frame; it computes masks only while it must
    :ivar view: what it is shown of every picture
    :ivar options: as they were given
    """

    def __init__(
        self,
        options: LandmarkerOptions,
        search: SearchOptions,
        wake: Callable[[], None],
        masks_on_demand: bool,
        conditions: dict[str, str],
    ) -> None:
        """
        Build the finder.

        :param search: where in the pictures people are looked for
        :param wake: called on another thread when there are results of LIVE_STREAM
        :param masks_on_demand: masks, where the options have them, are computed only while
            `want_masks` says so
        :param conditions: says, while masks cannot be had, why
        :raises LandmarkerError: when MediaPipe refuses the options
        """
        self.options = options
        self._search, self._wake = search, wake
        self._masks_on_demand, self._wants_masks = masks_on_demand, not masks_on_demand
        self.view = PictureView.of(search)
        self.now = self._built(options, search, self._wants_masks)
        self._is_new, self._known = True, Poses.empty()  # whom it found last
        self._switch = MaskSwitch(
            lambda masks: self._built(self.options, self._search, masks),
            self.enter_thread,
            wake,
            conditions,
        )

    @property
    def masks(self) -> str:
        """Whether masks are computed, in words."""
        return self._switch.state(self.options, self.now)

    def enter_thread(self) -> None:
        """Prepare the calling thread, for good, so that MediaPipe runs on it and nowhere else."""
        if self.options.forbid_network:
            with suppress(GuardError):  # the landmarker has said so
                forbid_network()

    def set_options(self, options: LandmarkerOptions, search: SearchOptions) -> None:
        """
        Use other options; a new finder is built if they differ.

        :raises LandmarkerError: when MediaPipe refuses them; the old finder goes on
        """
        before, self.options = self.options, options
        masks = (options if self._masks_on_demand else before).output_segmentation_masks
        if (options, search) == (replace(before, output_segmentation_masks=masks), self._search):
            return
        try:
            self._replace(options, search)
        except LandmarkerError:
            self.options = before
            raise

    def begin_again(self) -> None:
        """
        Build a new finder, which knows nobody.

        :raises LandmarkerError: when MediaPipe cannot; the old finder goes on
        """
        self._replace(self.options, self._search)

    def want_masks(self, wanted: bool) -> None:
        """
        Say before each frame whether somebody wants masks; with `masks_on_demand`, and only then.

        It takes a moment until they come, and some seconds until they stop. Meanwhile frames are
        worked on as before.
        """
        self._wants_masks = self._switch.holds(wanted)
        masks = self._wants_masks and self.options.output_segmentation_masks
        if self._is_new and masks != self.now.options.output_segmentation_masks:
            with suppress(LandmarkerError):  # then the switch tries, and says what is wrong
                self.begin_again()
        self.now = self._switch.next_finder(self.now, masks, self._known)

    def show_successor(self, frame: Frame, stamp_ms: int) -> None:
        """Show the frame that the finder is about to work on to the one that gets ready."""
        self._is_new = False
        if self._switch.is_at_work:
            self._switch.look(self.view.shown(frame.rgb), stamp_ms)

    def remember(self, found: Poses) -> None:
        """Remember whom the finder found: one that takes over must find the same people."""
        self._known = found

    @property
    def leaving(self) -> tuple[LiveLandmarker, bool] | None:
        """In LIVE_STREAM, what was replaced and may have results, and whether that is all."""
        return self._switch.leaving

    def left(self) -> None:
        """Forget what was replaced."""
        self._switch.left()

    def close(self) -> None:
        """Release the landmarkers; a frame in work is finished first. Idempotent."""
        self._switch.close()
        self.now.close()

    def _built(self, options: LandmarkerOptions, search: SearchOptions, masks: bool) -> PoseFinder:
        options = replace(
            options, output_segmentation_masks=options.output_segmentation_masks and masks
        )
        if options.running_mode is RunningMode.LIVE_STREAM:
            return LiveLandmarker(options, self._wake)
        return build_finder(options, search)

    def _replace(self, options: LandmarkerOptions, search: SearchOptions) -> None:
        old, self.now = self.now, self._built(options, search, self._wants_masks)
        self._search, self.view = search, PictureView.of(search)
        self._is_new, self._known = True, Poses.empty()
        self._switch.drop()
        self._switch.left()
        old.close()
