# SPDX-License-Identifier: Apache-2.0
"""What is remembered of a person while somebody else is in front of her."""

import numpy as np
import pytest

from pose_ros.detection.appearance import Color, looks_like_other
from pose_ros.detection.followed import Followed
from pose_ros.detection.sight import Sight
from pose_ros.detection.windows import Window

# Of the trunks of two people whom a camera filmed side by side: a grey shirt, and skin.
SHIRT: Color = np.array((150, 147, 143), np.float32)
SKIN: Color = np.array((180, 153, 115), np.float32)
FRAME_MS = 33


def person_at(x_px: float) -> Sight:
    """Return somebody 200 pixels high, whose landmarks lie on a line."""
    landmarks = np.ones((33, 5), np.float32)
    landmarks[:, 0], landmarks[:, 1] = x_px, np.linspace(100, 300, 33)
    return Sight(landmarks, np.zeros((33, 5), np.float32), Window(0, 0, 640, 480))


def test_two_people_in_one_light_are_told_apart_by_their_trunks() -> None:
    assert looks_like_other(SKIN, SHIRT, SKIN)
    assert not looks_like_other(SHIRT, SHIRT, SKIN)
    assert not looks_like_other(SHIRT + 8, SHIRT, SHIRT + 12), 'a shadow is nobody else'


def test_a_moment_behind_somebody_else_does_not_change_her_colour() -> None:
    person = Followed(person_at(100), SHIRT, 0)
    for frame in range(1, 6):
        person.see(person_at(100), SKIN, frame * FRAME_MS)
    assert looks_like_other(SKIN, person.color, SKIN)


@pytest.mark.parametrize('rate_hz', [10, 30, 60])
def test_her_colour_follows_the_light_at_any_rate_in_a_second(rate_hz: int) -> None:
    person = Followed(person_at(100), SHIRT, 0)
    for frame in range(1, rate_hz + 1):
        person.see(person_at(100), SHIRT - 60, round(frame * 1000 / rate_hz))
    assert np.linalg.norm(person.color - (SHIRT - 60)) < 0.15 * np.linalg.norm(SHIRT - 60 - SHIRT)


def test_what_was_somebody_else_leaves_nothing_behind() -> None:
    person = Followed(person_at(100), SHIRT, 0)
    person.looked_ms = FRAME_MS
    person.see(person_at(140), SKIN, FRAME_MS)
    person.miss()
    np.testing.assert_array_equal(person.color, SHIRT)
    np.testing.assert_array_equal(person.sight.hips_px, person_at(100).hips_px)
    assert person.seen_ms == 0
