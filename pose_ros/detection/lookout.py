# SPDX-License-Identifier: Apache-2.0
"""Decides which window of the picture is looked at next, in search of people nobody knows yet."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.windows import Window, search_windows

__all__ = ['Lookout']

# How much more often than another a window is looked at: one in which much moves, one in which
# people appeared; and how much less often with each level, as these have ever more windows, and
# where there is nothing but a plain wall.
MOTION_WEIGHT, DOOR_WEIGHT, LEVEL_WEIGHT, PLAIN_WEIGHT = 30.0, 3.0, 0.6, 0.2
DOOR_KEPT = 0.9  # of the memory of people who appeared, at each look that finds nobody

MOTION_LINES = 72  # of the small picture in which motion is looked for
MOTION_STEP = 14  # grey levels of 255, from one frame to the next: more than noise
MOTION_KEPT = 0.8  # of motion, from one frame to the next
MUCH_MOTION = 0.15  # share of a window: from here on more is not more urgent
KNOWN_MARGIN = 0.1  # of a known person's height around her landmarks: hair, clothes, her shadow
EDGE_STEP, MANY_EDGES = 6, 0.05  # grey levels from pixel to pixel, and the share of such pixels

Box = tuple[float, float, float, float]  # left, top, right and bottom, in pixels


class Lookout:
    """
    The windows of one size of picture, and what is known of them.

    :ivar unknown_motion: the share of moving pixels that belong to no known person, in the window
        where it is largest; 1 means MUCH_MOTION or more
    """

    def __init__(self, width: int, height: int, min_person_height: float) -> None:
        """
        Lay out the windows.

        :param width: of the pictures in pixels
        :param height: of the pictures in pixels
        :param min_person_height: as a fraction of the picture's height
        """
        self.levels = search_windows(width, height, min_person_height)
        self._windows = [window for level in self.levels for window in level]
        self._weights = np.array(
            [LEVEL_WEIGHT**number for number, level in enumerate(self.levels) for _ in level]
        )
        self._looked_ms = np.full(len(self._windows), np.nan)
        self._doors = np.zeros(len(self._windows))
        self._size = width, height
        self._step = max(height // MOTION_LINES, 1)
        self._grey: NDArray[np.uint8] | None = None
        self._motion = self._edges = np.zeros(0, np.float32)
        self._moving, self.unknown_motion = np.zeros(len(self._windows)), 0.0

    def watch(self, rgb: NDArray[np.uint8], known: Iterable[Box]) -> None:
        """
        See where something moves.

        :param rgb: the next frame
        :param known: boxes in which motion is nothing new: left, top, right, bottom in pixels
        """
        grey = cv2.blur(np.ascontiguousarray(rgb[:: self._step, :: self._step, 1]), (3, 3))
        if self._grey is None or self._grey.shape != grey.shape:
            self._motion = np.zeros(grey.shape, np.float32)
        else:
            moved = cv2.absdiff(grey, self._grey) > MOTION_STEP
            self._motion = np.maximum(self._motion * MOTION_KEPT, moved)
        self._grey = grey
        self._edges = _edges(grey)
        boxes = list(known)
        self._clear(self._motion, boxes, 0.0)
        self._moving = np.minimum(self._shares(self._motion) / MUCH_MOTION, 1)
        unknown = self._motion.copy()
        self._clear(unknown, boxes, KNOWN_MARGIN)
        self.unknown_motion = float(min(self._shares(unknown).max() / MUCH_MOTION, 1))

    def next(self, stamp_ms: int) -> Window:
        """Return the window that it is most urgent to look at; it counts as looked at."""
        never = np.isnan(self._looked_ms)
        ages_ms = np.where(never, 1e4, stamp_ms - np.nan_to_num(self._looked_ms)) + 1
        urgencies = ages_ms * self._weights * (1 + DOOR_WEIGHT * self._doors)
        urgencies *= 1 + MOTION_WEIGHT * self._moving
        edges = np.minimum(self._shares(self._edges) / MANY_EDGES, 1)
        urgencies *= PLAIN_WEIGHT + (1 - PLAIN_WEIGHT) * edges
        index = int(urgencies.argmax())
        self._looked_ms[index] = stamp_ms
        self._doors[index] *= DOOR_KEPT
        return self._windows[index]

    def found(self, window: Window) -> None:
        """Note that somebody new appeared in a window."""
        self._doors[self._windows.index(window)] = 1.0

    def age_ms(self, stamp_ms: int) -> float:
        """Return how long ago the window was looked at that waits longest; NaN: never."""
        return float(stamp_ms - self._looked_ms.min())

    def _clear(self, marked: NDArray[np.float32], boxes: Iterable[Box], margin: float) -> None:
        """Unmark boxes of the picture in the small one, with a margin in heights of each."""
        for left, top, right, bottom in boxes:
            around = margin * (bottom - top)
            edges = left - around, top - around, right + around, bottom + around
            first, above, last, below = (max(int(each / self._step), 0) for each in edges)
            marked[above : below + 2, first : last + 2] = 0

    def _shares(self, marked: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the mean in each window of something that is marked in the small picture."""
        sums = cv2.integral(marked)
        rows, columns = sums.shape
        edges = np.array([(w.x, w.y, w.x + w.width, w.y + w.height) for w in self._windows])
        left, top, right, bottom = (edges / self._step).round().astype(int).T
        right, bottom = np.minimum(right, columns - 1), np.minimum(bottom, rows - 1)
        total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return np.asarray(total / np.maximum((right - left) * (bottom - top), 1))


def _edges(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return 1 where a pixel differs from the next one to the right or below, else 0."""
    edges = np.zeros(grey.shape, np.float32)
    signed = grey.astype(np.int16)
    edges[:, :-1] = np.abs(np.diff(signed, axis=1)) > EDGE_STEP
    edges[:-1] = np.maximum(edges[:-1], np.abs(np.diff(signed, axis=0)) > EDGE_STEP)
    return edges
