# SPDX-License-Identifier: Apache-2.0
"""Views the data of an uncompressed image as rows of samples, after it was checked."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ['ImageError', 'RawImage', 'sample_rows']


class ImageError(ValueError):
    """An image that cannot be used: one line with what was wanted and what came."""


class RawImage(Protocol):
    """What is read of a `sensor_msgs/Image`."""

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: Any


def sample_rows(
    image: RawImage, samples: int, sample: type[np.generic] = np.uint8, rows: int | None = None
) -> NDArray[Any]:
    """
    Return the samples of an image whose fields agree with one another.

    :param image: its rows may be padded; the last one may lack the padding
    :param samples: in a row
    :param sample: the type of one; the image says its byte order
    :param rows: how many there are; the image's height when there is one for each row of pixels
    :returns: (rows, samples), a view of the image's data
    :raises ImageError: when width, height, step and data contradict one another
    """
    width, height, step, size = image.width, image.height, image.step, len(image.data)
    if width == 0 or height == 0:
        raise ImageError(f'picture: wanted at least 1x1 pixels, got {width}x{height}')
    rows = height if rows is None else rows
    dtype = np.dtype(sample).newbyteorder('>' if image.is_bigendian else '<')
    row = samples * dtype.itemsize
    if step < row:
        raise ImageError(
            f'step: wanted at least {row} bytes for {width} pixels in {image.encoding}, got {step}'
        )
    if not step * (rows - 1) + row <= size <= step * rows:
        raise ImageError(f'data: wanted {step * rows} bytes for {rows} rows of {step}, got {size}')
    return np.ndarray((rows, samples), dtype, image.data, strides=(step, dtype.itemsize))
