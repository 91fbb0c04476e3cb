# SPDX-License-Identifier: Apache-2.0
"""
Keeps the newest `vision_msgs/Detection2DArray` of a camera, and says which belongs to a frame.

A detector needs time: at a frame, the newest boxes are those of a frame before. So the nearest
message counts, as long as its stamp is not too far from the frame's.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from math import isfinite
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.counters import Counters
from pose_ros.detection.finder import PoseFinder
from pose_ros.detection.picture_view import PictureView
from pose_ros.detection.region_search import FrameRegions, RegionSearch
from pose_ros.images.frame import Frame, stamp_ns
from pose_ros.images.quoted import quoted

__all__ = ['Regions', 'RegionsOptions']

MESSAGES_KEPT = 16  # at 30 Hz, half a second
MOST_BOXES = 100  # of a message, the surest
NOT_PERSONS = 5  # other classes that are named


@dataclass(frozen=True)
class RegionsOptions:
    """
    Which boxes count.

    :param person_class: the class_id of a person; empty: all boxes
    :param slop_s: seconds that the stamps of a frame and of its boxes may be apart
    """

    person_class: str = 'person'
    slop_s: float = 0.5


@dataclass(frozen=True)
class _Message:
    stamp_ns: int
    frame_id: str
    regions: FrameRegions


class Regions:
    """
    Knows what a detector publishes beside the images of a camera.

    Messages may be taken on another thread than the one that asks.

    :ivar options: which boxes count in messages that come from now on
    :ivar text: what the newest message held, in words
    :ivar misfit: why the newest frame has no regions, in words; '' when it has
    :ivar taken_s: when the newest message came, on the monotonic clock; 0: never
    :ivar matched_s: likewise the newest frame that had regions
    :ivar asked_s: likewise the newest frame
    """

    def __init__(self, options: RegionsOptions) -> None:
        """Begin without having heard from the detector."""
        self.options = options
        self.text = 'none has come yet'
        self.misfit = ''
        self.taken_s = self.matched_s = self.asked_s = 0.0
        self._messages: deque[_Message] = deque(maxlen=MESSAGES_KEPT)
        self._count = 0

    def take(self, message: Any) -> None:
        """
        Keep one message for the frames of its time.

        :param message: a vision_msgs/Detection2DArray
        """
        boxes, others, damaged = _boxes(message, self.options.person_class)
        self._count += 1
        regions = FrameRegions(boxes, self._count)
        self._messages.append(_Message(stamp_ns(message.header), message.header.frame_id, regions))
        self.taken_s = monotonic()
        self.text = _words(len(boxes), others, damaged, self.options.person_class)

    def show(
        self, finder: PoseFinder, view: PictureView, frame: Frame, counters: Counters
    ) -> None:
        """
        Say to a finder that searches in regions which count for the frame that comes next.

        :param view: what the finder sees of the frame
        :param counters: of the stream: what the newest regions hold, and frames with and without
        """
        if not isinstance(finder, RegionSearch):
            counters.regions = ''
            return
        regions = self.of_frame(frame)
        counters.regions = self.text
        if regions is None:
            counters.without_regions += 1
        else:
            counters.with_regions += 1
            height, width = frame.rgb.shape[:2]
            boxes_px = view.boxes_in_view(regions.boxes_px, width, height)
            regions = regions.with_boxes(boxes_px)
        finder.show(regions)

    def of_frame(self, frame: Frame) -> FrameRegions | None:
        """Return the boxes that count for a frame; None where there are none, see `misfit`."""
        self.asked_s = monotonic()
        messages = tuple(self._messages)
        if not messages:
            self.misfit = 'none has come yet'
            return None
        newest_first = reversed(messages)
        nearest = min(newest_first, key=lambda each: abs(each.stamp_ns - frame.stamp_ns))
        apart_s = abs(nearest.stamp_ns - frame.stamp_ns) * 1e-9
        wanted, got = frame.header.frame_id, nearest.frame_id
        self.misfit = ''
        if apart_s > self.options.slop_s:
            self.misfit = (
                f'the nearest are {apart_s:.3f} s away from the image by their stamps, '
                f'regions_slop is {self.options.slop_s:g} s: does the detector copy the stamp of '
                'its image, and is it fast enough?'
            )
        elif wanted and got and wanted != got:
            self.misfit = (
                f'wanted some in the frame of the image, {quoted(wanted)}, got '
                f'{quoted(got)}: remap regions to the detector of this camera'
            )
        if self.misfit:
            return None
        self.matched_s = self.asked_s
        return nearest.regions


def _boxes(message: Any, person_class: str) -> tuple[NDArray[np.float64], Counter[str], int]:
    """Return people's boxes, the surest first; the other classes; the number of damaged boxes."""
    found: list[tuple[float, tuple[float, ...]]] = []
    others: Counter[str] = Counter()
    damaged = 0
    for detection in message.detections:
        hypotheses = [each.hypothesis for each in detection.results]
        surest = max(hypotheses, key=lambda each: each.score, default=None)
        name = '' if surest is None else surest.class_id
        if person_class and name != person_class:
            others[name] += 1
            continue
        box = _box(detection.bbox)
        if box is None:
            damaged += 1
            continue
        score = 0.0 if surest is None or not isfinite(surest.score) else surest.score
        found.append((score, box))
    found.sort(key=lambda each: -each[0])
    boxes = np.array([box for _, box in found[:MOST_BOXES]], float).reshape(-1, 4)
    return boxes, others, damaged


def _box(bbox: Any) -> tuple[float, float, float, float] | None:
    """Return left, top, right and bottom of what holds a box, which may be turned."""
    x, y, theta = bbox.center.position.x, bbox.center.position.y, bbox.center.theta
    if not all(map(isfinite, (x, y, theta, bbox.size_x, bbox.size_y))):
        return None
    if bbox.size_x <= 0 or bbox.size_y <= 0:
        return None
    cos, sin = abs(np.cos(theta)), abs(np.sin(theta))
    across = float(bbox.size_x * cos + bbox.size_y * sin) / 2
    down = float(bbox.size_x * sin + bbox.size_y * cos) / 2
    return x - across, y - down, x + across, y + down


def _words(people: int, others: Counter[str], damaged: int, person_class: str) -> str:
    words = f'{people} of people'
    if others:
        names = ', '.join(quoted(name) for name, _ in others.most_common(NOT_PERSONS))
        words += f', {others.total()} of other classes than {quoted(person_class)} ({names})'
    if damaged:
        words += f', {damaged} without a sensible size and place'
    return words
