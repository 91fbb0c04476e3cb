# SPDX-License-Identifier: Apache-2.0
"""Declares how people look in the markers and in the overlay; each field is a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache

from pose_ros.poses.skeleton import Side
from pose_ros.rclpy_tools.parameter_declaration import check, parameter

__all__ = ['Looks', 'OverlayMask']

COLOR = '#[0-9a-fA-F]{6}'  # a regular expression


class OverlayMask(Enum):
    """What is done with the masks: nothing, tint people, or replace everything but people."""

    NONE = 'none'
    TINT = 'tint'
    BACKGROUND = 'background'


@dataclass(frozen=True)
class Looks:
    """
    How people look in the markers and in the overlay.

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
    marker_distance: float = parameter(
        2.0,
        'Metres in front of the camera at which the markers of a person stand whose position '
        'is unknown.',
        within=(0.1, 100.0),
    )
    marker_min_visibility: float = parameter(
        0.5,
        'Landmarks with a lower visibility, and their bones, are not shown in the markers.',
        within=(0.0, 1.0),
    )
    marker_landmark_diameter: float = parameter(
        0.03, 'Metres, of the sphere at each landmark.', within=(0.001, 1.0)
    )
    marker_bone_width: float = parameter(
        0.015, 'Metres, of the line between two landmarks.', within=(0.001, 1.0)
    )
    marker_lifetime: float = parameter(
        0.5,
        'Seconds after which RViz removes a marker that is not renewed; more where images come '
        'so seldom that the markers would blink.',
        within=(0.001, 86400.0),  # RViz takes less than 0.1 ms for "for ever"
    )
    overlay_mask: str = parameter(
        'none',
        'What ~/overlay does with the masks: none, tint the people, or replace the '
        'background. tint and background need output_segmentation_masks.',
        choices=(mask.value for mask in OverlayMask),
    )
    overlay_background: str = parameter(
        '#00b140', 'The colour that replaces the background, as #rrggbb.', pattern=COLOR
    )

    def __post_init__(self) -> None:
        """Check every value."""
        check(self)

    def rgb(self, side: Side) -> tuple[int, int, int]:
        """Return the colour of what is on a side of the body, 0-255."""
        return _rgb(getattr(self, f'color_{side.value}'))

    @property
    def background_rgb(self) -> tuple[int, int, int]:
        """The colour that replaces the background, 0-255."""
        return _rgb(self.overlay_background)


@cache
def _rgb(color: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(color[1:])
    return red, green, blue
