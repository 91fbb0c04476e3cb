# SPDX-License-Identifier: Apache-2.0
"""Tests that the people of a crowd are where its labels say, as small as wanted."""

from __future__ import annotations

from itertools import islice

import cv2
import numpy as np
import pytest

from simulation.crowds import CROWD_HEIGHTS_PX, HEIGHT, WIDTH, crowd
from simulation.labelled_videos import labelled_recording


@pytest.mark.parametrize('tallest_px', CROWD_HEIGHTS_PX)
def test_six_people_as_tall_as_wanted(tallest_px: float) -> None:
    truth = crowd(tallest_px).truth
    assert (truth.width, truth.height) == (WIDTH, HEIGHT)
    heights = [
        label.box_px[3]
        for labels in truth.frames.values()
        for label in labels
        if not label.ignored
    ]
    assert 58 <= min(heights) <= max(heights) <= 1.05 * tallest_px
    counts = [sum(not label.ignored for label in labels) for labels in truth.frames.values()]
    assert max(counts) == 6
    assert list(truth.frames) == list(range(0, 170, 10))


def test_a_label_lies_on_its_person() -> None:
    video = crowd(150)
    frame = 10
    rgb = next(islice(video.read(), frame, None))
    there = next(islice(labelled_recording('multi_cam4').read(), 2 * frame, None))
    old = {label.person: label for label in labelled_recording('multi_cam4').truth.frames[20]}
    new = {label.person: label for label in video.truth.frames[frame]}
    for person in (1, 2):
        left, top, width, height = new[200 + person].box_px.round().astype(int)
        x, y, wide, high = old[person].box_px.astype(int)
        shown = rgb[top : top + height, left : left + width]
        wanted = cv2.resize(
            there[y : y + high, x : x + wide], (width, height), interpolation=cv2.INTER_AREA
        )
        assert np.abs(shown.astype(float) - wanted).mean() < 15


def test_too_large_a_crowd_is_refused() -> None:
    with pytest.raises(ValueError, match='room'):
        crowd(300)
