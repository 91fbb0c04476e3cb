# SPDX-License-Identifier: Apache-2.0
"""Follows people from frame to frame: ids first, then smooth landmarks, then positions."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.following.positions import Positions
from pose_ros.following.smoothing import LandmarkSmoother, MaskSmoother
from pose_ros.following.tracking import Tracker
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses

__all__ = ['FollowingOptions', 'People']


@dataclass(frozen=True)
class FollowingOptions:
    """
    How people are followed.

    :param max_missed_s: seconds that somebody may be out of sight and keep the track id
    :param smooth_landmarks: smooth landmarks where MediaPipe does not
    :param smooth_segmentation: mix each mask with the person's one before
    :param still: the frames have nothing to do with one another: nothing is smoothed
    """

    max_missed_s: float
    smooth_landmarks: bool
    smooth_segmentation: bool
    still: bool


class People:
    """Gives the people of a stream track ids, smooth landmarks and masks, and positions."""

    def __init__(self, following: FollowingOptions, positions: Positions) -> None:
        """Begin without having seen anybody."""
        self._following, self._positions = following, positions
        self._tracker = Tracker(following.max_missed_s)
        self._landmarks, self._masks = LandmarkSmoother(), MaskSmoother()
        self._last_ns = 0

    def set_following(self, following: FollowingOptions) -> None:
        """Follow people like this from now on."""
        self._following = following
        self._tracker.max_missed_s = following.max_missed_s

    def follow(self, frame: Frame, result: Poses, time_ns: int) -> Poses:
        """
        Return the people of the next frame with all that is known of them; masks as found.

        :param time_ns: of the frame; one that is not later than the last begins a new stream
        """
        if time_ns <= self._last_ns:
            self._tracker.reset()
            self._landmarks.reset()
        self._last_ns = time_ns
        height, width = frame.rgb.shape[:2]
        result = self._tracker.update(result, time_ns, width, height)
        if self._following.smooth_landmarks and not self._following.still:
            result = self._landmarks.update(result, time_ns, width, height, result.is_smooth)
        return self._positions.place(frame, result)

    def smooth_masks(self, result: Poses, time_ns: int) -> Poses:
        """
        Return what follow() returned with smooth masks.

        A step of its own: it takes longer than all of follow(), which landmarks need not wait for,
        can be left out of frames whose masks nobody wants, and may run on another thread. (A stamp
        that is not later starts a new stream here, too.)

        :param time_ns: of the frame
        """
        if self._following.smooth_segmentation and not self._following.still:
            return self._masks.update(result, time_ns)
        return result
