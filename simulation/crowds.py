# SPDX-License-Identifier: Apache-2.0
"""
Shows three recordings side by side in one picture, so small that six people in it are small.

No public recording with labels shows so many people who are so small. The parts of a crowd have
edges that a camera's picture does not have, so that its figures say less than those of recordings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.ground_truth import GroundTruth, Label
from simulation.labelled_videos import LabelledVideo, labelled_recording

__all__ = ['CROWD_HEIGHTS_PX', 'crowd']

WIDTH, HEIGHT, RATE_HZ = 1024, 576, 30.0
FRAMES = 170
CROWD_HEIGHTS_PX = 150, 100  # of the tallest person
LEAST_HEIGHT_PX = 58  # a tenth of the picture: smaller people are ignored


@dataclass(frozen=True)
class _Part:
    """
    A recording in a crowd.

    :param tallest_px: the tallest person in it
    :param place: of the upper edge, as a fraction of the free height
    :param ids: added to the ids of its people
    """

    name: str
    tallest_px: float
    place: float
    ids: int


PARTS = (
    _Part('walk', 437.0, 0.3, 0),
    _Part('multi_cam3', 921.0, 0.8, 100),
    _Part('multi_cam4', 940.0, 0.5, 200),
)


def _shown(part: _Part, frame: int) -> int:
    """Return which frame of a part is shown: the walk from 60 on, the room there and back."""
    return 60 + frame if part.name == 'walk' else 90 - abs(2 * frame % 180 - 90)


def crowd(tallest_px: float) -> LabelledVideo:
    """
    Return a video of 170 frames, 1024x576 at 30 Hz, with six people.

    :param tallest_px: pixels, of the tallest person, up to 150; the smallest has about half
    """
    videos = [labelled_recording(part.name) for part in PARTS]
    scales = [tallest_px / part.tallest_px for part in PARTS]
    sizes = [
        (round(video.truth.width * scale), round(video.truth.height * scale))
        for video, scale in zip(videos, scales, strict=True)
    ]
    gap = (WIDTH - sum(width for width, _ in sizes)) // (len(PARTS) + 1)
    if gap < 0:
        raise ValueError(f'wanted a height that leaves room for all parts, got {tallest_px} px')
    lefts = [
        gap * (index + 1) + sum(width for width, _ in sizes[:index]) for index in range(len(PARTS))
    ]
    boxes = [
        (left, round((HEIGHT - height) * part.place), width, height)
        for left, (width, height), part in zip(lefts, sizes, PARTS, strict=True)
    ]
    name = f'crowd_{tallest_px:g}'
    truth = _truth(name, videos, boxes)
    return LabelledVideo(name, RATE_HZ, truth, lambda: _frames(videos, boxes))


Box = tuple[int, int, int, int]  # x, y, width and height in pixels


def _frames(videos: list[LabelledVideo], boxes: list[Box]) -> Iterator[NDArray[np.uint8]]:
    parts = [_read(video, size) for video, (_, _, *size) in zip(videos, boxes, strict=True)]
    background = _background(parts[0][60])
    for frame in range(FRAMES):
        picture = background.copy()
        for part, pictures, (x, y, width, height) in zip(PARTS, parts, boxes, strict=True):
            picture[y : y + height, x : x + width] = pictures[_shown(part, frame)]
        yield picture


def _read(video: LabelledVideo, size: list[int]) -> list[NDArray[np.uint8]]:
    return [cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) for rgb in video.read()]


def _background(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a picture so blurred, and upside down, that nobody is in it."""
    large = cv2.resize(rgb[::-1], (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.blur(large, (HEIGHT // 4, HEIGHT // 4)), np.uint8)


def _truth(name: str, videos: list[LabelledVideo], boxes: list[Box]) -> GroundTruth:
    people = {
        person + part.ids: text
        for part, video in zip(PARTS, videos, strict=True)
        for person, text in video.truth.people.items()
    }
    frames = {
        frame: tuple(
            _moved(label, part.ids, box, video.truth)
            for part, video, box in zip(PARTS, videos, boxes, strict=True)
            for label in _labels(video.truth.frames, part, frame)
        )
        for frame in range(FRAMES)
        if all(
            _shown(part, frame) in v.truth.frames for part, v in zip(PARTS, videos, strict=True)
        )
    }
    return GroundTruth(name, WIDTH, HEIGHT, people, frames)


def _labels(frames: Mapping[int, tuple[Label, ...]], part: _Part, frame: int) -> tuple[Label, ...]:
    return frames[_shown(part, frame)]


def _moved(label: Label, ids: int, box: Box, truth: GroundTruth) -> Label:
    x, y, width, height = box
    scales = np.array((width / truth.width, height / truth.height) * 2)
    box_px = label.box_px * scales + (x, y, 0, 0)
    too_small = bool(box_px[3] < LEAST_HEIGHT_PX)
    return replace(
        label, person=label.person + ids, box_px=box_px, ignored=label.ignored or too_small
    )
