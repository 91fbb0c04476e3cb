# SPDX-License-Identifier: Apache-2.0
"""A picture and the people found in it in, a copy with their skeletons drawn over it out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.outputs.masks import MASK_THRESHOLD
from pose_ros.poses.poses import UNTRACKED, VISIBILITY, Poses, X, Y, Z
from pose_ros.poses.skeleton import COLORS_RGB, CONNECTIONS, Landmark, side_of

__all__ = ['OverlayMask', 'OverlayStyle', 'draw']

# A dot's radius at a landmark's z, linear between, as in the landmarker's own demo; at 640x480.
DOT_Z = (-0.15, 0.1)
DOT_RADIUS_PX = (5.0, 1.0)
LINE_WIDTH_PX = 2.0
REFERENCE_DIAGONAL_PX = 800.0

TINT_OPACITY = 0.35
TINTS_RGB = (
    (0, 200, 120),
    (204, 121, 167),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (160, 100, 255),
)
EDGE_RGB = (25, 25, 25)  # around lines, dots and text: they stand out from any clothes
TEXT_RGB = (240, 240, 240)

SHIFT = 4  # drawing coordinates have 1 << SHIFT steps a pixel
HEAD = slice(Landmark.NOSE, Landmark.MOUTH_RIGHT + 1)
DOT_COLORS = tuple(COLORS_RGB[side_of(landmark)] for landmark in Landmark)
LINE_COLORS = tuple(COLORS_RGB[side_of(*connection)] for connection in CONNECTIONS)


class OverlayMask(Enum):
    """What is done with the masks: nothing, tint people, or replace everything but people."""

    NONE = 'none'
    TINT = 'tint'
    BACKGROUND = 'background'


@dataclass(frozen=True)
class OverlayStyle:
    """
    How an overlay looks.

    :param mask: what is done with the masks
    :param background_rgb: 0-255, what replaces everything but people
    :param min_visibility: in [0, 1]; a landmark less visible is hidden, with its connections
    """

    mask: OverlayMask = OverlayMask.NONE
    background_rgb: tuple[int, int, int] = (0, 177, 64)
    min_visibility: float = 0.5


def draw(rgb: NDArray[np.uint8], result: Poses, style: OverlayStyle) -> NDArray[np.uint8]:
    """
    Return a copy of the picture with each person's mask, connections, landmarks and id.

    The id is the track id, or the index in the result of a person who is not tracked. Lines and
    dots grow with the picture's diagonal. Landmarks outside the picture or not finite are hidden.
    When people come without masks, they are neither tinted nor cut out.

    :param rgb: uint8 (H, W, 3), left as it is
    :param result: what was found in this picture
    :returns: uint8 (H, W, 3)
    :raises ValueError: when the picture is not uint8 (H, W, 3), or a mask has another size
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f'wanted a picture uint8 (H, W, 3), got {rgb.dtype} {rgb.shape}')
    for mask in result.masks:
        if mask.shape != rgb.shape[:2]:
            raise ValueError(f'wanted masks of shape {rgb.shape[:2]}, got {mask.shape}')
    ids = [
        index if track == UNTRACKED else int(track) for index, track in enumerate(result.track_ids)
    ]
    picture = _draw_masks(rgb, result, ids, style)
    for landmarks, person_id in zip(result.landmarks, ids, strict=True):
        _draw_person(picture, landmarks, str(person_id), style.min_visibility)
    return picture


def _draw_masks(
    rgb: NDArray[np.uint8],
    result: Poses,
    ids: list[int],
    style: OverlayStyle,
) -> NDArray[np.uint8]:
    """Return a copy of the picture with people tinted or everything else replaced."""
    if style.mask is OverlayMask.NONE or len(result.masks) != len(result):
        return np.array(rgb, order='C')
    people = [cv2.compare(mask, MASK_THRESHOLD, cv2.CMP_GT) for mask in result.masks]
    if style.mask is OverlayMask.BACKGROUND:
        picture = np.empty(rgb.shape, np.uint8)
        picture[:] = style.background_rgb
        for person in people:
            cv2.copyTo(rgb, person, picture)
        return picture
    picture = np.array(rgb, order='C')
    for person, person_id in zip(people, ids, strict=True):
        cv2.copyTo(cv2.LUT(picture, _tint(person_id)), person, picture)
    return picture


def _tint(person_id: int) -> NDArray[np.uint8]:
    """Return the table (1, 256, 3) that blends each channel's values with a person's colour."""
    color = np.array(TINTS_RGB[person_id % len(TINTS_RGB)])
    values = np.arange(256)[np.newaxis, :, np.newaxis]
    return np.rint(values * (1 - TINT_OPACITY) + color * TINT_OPACITY).astype(np.uint8)


def _draw_person(
    picture: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    label: str,
    min_visibility: float,
) -> None:
    """Draw one person's connections, dots and label into the picture."""
    height, width, _ = picture.shape
    scale = float(np.hypot(width, height)) / REFERENCE_DIAGONAL_PX
    xy = landmarks[:, [X, Y]]
    shown = (landmarks[:, VISIBILITY] >= min_visibility) & ((xy >= 0) & (xy <= 1)).all(axis=1)
    if not shown.any():
        return
    points_px = np.where(shown[:, np.newaxis], xy, 0) * np.array([width, height], np.float64)
    z = np.nan_to_num(landmarks[:, Z], nan=DOT_Z[1])
    radii_px = np.interp(z, DOT_Z, DOT_RADIUS_PX) * scale
    edge_px, line_px = max(1, round(scale)), max(1, round(LINE_WIDTH_PX * scale))

    points = np.rint(points_px * (1 << SHIFT)).astype(int).tolist()
    lines = [
        (points[start], points[end], color)
        for (start, end), color in zip(CONNECTIONS, LINE_COLORS, strict=True)
        if shown[start] and shown[end]
    ]
    for start, end, _ in lines:
        cv2.line(picture, start, end, EDGE_RGB, line_px + 2 * edge_px, cv2.LINE_AA, SHIFT)
    for start, end, color in lines:
        cv2.line(picture, start, end, color, line_px, cv2.LINE_AA, SHIFT)
    for i in np.flatnonzero(shown):
        for radius_px, color in ((radii_px[i] + edge_px, EDGE_RGB), (radii_px[i], DOT_COLORS[i])):
            radius = max(1, round(radius_px * (1 << SHIFT)))
            cv2.circle(picture, points[i], radius, color, cv2.FILLED, cv2.LINE_AA, SHIFT)
    head = shown[HEAD]
    _draw_label(picture, points_px[HEAD][head] if head.any() else points_px[shown], label, scale)


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
