# SPDX-License-Identifier: Apache-2.0
"""
Draws skeletons as `foxglove_msgs/ImageAnnotations`, which viewers lay over the image themselves.

A message is two kilobytes a person, where an overlay is a whole image.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros.outputs.looks import Looks
from pose_ros.poses.poses import UNTRACKED, VISIBILITY, Poses, X, Y
from pose_ros.poses.skeleton import CONNECTIONS, Landmark, Side, side_of

__all__ = ['image_annotations', 'import_foxglove_messages']

POINTS, LINE_LIST = 1, 4  # of PointsAnnotation
MIN_VISIBILITY = 0.5  # a landmark less visible is hidden, with its connections, as in the overlay
LINE_WIDTH_PX, DOT_WIDTH_PX, FONT_PX = 2.0, 5.0, 14.0


def import_foxglove_messages() -> Any:
    """Return the module `foxglove_msgs.msg`; None when the package is not installed."""
    try:
        return import_module('foxglove_msgs.msg')
    except ImportError:
        return None


def image_annotations(
    types: Any, result: Poses, header: Header, width: int, height: int, looks: Looks
) -> Any:
    """
    Return the skeletons of all people in pixels of the image.

    :param types: has the classes ImageAnnotations, PointsAnnotation, TextAnnotation, Point2 and
        Color: foxglove_msgs.msg, or what is built alike
    :param header: of the image
    :param width: of the image in pixels
    :param height: of the image in pixels
    """
    colors = {side: _color(types, getattr(looks, f'color_{side.name.lower()}')) for side in Side}
    points: list[Any] = []
    texts: list[Any] = []
    for index, (landmarks, track_id) in enumerate(
        zip(result.landmarks, result.track_ids.tolist(), strict=True)
    ):
        points_px = landmarks[:, [X, Y]].astype(np.float64) * (width, height)
        shown = (landmarks[:, VISIBILITY] >= MIN_VISIBILITY) & np.isfinite(points_px).all(axis=1)
        for side, kind, thickness, chosen in _strokes(points_px, shown):
            points.append(
                types.PointsAnnotation(
                    timestamp=header.stamp,
                    type=kind,
                    points=[types.Point2(x=x, y=y) for x, y in chosen],
                    outline_color=colors[side],
                    fill_color=colors[side],
                    thickness=thickness,
                )
            )
        if shown.any():
            name = str(index if track_id == UNTRACKED else track_id)
            texts.append(_label(types, name, points_px[shown].min(axis=0).tolist(), header))
    return types.ImageAnnotations(points=points, texts=texts)


def _strokes(
    points_px: NDArray[np.float64], shown: NDArray[np.bool_]
) -> Iterator[tuple[Side, int, float, list[list[float]]]]:
    """Yield side, type, thickness and points of what is drawn in one colour."""
    for side in Side:
        lines = [
            points_px[end].tolist()
            for connection in CONNECTIONS
            if side_of(*connection) is side and shown[list(connection)].all()
            for end in connection
        ]
        dots = [
            points_px[each].tolist() for each in Landmark if side_of(each) is side and shown[each]
        ]
        if lines:
            yield side, LINE_LIST, LINE_WIDTH_PX, lines
        if dots:
            yield side, POINTS, DOT_WIDTH_PX, dots


def _label(types: Any, name: str, corner_px: list[float], header: Header) -> Any:
    return types.TextAnnotation(
        timestamp=header.stamp,
        position=types.Point2(x=corner_px[0], y=corner_px[1]),
        text=name,
        font_size=FONT_PX,
        text_color=types.Color(r=1.0, g=1.0, b=1.0, a=1.0),
        background_color=types.Color(r=0.0, g=0.0, b=0.0, a=0.6),
    )


def _color(types: Any, text: str) -> Any:
    red, green, blue = bytes.fromhex(text.removeprefix('#'))
    return types.Color(r=red / 255, g=green / 255, b=blue / 255, a=1.0)
