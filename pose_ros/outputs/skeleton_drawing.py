# SPDX-License-Identifier: Apache-2.0
"""Draws the skeleton of one person into a picture, sized by the person."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.outputs.looks import Looks
from pose_ros.poses.poses import VISIBILITY, X, Y, Z
from pose_ros.poses.skeleton import CONNECTIONS, Landmark, side_of

__all__ = ['draw_skeleton']

MIN_VISIBILITY = 0.5  # a landmark less visible is hidden, with its connections

# Sizes at scale 1, which a person has whose landmarks extend over REFERENCE_PERSON_PX, in a
# picture with REFERENCE_DIAGONAL_PX (640x480). Both limit the scale: a person far away is not
# hidden by the dots, and somebody close to the camera has no dots of the size of a hand.
REFERENCE_PERSON_PX = 320.0
REFERENCE_DIAGONAL_PX = 800.0
# A dot's radius, from landmarks in front of the person's middle to those behind, linear between;
# the depth is in parts of the person's extent.
DOT_DEPTH = (-0.3, 0.2)
DOT_RADIUS_PX = (5.0, 1.5)
MIN_DOT_RADIUS_PX = 1.0
LINE_WIDTH_PX = 2.0
MIN_LABEL_SCALE = 0.6  # of that of the picture: a label is there to be read

EDGE_RGB = (25, 25, 25)  # around lines, dots and text: they stand out from any clothes
TEXT_RGB = (240, 240, 240)

SHIFT = 4  # drawing coordinates have 1 << SHIFT steps a pixel
HEAD = slice(Landmark.NOSE, Landmark.MOUTH_RIGHT + 1)
DOT_SIDES = tuple(side_of(landmark) for landmark in Landmark)
LINE_SIDES = tuple(side_of(*connection) for connection in CONNECTIONS)


def draw_skeleton(
    picture: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    label: str,
    looks: Looks,
) -> None:
    """
    Draw one person's connections, dots and label into the picture.

    :param picture: uint8 (H, W, 3), RGB; is drawn into
    :param landmarks: (33, 5); those outside the picture, hardly visible or not finite are left out
    :param label: stands above the head
    """
    height, width, _ = picture.shape
    xy = landmarks[:, [X, Y]]
    shown = (landmarks[:, VISIBILITY] >= MIN_VISIBILITY) & ((xy >= 0) & (xy <= 1)).all(axis=1)
    if not shown.any():
        return
    size_px = np.array([width, height], np.float64)
    points_px = np.where(shown[:, np.newaxis], xy, 0) * size_px
    extent_px = _extent_px(xy * size_px, size_px)
    picture_scale = float(np.hypot(width, height)) / REFERENCE_DIAGONAL_PX
    scale = min(picture_scale, extent_px / REFERENCE_PERSON_PX)
    depths = np.nan_to_num(landmarks[:, Z], nan=np.inf) * width / extent_px

    points = np.rint(points_px * (1 << SHIFT)).astype(int).tolist()
    _draw_lines(picture, points, shown, scale, looks)
    _draw_dots(picture, points, shown, depths, scale, looks)
    head = points_px[HEAD][shown[HEAD]]
    label_scale = max(scale, MIN_LABEL_SCALE * picture_scale)
    _draw_label(picture, head if len(head) else points_px[shown], label, label_scale)


def _draw_lines(
    picture: NDArray[np.uint8],
    points: list[list[int]],
    shown: NDArray[np.bool_],
    scale: float,
    looks: Looks,
) -> None:
    """Draw the connections between landmarks that are shown: first all edges, then all colours."""
    line_px = max(1, round(LINE_WIDTH_PX * scale))
    edged_px = max(line_px + 1, round(2 * LINE_WIDTH_PX * scale))
    lines = [
        (points[start], points[end], looks.rgb(side))
        for (start, end), side in zip(CONNECTIONS, LINE_SIDES, strict=True)
        if shown[start] and shown[end]
    ]
    for start, end, _ in lines:
        cv2.line(picture, start, end, EDGE_RGB, edged_px, cv2.LINE_AA, SHIFT)
    for start, end, rgb in lines:
        cv2.line(picture, start, end, rgb, line_px, cv2.LINE_AA, SHIFT)


def _draw_dots(
    picture: NDArray[np.uint8],
    points: list[list[int]],
    shown: NDArray[np.bool_],
    depths: NDArray[np.float32],
    scale: float,
    looks: Looks,
) -> None:
    """Draw the landmarks that are shown, larger towards the camera."""
    radii_px = np.maximum(np.interp(depths, DOT_DEPTH, DOT_RADIUS_PX) * scale, MIN_DOT_RADIUS_PX)
    edge_px = max(0.5, scale)
    for i in np.flatnonzero(shown):
        rgb = looks.rgb(DOT_SIDES[i])
        for radius_px, color in ((radii_px[i] + edge_px, EDGE_RGB), (radii_px[i], rgb)):
            radius = round(radius_px * (1 << SHIFT))
            cv2.circle(picture, points[i], radius, color, cv2.FILLED, cv2.LINE_AA, SHIFT)


def _extent_px(points_px: NDArray[np.float64], size_px: NDArray[np.float64]) -> float:
    """
    Return the diagonal of the box around all of a person's landmarks, also those not in view.

    :param points_px: (33, 2)
    :param size_px: of the picture; what is a picture's size outside of it is not believed
    """
    near = ((points_px >= -size_px) & (points_px <= 2 * size_px)).all(axis=1)
    return max(1.0, float(np.hypot(*np.ptp(points_px[near], axis=0))))


def _draw_label(
    picture: NDArray[np.uint8],
    below_px: NDArray[np.float64],
    label: str,
    scale: float,
) -> None:
    """Write the label above the given points (n, 2), and inside the picture."""
    height, width, _ = picture.shape
    font, size, thickness = cv2.FONT_HERSHEY_SIMPLEX, 0.7 * scale, max(1, round(2 * scale))
    edge_px = max(1, round(scale))
    (text_width, text_height), _ = cv2.getTextSize(label, font, size, thickness)
    margin = thickness + 2 * edge_px
    # The highest landmarks are the eyes: leave a head's height above them.
    head_px = max(10 * scale, float(np.hypot(*np.ptp(below_px, axis=0))))
    x = below_px[:, 0].mean() - text_width / 2
    y = below_px[:, 1].min() - head_px - margin
    corner = (
        round(max(margin, min(x, width - text_width - margin))),
        round(max(text_height + margin, min(y, height - margin))),
    )
    for color, width_px in ((EDGE_RGB, thickness + 2 * edge_px), (TEXT_RGB, thickness)):
        cv2.putText(picture, label, corner, font, size, color, width_px, cv2.LINE_AA)
