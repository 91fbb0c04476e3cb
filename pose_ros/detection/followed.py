# SPDX-License-Identifier: Apache-2.0
"""Keeps what is known of a person who is followed in a window, and expects where she will be."""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.appearance import Color
from pose_ros.detection.one_by_one import SIDE_RADII, window_of
from pose_ros.detection.sight import Sight
from pose_ros.detection.windows import Window

__all__ = ['Followed']

VELOCITY_SHARE = 0.5  # of a new velocity, in the one that is expected to go on
RADIUS_SHARE = 0.2  # of a new radius: raised arms change it, the person's distance hardly
COLOR_TIME_MS = 500  # in which her colour follows what is seen; at times that is somebody else's
LONGEST_GUESS_S = 0.25  # for which a person is expected to go on as before

# How far from the expected place a person is believed to be herself, in radii: at once, and for
# each second since she was seen. And her radius over the one before.
REACH, REACH_PER_S = 0.45, 1.5
SIZES = 0.5, 2.0


class Followed:
    """
    A person who is followed.

    :ivar number: the person's own
    :ivar sight: as last seen
    :ivar seen_ms: when that was
    :ivar looked_ms: when she was last looked for
    :ivar color: of the trunk, slowly following what is seen
    :ivar misses: how often she was looked for since, and not seen
    """

    def __init__(self, sight: Sight, color: Color, stamp_ms: int, number: int = 0) -> None:
        """Begin with somebody who stands still."""
        self.number, self.sight = number, sight
        self.seen_ms = self.looked_ms = stamp_ms
        self.misses = 0
        self.color = color
        self._velocity: NDArray[np.floating] = np.zeros(2, np.float32)  # pixels a millisecond
        self._radius_px = sight.radius_px
        self._before = self._velocity, self._radius_px, color, sight, stamp_ms

    def expected(self, stamp_ms: int) -> Sight:
        """Return the person where she is expected to be."""
        seconds = min(stamp_ms - self.seen_ms, LONGEST_GUESS_S * 1e3)
        return self.sight.moved((self._velocity * seconds).astype(np.float32))

    def window(self, stamp_ms: int, radii: float = SIDE_RADII) -> Window:
        """
        Return the window to look for her in.

        :param radii: its side over the radius of the body
        """
        return window_of(self.expected(stamp_ms).hips_px, self._radius_px, radii)

    def can_be(self, sight: Sight, stamp_ms: int) -> bool:
        """Return whether somebody who was found may be this person."""
        way_px = sight.hips_px - self.expected(stamp_ms).hips_px
        reach = REACH + REACH_PER_S * (stamp_ms - self.seen_ms) * 1e-3
        size = sight.radius_px / self._radius_px
        return float(np.hypot(*way_px)) <= reach * self._radius_px and SIZES[0] <= size <= SIZES[1]

    def see(self, sight: Sight, color: Color, stamp_ms: int) -> None:
        """Take over how the person is seen now."""
        self._before = self._velocity, self._radius_px, self.color, self.sight, self.seen_ms
        passed_ms = max(stamp_ms - self.seen_ms, 1)
        velocity = (sight.hips_px - self.sight.hips_px) / passed_ms
        self._velocity = self._velocity + VELOCITY_SHARE * (velocity - self._velocity)
        self._radius_px += RADIUS_SHARE * (sight.radius_px - self._radius_px)
        self.color = self.color + (1 - exp(-passed_ms / COLOR_TIME_MS)) * (color - self.color)
        self.sight, self.seen_ms, self.misses = sight, stamp_ms, 0

    def miss(self) -> None:
        """Note that she was not seen, or in this frame somebody else in her place."""
        if self.seen_ms == self.looked_ms:
            self._velocity, self._radius_px, self.color, self.sight, self.seen_ms = self._before
        self.misses += 1
