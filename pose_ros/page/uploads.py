# SPDX-License-Identifier: Apache-2.0
"""Decodes pictures that visitors send, after their header was seen to be of an acceptable size."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.images.picture_size import picture_size

__all__ = ['MOST_PIXELS', 'decode_upload']

MOST_PIXELS = 100_000_000  # cameras' pictures have 12 to 50 million
WEBP = slice(0, 4), slice(8, 12)  # RIFF and WEBP stand there


def decode_upload(data: bytes) -> NDArray[np.uint8] | None:
    """
    Return the picture in a file, turned as the file says.

    :returns: rgb, uint8 (H, W, 3); None when it is too large, or no JPEG, PNG, WebP, TIFF or BMP
    """
    if not _is_acceptable(data):
        return None
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # also when it has more pixels than OpenCV was told to take
        return None
    return None if bgr is None else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _is_acceptable(data: bytes) -> bool:
    """Say whether OpenCV may see it: a header of some bytes can promise gigabytes."""
    if tuple(data[part] for part in WEBP) == (b'RIFF', b'WEBP'):
        return True  # at most 16383 pixels a side, and OpenCV holds it to MOST_PIXELS
    size = picture_size(data)
    return size is not None and 0 < size[0] * size[1] <= MOST_PIXELS
