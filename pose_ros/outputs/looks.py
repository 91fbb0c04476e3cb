# SPDX-License-Identifier: Apache-2.0
"""Declares the colours of people in all that shows them; each field is a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pose_ros.poses.skeleton import Side
from pose_ros.rclpy_tools.parameter_declaration import check, parameter

__all__ = ['COLOR', 'Looks', 'rgb_of']

COLOR = '#[0-9a-fA-F]{6}'  # a regular expression


@dataclass(frozen=True)
class Looks:
    """
    The colours of people; what else there is to choose stands beside what draws it.

    :raises ValueError: when a value has the wrong type or is out of range
    """

    # Okabe and Ito's orange and sky blue: told apart also without seeing red from green.
    color_left: str = parameter(
        '#e69f00',
        'Colour of the left side of the body in markers and overlay, as #rrggbb.',
        pattern=COLOR,
    )
    color_right: str = parameter(
        '#56b4e9',
        'Colour of the right side of the body in markers and overlay, as #rrggbb.',
        pattern=COLOR,
    )
    color_center: str = parameter(
        '#f0f0f0',
        'Colour of what is on neither side in markers and overlay, as #rrggbb: the nose, and the '
        'lines from left to right.',
        pattern=COLOR,
    )

    def __post_init__(self) -> None:
        """Check every value."""
        check(self)

    def rgb(self, side: Side) -> tuple[int, int, int]:
        """Return the colour of what is on a side of the body, 0-255."""
        return rgb_of(getattr(self, f'color_{side.value}'))


@cache
def rgb_of(color: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0-255, of a colour that is written as #rrggbb."""
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue
