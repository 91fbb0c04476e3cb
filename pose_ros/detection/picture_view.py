# SPDX-License-Identifier: Apache-2.0
"""Shows a part of a picture upright, and takes what is found there back into the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.search_options import WHOLE, Part, SearchOptions
from pose_ros.poses.poses import Poses, X, Y, Z

__all__ = ['PictureView']

TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
# Axes of what is upright in those of the picture: x and y of a point (u, v) are each a number
# plus a factor times u or v. MediaPipe's own option to turn pictures loses people: see
# docs/search.md.
BACK = {
    0: ((X, 0, 1), (Y, 0, 1)),
    90: ((Y, 0, 1), (X, 1, -1)),
    180: ((X, 1, -1), (Y, 1, -1)),
    270: ((Y, 1, -1), (X, 0, 1)),
}


@dataclass(frozen=True)
class PictureView:
    """
    What is looked at of every picture.

    :param part: of the picture
    :param rotation: degrees by which it is turned clockwise, 0, 90, 180 or 270
    """

    part: Part = WHOLE
    rotation: int = 0

    @classmethod
    def of(cls, search: SearchOptions) -> PictureView:
        """Return what is looked at with these options."""
        return cls(search.region_of_interest, search.image_rotation)

    def shown(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """
        Return what is looked at of a picture: itself, or a copy.

        :param rgb: uint8 (H, W, 3), C-contiguous
        """
        if self._is_all:
            return rgb
        left, top, right, bottom = self._edges(*rgb.shape[:2])
        part = rgb[top:bottom, left:right]
        if self.rotation:
            part = cv2.rotate(part, TURNS[self.rotation])
        return np.ascontiguousarray(part)

    def boxes_in_view(
        self, boxes_px: NDArray[np.float64], width: int, height: int
    ) -> NDArray[np.float64]:
        """
        Return boxes of the picture in the coordinates of what is looked at.

        :param boxes_px: float64 (N, 4): left, top, right, bottom
        :param width: of the picture in pixels
        :param height: of the picture in pixels
        """
        edges = self._edges(height, width)
        x0, y0, x1, y1 = (boxes_px - np.tile(edges[:2], 2)).T
        across, down = edges[2] - edges[0], edges[3] - edges[1]
        turned = {
            0: (x0, y0, x1, y1),
            90: (down - y1, x0, down - y0, x1),
            180: (across - x1, down - y1, across - x0, down - y0),
            270: (y0, across - x1, y1, across - x0),
        }
        return np.stack(turned[self.rotation], axis=1)

    def in_picture(self, poses: Poses, width: int, height: int) -> Poses:
        """
        Return people who were found in what is looked at, in the picture's coordinates.

        :param width: of the picture in pixels
        :param height: of the picture in pixels
        """
        if self._is_all or not len(poses):
            return poses
        left, top, right, bottom = self._edges(height, width)
        size = right - left, bottom - top
        upright_width = size[self.rotation in (90, 270)]
        found, landmarks = poses.landmarks, poses.landmarks.copy()
        world = poses.world_landmarks.copy()
        for axis, (source, offset, sign) in zip((X, Y), BACK[self.rotation], strict=True):
            landmarks[:, :, axis] = offset + sign * found[:, :, source]
            world[:, :, axis] = sign * poses.world_landmarks[:, :, source]
        landmarks[:, :, X] = (left + landmarks[:, :, X] * size[0]) / width
        landmarks[:, :, Y] = (top + landmarks[:, :, Y] * size[1]) / height
        landmarks[:, :, Z] *= upright_width / width
        masks = []
        for mask in poses.masks:
            turned = cv2.rotate(mask, TURNS[360 - self.rotation]) if self.rotation else mask
            masks.append(np.zeros((height, width), np.float32))
            masks[-1][top:bottom, left:right] = turned
        return replace(poses, landmarks=landmarks, world_landmarks=world, masks=tuple(masks))

    @property
    def _is_all(self) -> bool:
        """Whether what is looked at is the picture as it comes."""
        return self.part == WHOLE and not self.rotation

    def _edges(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom in pixels, at least one pixel apart."""
        left = min(round(self.part.x * width), width - 1)
        top = min(round(self.part.y * height), height - 1)
        right = max(min(round((self.part.x + self.part.width) * width), width), left + 1)
        bottom = max(min(round((self.part.y + self.part.height) * height), height), top + 1)
        return left, top, right, bottom
