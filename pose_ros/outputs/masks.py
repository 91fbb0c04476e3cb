# SPDX-License-Identifier: Apache-2.0
"""Joins the segmentation masks of all people to the pixels of one image."""

from __future__ import annotations

from functools import reduce
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import Poses

__all__ = ['MASK_ENCODINGS', 'MASK_THRESHOLD', 'instance_mask', 'mask']

MASK_ENCODINGS = ('mono8', '32FC1')

MASK_THRESHOLD = 0.1  # above it a pixel is a person's, as in MediaPipe's own demonstrations


def mask(result: Poses, width: int, height: int, encoding: str) -> NDArray[Any]:
    """
    Return how certain a person is at each pixel: the largest value of all people's masks there.

    :param result: people with or without masks; without, and without people, the image is all 0
    :param width: of the image in which they were found, in pixels
    :param height: of that image in pixels
    :param encoding: mono8 (0-255: the mask times 255, rounded) or 32FC1 (the mask itself, 0-1)
    :returns: (H, W), uint8 or float32
    :raises ValueError: when the encoding is another or a mask has another size
    """
    if encoding not in MASK_ENCODINGS:
        raise ValueError(f'encoding: wanted one of {", ".join(MASK_ENCODINGS)}; got {encoding!r}')
    _check_size(result, width, height)
    if not result.masks:
        return np.zeros((height, width), np.uint8 if encoding == 'mono8' else np.float32)
    largest = reduce(np.maximum, result.masks)
    return cv2.convertScaleAbs(largest, alpha=255) if encoding == 'mono8' else largest


def instance_mask(
    result: Poses,
    width: int,
    height: int,
    values: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """
    Return whose each pixel is, (H, W).

    A pixel is that person's whose mask is the largest there, the first one's when masks are equal,
    and nobody's (0) where no mask exceeds MASK_THRESHOLD.

    :param result: people with or without masks; without, and without people, the image is all 0
    :param width: of the image in which they were found, in pixels
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
    for each, value in zip(result.masks, values, strict=False):
        np.copyto(owner, value, where=each > largest)
        np.maximum(largest, each, out=largest)
    return owner


def _check_size(result: Poses, width: int, height: int) -> None:
    for each in result.masks:
        if each.shape != (height, width):
            raise ValueError(f'masks: wanted shape ({height}, {width}), got {each.shape}')
