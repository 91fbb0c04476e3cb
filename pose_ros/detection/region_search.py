# SPDX-License-Identifier: Apache-2.0
"""
Finds people in the boxes of another detector, and follows each in a window of her own.

Nobody is looked for anywhere else. Boxes of known people cost nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.duplicates import without_duplicates
from pose_ros.detection.options import LandmarkerOptions
from pose_ros.detection.search_options import SearchOptions
from pose_ros.detection.sight import Sight
from pose_ros.detection.window_search import WindowSearch
from pose_ros.detection.windows import Window
from pose_ros.poses.poses import Poses

__all__ = ['FrameRegions', 'RegionSearch']

SIDE = 1.3  # of a window, over the box's longer side: MediaPipe's detector wants some surroundings
LEAST_SIDE_PX = 8.0  # of a box; in a smaller one nobody can be seen
SAME_BOX = 0.6  # overlap (intersection over union) from which on two boxes are of one person
KNOWN = 0.4  # overlap from which on a known person is whom a box shows
LEAST_FIT = 0.2  # overlap of a box, and who was found in it; landmarks cover less than a body

Boxes = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FrameRegions:
    """
    Where people are in a frame, as another detector says.

    :param boxes_px: float64 (N, 4): left, top, right, bottom; the surest first
    :param number: the detector's message; the same in all frames for which it is used
    """

    boxes_px: Boxes
    number: int

    def with_boxes(self, boxes_px: Boxes) -> FrameRegions:
        """Return the same in other coordinates."""
        return replace(self, boxes_px=boxes_px)


class RegionSearch(WindowSearch):
    """A finder for VIDEO that looks for more people where it is told to."""

    def __init__(self, options: LandmarkerOptions, search: SearchOptions) -> None:
        """
        Build the landmarkers.

        :raises LandmarkerError: when MediaPipe refuses; nothing is left behind
        """
        super().__init__(options, search)
        self._regions: FrameRegions | None = None
        self._number = -1  # of the message whose boxes wait, or were looked at
        self._waiting: list[tuple[float, ...]] = []
        self._began_ms = 0.0
        self._told_ms: int | None = None

    def show(self, regions: FrameRegions | None) -> None:
        """
        Say where people are in the frame that comes next.

        :param regions: None: nobody knows; the known people are followed
        """
        self._regions = regions

    def detect(self, picture: NDArray[np.uint8], stamp_ms: int) -> Poses:
        """See WindowSearch.detect."""
        self._began_ms = self._now_ms()
        return super().detect(picture, stamp_ms)

    def _look_around(self, rgb: NDArray[np.uint8], stamp_ms: int) -> None:
        """Look at boxes that show nobody who is known, as far as the time goes."""
        regions = self._regions
        if regions is None:
            self._waiting = []
        else:
            self._told_ms = stamp_ms
            if regions.number != self._number:
                self._number = regions.number
                self._waiting = self._unexplained(regions.boxes_px, stamp_ms)
        if self._told_ms is not None:
            self.search_age_ms = float(stamp_ms - self._told_ms)
        is_first = True  # one is looked at in each frame, however many people are known
        while self._waiting and len(self._people) < self.options.num_poses:
            spent_ms = self._now_ms() - self._began_ms
            if not is_first and spent_ms > self._search.people_budget_ms:
                break
            self._look_in(rgb, self._waiting.pop(0), stamp_ms)
            is_first = False

    def _unexplained(self, boxes_px: Boxes, stamp_ms: int) -> list[tuple[float, ...]]:
        """Return the boxes in which somebody is who is not known, once each."""
        width, height = self._size
        boxes = np.clip(boxes_px, 0, (width, height, width, height))
        boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= LEAST_SIDE_PX]
        kept: list[int] = []
        same = _overlaps(boxes, boxes)
        for index in range(len(boxes)):
            if (same[index, kept] < SAME_BOX).all():
                kept.append(index)
        boxes = boxes[kept]
        known = [each.expected(stamp_ms).box_px() for each in self._seen()]
        overlaps = _overlaps(boxes, np.array(known).reshape(-1, 4))
        while overlaps.size and overlaps.max() >= KNOWN:  # a person explains one box
            row, column = np.unravel_index(overlaps.argmax(), overlaps.shape)
            boxes = np.delete(boxes, row, axis=0)
            overlaps = np.delete(np.delete(overlaps, row, axis=0), column, axis=1)
        return [tuple(box) for box in boxes.tolist()]

    def _look_in(self, rgb: NDArray[np.uint8], box: tuple[float, ...], stamp_ms: int) -> None:
        """Take over whom a box shows, if she is not known."""
        known = [each.expected(stamp_ms) for each in self._seen()]
        found = self._detector.people(rgb, _window(box), known)
        fits = {each: _fit(each, box) for each in without_duplicates(found, known)}
        best = max(fits, key=lambda each: fits[each], default=None)
        if best is not None and fits[best] >= LEAST_FIT:
            self._meet(rgb, best, stamp_ms)


def _window(box: tuple[float, ...]) -> Window:
    left, top, right, bottom = box
    side = SIDE * max(right - left, bottom - top)
    return Window((left + right - side) / 2, (top + bottom - side) / 2, side, side)


def _fit(person: Sight, box: tuple[float, ...]) -> float:
    return float(_overlaps(np.array([person.box_px()]), np.array([box]))[0, 0])


def _overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """Return intersection over union of boxes (n, 4) and others (m, 4), (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(each[:, 2:] - each[:, :2]).prod(axis=1) for each in (boxes, others)]
    return shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9)
