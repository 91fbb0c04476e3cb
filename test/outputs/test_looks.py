# SPDX-License-Identifier: Apache-2.0
"""Looks are checked in words, and colours can be told apart."""

from typing import Any

import pytest

from pose_ros.outputs.looks import Looks
from pose_ros.poses.skeleton import Side


@pytest.mark.parametrize(
    'wrong',
    [
        {'color_left': 'red'},
        {'color_right': '#12345'},
        {'color_center': '#1234567'},
        {'overlay_background': '00b140'},
        {'overlay_mask': 'all'},
        {'marker_lifetime': 0.0},
        {'marker_distance': float('nan')},
        {'marker_bone_width': float('inf')},
    ],
    ids=str,
)
def test_values_that_cannot_be_shown_are_refused_in_words(wrong: dict[str, Any]) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError) as caught:
        Looks(**wrong)
    assert f'{name}: wanted ' in str(caught.value)
    assert str(value) in str(caught.value)


def test_colors_are_read_as_red_green_blue() -> None:
    looks = Looks(color_left='#0A141e', overlay_background='#ff8000')
    assert looks.rgb(Side.LEFT) == (10, 20, 30)
    assert looks.background_rgb == (255, 128, 0)


def test_the_sides_are_told_apart() -> None:
    assert len({Looks().rgb(side) for side in Side}) == len(Side)
