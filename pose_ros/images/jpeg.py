# SPDX-License-Identifier: Apache-2.0
"""Encodes an RGB picture as a JPEG in a `CompressedImage`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import Header

__all__ = ['jpeg', 'jpeg_message']

JPEG_QUALITY = 95  # image_transport's default
JPEG_MAX_PX = 65500  # libjpeg's limit


def jpeg(rgb: NDArray[np.uint8], quality: int = JPEG_QUALITY) -> NDArray[np.uint8]:
    """
    Return the picture as a JPEG.

    :param rgb: uint8 (H, W, 3)
    :param quality: 1-100
    :returns: uint8 (bytes,)
    :raises ValueError: when the picture is empty or too large for a JPEG
    """
    height, width, _ = rgb.shape
    if not 1 <= min(height, width) <= max(height, width) <= JPEG_MAX_PX:
        raise ValueError(f'wanted 1 to {JPEG_MAX_PX} pixels a side, got {width}x{height}')
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]


def jpeg_message(rgb: NDArray[np.uint8], header: Header) -> CompressedImage:
    """
    Return the picture as a JPEG, in the format that image_transport names for rgb8 images.

    :param rgb: uint8 (H, W, 3)
    :param header: goes into the message as it is
    :raises ValueError: when the picture is empty or too large for a JPEG
    """
    message = CompressedImage(header=header, format='rgb8; jpeg compressed bgr8')
    message.data.frombytes(jpeg(rgb))
    return message
