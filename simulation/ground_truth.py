# SPDX-License-Identifier: Apache-2.0
"""Reads who is where in the recordings, as people drew it by hand (see labels/README.md)."""

from __future__ import annotations

from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ['FRAMES_FOR_TESTS', 'GroundTruth', 'Label', 'read_ground_truth']

LABELS = Path(__file__).with_name('labels')

# Single frames for tests of a search: a man and a figure, with a woman at the back, once at a
# quarter of the picture's height and once at a fifth; the man near and the figure farther away;
# the figure in front of the man.
FRAMES_FOR_TESTS = (('multi_cam1', 30), ('multi_cam2', 0), ('multi_cam4', 80), ('multi_cam3', 60))


@dataclass(frozen=True)
class Label:
    """
    One person in one frame.

    :param person: id, the same in all frames and in all cameras of the room
    :param box_px: x, y, width and height around what is visible of the body, float64 (4,)
    :param whole: the whole body is in view, hidden or cut off by a few per cent at most
    :param ignored: too small, a picture of a person, or doubtful: neither to be found nor wrong
        when it is found
    """

    person: int
    box_px: NDArray[np.float64]
    whole: bool
    ignored: bool


@dataclass(frozen=True)
class GroundTruth:
    """
    Who is where in a recording.

    :param recording: its name
    :param width: of the pictures in pixels, likewise height
    :param people: what each id stands for, in words
    :param frames: the labels of each labelled frame, by index of the frame
    """

    recording: str
    width: int
    height: int
    people: dict[int, str]
    frames: dict[int, tuple[Label, ...]]


def read_ground_truth(recording: str) -> GroundTruth:
    """
    Return the labels of a recording.

    :param recording: one of recordings.names()
    :raises ValueError: when there are no labels of this name
    """
    path = LABELS / f'{recording}.json'
    if not path.is_file():
        known = ', '.join(sorted(each.stem for each in LABELS.glob('*.json')))
        raise ValueError(f'wanted one of {known}, got {recording!r}')
    data = json.loads(path.read_text(encoding='utf-8'))
    return GroundTruth(
        data['recording'],
        data['width'],
        data['height'],
        {int(person): text for person, text in data['people'].items()},
        {
            frame['frame']: tuple(_label(each) for each in frame['labels'])
            for frame in data['frames']
        },
    )


def _label(data: dict[str, Any]) -> Label:
    return Label(data['id'], np.array(data['box'], float), data['whole'], data['ignored'])
