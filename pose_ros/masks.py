"""A result and a header go in; its segmentation masks as one image for all people come out."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from .result import Result

__all__ = ['MASK_ENCODINGS', 'MASK_THRESHOLD', 'instance_mask_image', 'mask_image']

MASK_ENCODINGS = ('mono8', '32FC1')

MASK_THRESHOLD = 0.1  # above it a pixel is a person's, as in MediaPipe's own demonstrations


def mask_image(result: Result, header: Header, width: int, height: int, encoding: str) -> Image:
    """
    Return how certain a person is at each pixel: the largest value of all people's masks there.

    :param result: people with or without masks; without, and without people, the image is all 0
    :param header: the header of the image in which they were found; becomes the result's own
    :param width: of that image in pixels
    :param height: of that image in pixels
    :param encoding: mono8 (0-255: the mask times 255, rounded) or 32FC1 (the mask itself, 0-1)
    :raises ValueError: when the encoding is another or a mask has another size
    """
    if encoding not in MASK_ENCODINGS:
        raise ValueError(f'encoding: wanted one of {", ".join(MASK_ENCODINGS)}; got {encoding!r}')
    _check_size(result, width, height)
    dtype = np.dtype(np.uint8 if encoding == 'mono8' else '<f4')
    if not result.masks:
        return _image(np.zeros((height, width), dtype), header, encoding)
    mask = reduce(np.maximum, result.masks)
    if encoding == 'mono8':
        mask = cv2.convertScaleAbs(mask, alpha=255)
    return _image(mask.astype(dtype, copy=False), header, encoding)


def instance_mask_image(
    result: Result, header: Header, width: int, height: int,
    values: NDArray[np.uint8] | None = None,
) -> Image:
    """
    Return whose each pixel is, in mono8.

    A pixel is that person's whose mask is the largest there, the first one's when masks are equal,
    and nobody's (0) where no mask exceeds MASK_THRESHOLD.

    :param result: people with or without masks; without, and without people, the image is all 0
    :param header: the header of the image in which they were found; becomes the result's own
    :param width: of that image in pixels
    :param height: of that image in pixels
    :param values: uint8 (N,), what stands for each person; by default 1 + the index in the result,
        with 255 for all who come after the 254th
    :raises ValueError: when a mask has another size, or there is not one value for each person
    """
    if values is None:
        values = np.minimum(np.arange(1, len(result) + 1), 255).astype(np.uint8)
    if len(values) != len(result):
        raise ValueError(f'values: wanted {len(result)}, one for each person; got {len(values)}')
    _check_size(result, width, height)
    owner = np.zeros((height, width), np.uint8)
    largest = np.full((height, width), MASK_THRESHOLD, np.float32)
    for mask, value in zip(result.masks, values, strict=False):
        np.copyto(owner, value, where=mask > largest)
        np.maximum(largest, mask, out=largest)
    return _image(owner, header, 'mono8')


def _check_size(result: Result, width: int, height: int) -> None:
    for mask in result.masks:
        if mask.shape != (height, width):
            raise ValueError(f'masks: wanted shape ({height}, {width}), got {mask.shape}')


def _image(pixels: NDArray[np.generic], header: Header, encoding: str) -> Image:
    height, width = pixels.shape
    image = Image(header=header, height=height, width=width, encoding=encoding,
                  step=width * pixels.itemsize)
    # Into the message's own array, since assigning another may copy that once more.
    image.data.frombytes(np.ascontiguousarray(pixels).view(np.uint8))
    return image
