"""An rgb picture and a header in, an `Image` or JPEG `CompressedImage` message out."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

__all__ = ['image_message', 'jpeg_message']

JPEG_QUALITY = 95  # image_transport's default


def image_message(rgb: NDArray[np.uint8], header: Header) -> Image:
    """
    Return the picture as an image message with encoding rgb8 and rows without padding.

    :param rgb: uint8 (H, W, 3)
    :param header: goes into the message as it is
    """
    height, width, _ = rgb.shape
    data = array('B')  # the setter takes this as it is, and checks anything else byte by byte
    data.frombytes(np.ascontiguousarray(rgb))  # type: ignore[arg-type]
    return Image(
        header=header, height=height, width=width, encoding='rgb8', step=3 * width, data=data,
    )


def jpeg_message(rgb: NDArray[np.uint8], header: Header) -> CompressedImage:
    """
    Return the picture as a JPEG, in the format that image_transport names for rgb8 images.

    :param rgb: uint8 (H, W, 3)
    :param header: goes into the message as it is
    :raises ValueError: when the picture is empty or too large for a JPEG
    """
    try:
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    except cv2.error as error:
        raise ValueError(
            f'wanted a picture of 1 to 65500 pixels a side, got shape {rgb.shape}'
        ) from error
    return CompressedImage(
        header=header, format='rgb8; jpeg compressed bgr8', data=array('B', jpeg.tobytes()),
    )
