# SPDX-License-Identifier: Apache-2.0
"""Draws the skeletons of people over the picture in which they were found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.outputs.looks import COLOR, Looks, rgb_of
from pose_ros.outputs.masks import MASK_THRESHOLD
from pose_ros.outputs.skeleton_drawing import draw_skeleton
from pose_ros.poses.poses import UNTRACKED, Poses
from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['OverlayLooks', 'OverlayMask', 'draw']

TINT_OPACITY = 0.35
TINTS_RGB = (
    (0, 200, 120),
    (204, 121, 167),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (160, 100, 255),
)


class OverlayMask(Enum):
    """What is done with the masks: nothing, tint people, or replace everything but people."""

    NONE = 'none'
    TINT = 'tint'
    BACKGROUND = 'background'


@dataclass(frozen=True)
class OverlayLooks(Looks):
    """How people look in the overlay; each field is a parameter."""

    overlay_mask: str = parameter(
        'none',
        'What ~/overlay does with the masks: none, tint the people, or replace the '
        'background. tint and background need output_segmentation_masks.',
        choices=(mask.value for mask in OverlayMask),
    )
    overlay_background: str = parameter(
        '#00b140', 'The colour that replaces the background, as #rrggbb.', pattern=COLOR
    )

    @property
    def background_rgb(self) -> tuple[int, int, int]:
        """The colour that replaces the background, 0-255."""
        return rgb_of(self.overlay_background)

    @property
    def overlay_uses_masks(self) -> bool:
        """Whether it shows segmentation masks."""
        return self.overlay_mask != OverlayMask.NONE.value


def draw(rgb: NDArray[np.uint8], result: Poses, looks: OverlayLooks) -> NDArray[np.uint8]:
    """
    Return a copy of the picture with each person's mask, connections, landmarks and id.

    The id is the track id, or the index in the result of a person who is not tracked. Lines and
    dots are sized by the person: somebody far away is not hidden by them. Landmarks outside the
    picture or not finite are hidden.
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
    picture = _draw_masks(rgb, result, ids, looks)
    for landmarks, person_id in zip(result.landmarks, ids, strict=True):
        draw_skeleton(picture, landmarks, str(person_id), looks)
    return picture


def _draw_masks(
    rgb: NDArray[np.uint8],
    result: Poses,
    ids: list[int],
    looks: OverlayLooks,
) -> NDArray[np.uint8]:
    """Return a copy of the picture with people tinted or everything else replaced."""
    if not looks.overlay_uses_masks or len(result.masks) != len(result):
        return np.array(rgb, order='C')
    people = [cv2.compare(mask, MASK_THRESHOLD, cv2.CMP_GT) for mask in result.masks]
    if looks.overlay_mask == OverlayMask.BACKGROUND.value:
        picture = np.empty(rgb.shape, np.uint8)
        picture[:] = looks.background_rgb
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
