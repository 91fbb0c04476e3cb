# SPDX-License-Identifier: Apache-2.0
"""
Holds a frame in MediaPipe's memory, wide enough for its masks to be handed over.

MediaPipe aligns the rows of a mask to 16 bytes, and ends the process when it copies rows with
gaps (0.10.33: "image_frame.cc: Check failed: 1 == ChannelSize()"): a mask of float32 must be a
multiple of four pixels wide. So up to three columns are added to a frame, and taken back from what
was found in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.mediapipe_package import Image
from pose_ros.poses.poses import Poses, X, Z

__all__ = ['Picture', 'Widening', 'widened']

MASK_WIDTH_PX = 4  # 16 bytes of float32


@dataclass(frozen=True)
class Widening:
    """
    How a frame was widened.

    :param width: of the frame in pixels
    :param columns: so many were added
    """

    width: int
    columns: int = 0

    def undone(self, poses: Poses) -> Poses:
        """Return what was found in the wider picture for the frame as it was."""
        if not self.columns:
            return poses
        landmarks = poses.landmarks.copy()
        # Fractions of the width; z is on the scale of x.
        landmarks[:, :, (X, Z)] *= np.float32((self.width + self.columns) / self.width)
        masks = tuple(np.ascontiguousarray(mask[:, : self.width]) for mask in poses.masks)
        return replace(poses, landmarks=landmarks, masks=masks)


@dataclass(frozen=True)
class Picture:
    """A frame in MediaPipe's memory, perhaps widened."""

    image: Image
    widening: Widening


def widened(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    Return a frame wide enough for masks; its last column is repeated where columns lack.

    :param rgb: uint8 (H, W, 3), C-contiguous
    :returns: the same, or a wider copy
    """
    columns = -rgb.shape[1] % MASK_WIDTH_PX
    return np.pad(rgb, ((0, 0), (0, columns), (0, 0)), mode='edge') if columns else rgb
