# SPDX-License-Identifier: Apache-2.0
"""Decodes a `CompressedImage` to RGB, after its header was seen to be of an acceptable size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage

from pose_ros.images.picture_size import picture_size, require_size
from pose_ros.images.quoted import quoted
from pose_ros.images.rows import ImageError
from pose_ros.images.sample_scale import SampleScale

__all__ = ['decode', 'is_cut']

# Without the orientation that a JPEG may note: the picture must have its camera_info's geometry.
_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
_JPEG_START, _JPEG_SCAN, _JPEG_END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'
# Of a progressive JPEG: usual are 10. Each one costs a pass over the picture, however short it is.
_MAX_SCANS = 100


def decode(message: CompressedImage, scale: SampleScale, max_pixels: int) -> NDArray[np.uint8]:
    """
    Return the picture as RGB.

    :param message: with a JPEG, a PNG, a TIFF or a BMP, which is what compressed_image_transport
        sends and more
    :param scale: for 16 bit samples
    :param max_pixels: the most pixels that are accepted
    :returns: uint8 (H, W, 3), C-contiguous
    :raises ImageError: when it is too large, truncated, of another format or no picture
    """
    if 'compressedDepth' in message.format:
        raise ImageError(f'format: wanted a colour image, got depth: {quoted(message.format)}')
    data = message.data.tobytes()
    size = picture_size(data)
    if size:
        require_size(*size, max_pixels)
    bgr = _decoded(data) if size else None
    if bgr is None:
        raise ImageError(
            f'data: wanted a whole JPEG or PNG, got {len(data)} bytes that are none (nor a TIFF '
            f'or BMP), format {quoted(message.format)}'
        )
    if bgr.dtype == np.uint16:
        bgr = scale.to_8_bit(bgr)
    if bgr.dtype != np.uint8:
        raise ImageError(f'data: wanted 8 or 16 bit integers, got {bgr.dtype}')
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def is_cut(data: bytes) -> bool:
    """
    Say whether data is a JPEG without its end, which is behind all scans.

    OpenCV before 4.11, and its function for files in every version, makes the rest grey.
    """
    return data.startswith(_JPEG_START) and data.rfind(_JPEG_END) < data.rfind(_JPEG_SCAN)


def _decoded(data: bytes) -> NDArray[Any] | None:
    if data.startswith(_JPEG_START):
        if data.count(_JPEG_SCAN) > _MAX_SCANS:
            return None
        if is_cut(data):
            return None
    try:
        with _silent_opencv():
            return cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS)
    except cv2.error:
        return None


@contextmanager
def _silent_opencv() -> Iterator[None]:
    """Keep OpenCV from writing a line or two to stderr for each picture that is none."""
    logging = getattr(cv2.utils, 'logging', None)  # OpenCV 4.5.4 of Humble may lack it
    if logging is None:
        yield
        return
    level = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        logging.setLogLevel(level)
