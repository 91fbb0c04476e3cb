# SPDX-License-Identifier: Apache-2.0
"""
Stands in for the package foxglove_msgs where it is not installed: a bag can have its messages.

The definitions are those fields of Foxglove's schemas that all releases of foxglove_msgs have.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from builtin_interfaces.msg import Time

__all__ = [
    'DEFINITIONS',
    'CircleAnnotation',
    'Color',
    'ImageAnnotations',
    'Point2',
    'PointsAnnotation',
    'TextAnnotation',
]

DEFINITIONS = {
    'foxglove_msgs/msg/Point2': 'float64 x\nfloat64 y\n',
    'foxglove_msgs/msg/Color': '# Each in [0, 1]\nfloat64 r\nfloat64 g\nfloat64 b\nfloat64 a\n',
    'foxglove_msgs/msg/CircleAnnotation': """builtin_interfaces/Time timestamp
foxglove_msgs/Point2 position
float64 diameter  # pixels
float64 thickness  # pixels
foxglove_msgs/Color fill_color
foxglove_msgs/Color outline_color
""",
    'foxglove_msgs/msg/PointsAnnotation': """builtin_interfaces/Time timestamp
uint8 UNKNOWN=0
uint8 POINTS=1
uint8 LINE_LOOP=2
uint8 LINE_STRIP=3
uint8 LINE_LIST=4
uint8 type
foxglove_msgs/Point2[] points  # pixels, from the top left corner of the top left pixel
foxglove_msgs/Color outline_color
foxglove_msgs/Color[] outline_colors
foxglove_msgs/Color fill_color
float64 thickness  # pixels
""",
    'foxglove_msgs/msg/TextAnnotation': """builtin_interfaces/Time timestamp
foxglove_msgs/Point2 position  # bottom left of the text, in pixels
string text
float64 font_size  # pixels
foxglove_msgs/Color text_color
foxglove_msgs/Color background_color
""",
    'foxglove_msgs/msg/ImageAnnotations': """foxglove_msgs/CircleAnnotation[] circles
foxglove_msgs/PointsAnnotation[] points
foxglove_msgs/TextAnnotation[] texts
""",
}


@dataclass
class Point2:
    """A point of an image, in pixels."""

    x: float = 0.0
    y: float = 0.0


@dataclass
class Color:
    """A colour, each part in [0, 1]."""

    r: float = 0.0
    g: float = 0.0
    b: float = 0.0
    a: float = 0.0


@dataclass
class CircleAnnotation:
    """A circle."""

    timestamp: Time = field(default_factory=Time)
    position: Point2 = field(default_factory=Point2)
    diameter: float = 0.0
    thickness: float = 0.0
    fill_color: Color = field(default_factory=Color)
    outline_color: Color = field(default_factory=Color)


@dataclass
class PointsAnnotation:
    """Points, or lines between them."""

    timestamp: Time = field(default_factory=Time)
    type: int = 0
    points: list[Point2] = field(default_factory=list)
    outline_color: Color = field(default_factory=Color)
    outline_colors: list[Color] = field(default_factory=list)
    fill_color: Color = field(default_factory=Color)
    thickness: float = 0.0


@dataclass
class TextAnnotation:
    """A text."""

    timestamp: Time = field(default_factory=Time)
    position: Point2 = field(default_factory=Point2)
    text: str = ''
    font_size: float = 0.0
    text_color: Color = field(default_factory=Color)
    background_color: Color = field(default_factory=Color)


@dataclass
class ImageAnnotations:
    """All that is laid over an image."""

    circles: list[CircleAnnotation] = field(default_factory=list)
    points: list[PointsAnnotation] = field(default_factory=list)
    texts: list[TextAnnotation] = field(default_factory=list)
