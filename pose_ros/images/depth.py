# SPDX-License-Identifier: Apache-2.0
"""Reads a depth image: the distances of all its pixels, or those around people's landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.images.quoted import quoted
from pose_ros.images.rows import ImageError, sample_rows

if TYPE_CHECKING:
    from sensor_msgs.msg import Image

__all__ = ['DepthError', 'depth_pixels', 'depths_around', 'weighted_medians']

# Encodings of REP 118: what a pixel is, and how many metres one unit is.
ENCODINGS: dict[str, tuple[type[np.generic], float]] = {
    '16UC1': (np.uint16, 0.001),
    'mono16': (np.uint16, 0.001),
    '32FC1': (np.float32, 1.0),
}
PATCH_RADIUS_M = 0.04  # half the side of a square around a landmark
PATCH_SIDE = 5  # samples along it
OFFSETS = np.linspace(-1, 1, PATCH_SIDE)
MIN_SAMPLES = 5  # depths among a square's 25 samples, to take their median


class DepthError(ImageError):
    """A message that holds no usable depth: one line with what was wanted and what came."""


def depth_pixels(image: Image) -> tuple[NDArray[Any], float]:
    """
    Return the distances along the optical axis, and how many metres their unit is.

    :param image: 16UC1 (or mono16) in millimetres or 32FC1 in metres; of either byte order, its
        rows padded or not
    :returns: (H, W), a view of the message's data; a hole is as it came: 0, or for 32FC1 also NaN,
        infinite or negative
    :raises DepthError: when the encoding is another, or width, height, step and data contradict
    """
    if image.encoding not in ENCODINGS:
        raise DepthError(f'depth encoding: wanted 16UC1 or 32FC1, got {quoted(image.encoding)}')
    pixel, unit_m = ENCODINGS[image.encoding]
    try:
        return sample_rows(image, image.width, pixel), unit_m
    except ImageError as error:
        raise DepthError(f'depth {error}') from error


def depths_around(
    depth: NDArray[Any],
    points: NDArray[Any],
    expected_m: NDArray[np.float64],
    focal_px: float,
    unit_m: float = 1.0,
) -> NDArray[np.float32]:
    """
    Return the depth around points, the median of the samples in a square that are no holes.

    :param depth: (H, W); a hole is NaN, infinite or not above 0
    :param points: (..., 2), x and y as fractions of the image's width and height
    :param expected_m: (...), roughly the depth of each point, which with `focal_px` tells how many
        pixels a square has; where it is less than 0.1, that is used
    :param focal_px: in pixels of the depth image
    :param unit_m: of the depth image, metres
    :returns: (...) in metres, NaN where fewer than a fifth of the samples are depths; for a square
        that reaches beyond the image, the pixels at its edge count for what is outside
    """
    size = np.array((depth.shape[1], depth.shape[0]))[:, None]
    radius_px = PATCH_RADIUS_M * focal_px / np.maximum(expected_m, 0.1)
    around = points[..., None] * size + radius_px[..., None, None] * OFFSETS
    pixels = np.minimum(np.maximum(around, 0), size - 1).astype(np.intp)
    samples = depth[pixels[..., 1, :, None], pixels[..., 0, None, :]] * np.float32(unit_m)
    samples = samples.reshape(-1, PATCH_SIDE**2)
    valid = (samples > 0) & (samples < np.inf)
    samples[~valid] = np.inf
    samples.sort(axis=1)
    count = np.count_nonzero(valid, axis=1)
    medians = samples[np.arange(len(samples)), (count - 1) // 2]
    medians[count < MIN_SAMPLES] = np.nan
    return medians.reshape(points.shape[:-1])


def weighted_medians(
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Return the smallest value of each row up to which half of the row's weight is reached.

    :param values: (N, K), finite
    :param weights: (N, K), not below 0
    :returns: float64 (N,)
    """
    people = np.arange(len(values))
    order = values.argsort(axis=1)
    summed = weights[people[:, None], order].cumsum(axis=1)
    middle = (summed < summed[:, -1:] / 2).sum(axis=1)
    return values[people, order[people, middle]]
