# SPDX-License-Identifier: Apache-2.0
"""Colours are read as they are written, and can be told apart."""

from pose_ros.outputs.looks import Looks, rgb_of
from pose_ros.poses.skeleton import Side


def test_colors_are_read_as_red_green_blue() -> None:
    assert rgb_of('#ff8000') == (255, 128, 0)
    assert Looks(color_left='#0A141e').rgb(Side.LEFT) == (10, 20, 30)


def test_the_sides_are_told_apart() -> None:
    assert len({Looks().rgb(side) for side in Side}) == len(Side)
