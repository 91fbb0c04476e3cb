# SPDX-License-Identifier: Apache-2.0
"""
Converts the pixels of an uncompressed image to RGB: one entry for each encoding.

Layout (row padding, byte order, planes, 16 bits) is resolved here; how colours are computed is
left to cv_bridge and OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.images.bridge import bridge_to_rgb
from pose_ros.images.rows import ImageError, RawImage, sample_rows
from pose_ros.images.sample_scale import SampleScale

__all__ = ['ENCODINGS', 'Decoder']

# Returns RGB, uint8 (H, W, 3), C-contiguous; raises ImageError when the image contradicts itself.
Decoder = Callable[[RawImage, SampleScale], NDArray[np.uint8]]

ToRgb = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def _by_bridge(encoding: str) -> ToRgb:
    return partial(bridge_to_rgb, encoding=encoding)


def _by_opencv(code: int) -> ToRgb:
    return partial(cv2.cvtColor, code=code)


def _pixels(channels: int, bits: int, to_rgb: ToRgb | None) -> Decoder:
    """Whole samples, one after the other in a row: RGB, grey and Bayer patterns."""

    def decode(image: RawImage, scale: SampleScale) -> NDArray[np.uint8]:
        sample = np.uint16 if bits == 16 else np.uint8
        samples = sample_rows(image, image.width * channels, sample)
        if bits == 16:
            samples = scale.to_8_bit(np.ascontiguousarray(samples, np.uint16))
        pixels = np.ascontiguousarray(samples).reshape(image.height, image.width, channels)
        return to_rgb(pixels) if to_rgb else pixels

    return decode


def _packed_yuv(code: int) -> Decoder:
    """4:2:2 in one plane: two pixels share their colour."""

    def decode(image: RawImage, _: SampleScale) -> NDArray[np.uint8]:
        _require_even(image, 'width')
        rows = sample_rows(image, image.width * 2)
        return cv2.cvtColor(np.ascontiguousarray(rows).reshape(image.height, image.width, 2), code)

    return decode


def _two_planes(code: int) -> Decoder:
    """4:2:0, brightness above colours (both of two by two pixels in one plane)."""

    def decode(image: RawImage, _: SampleScale) -> NDArray[np.uint8]:
        _require_even(image, 'width', 'height')
        rows = sample_rows(image, image.width, rows=image.height * 3 // 2)
        return cv2.cvtColor(np.ascontiguousarray(rows), code)

    return decode


def _three_planes(code: int) -> Decoder:
    """4:2:0 in three planes; a padded row of colours is half as long as one of the image."""

    def decode(image: RawImage, _: SampleScale) -> NDArray[np.uint8]:
        _require_even(image, 'width', 'height', 'step')
        sample_rows(image, image.width, rows=image.height * 3 // 2)
        rows = sample_rows(image, image.step, rows=image.height * 3 // 2)
        brightness = rows[: image.height, : image.width]
        colors = rows[image.height :].reshape(image.height, -1)[:, : image.width // 2]
        tight = np.concatenate((brightness.ravel(), colors.ravel()))
        return cv2.cvtColor(tight.reshape(-1, image.width), code)

    return decode


def _require_even(image: RawImage, *names: str) -> None:
    for name in names:
        if (value := getattr(image, name)) % 2:
            raise ImageError(f'{name}: wanted an even number in {image.encoding}, got {value}')


# PyPI's cv_bridge has no bayer_grbg8, and none of the YUV encodings.
_GRBG = _by_opencv(cv2.COLOR_BayerGB2RGB)

# The names are those of sensor_msgs/image_encodings.hpp, and those that cameras use as well. 8UC3
# and 8UC4 are BGR and BGRA, as OpenCV has them. Alpha is dropped.
ENCODINGS: dict[str, Decoder] = {
    'rgb8': _pixels(3, 8, None),
    'rgb16': _pixels(3, 16, None),
    'bgr8': _pixels(3, 8, _by_bridge('bgr8')),
    'bgr16': _pixels(3, 16, _by_bridge('bgr8')),
    'rgba8': _pixels(4, 8, _by_bridge('rgba8')),
    'rgba16': _pixels(4, 16, _by_bridge('rgba8')),
    'bgra8': _pixels(4, 8, _by_bridge('bgra8')),
    'bgra16': _pixels(4, 16, _by_bridge('bgra8')),
    'mono8': _pixels(1, 8, _by_bridge('mono8')),
    'mono16': _pixels(1, 16, _by_bridge('mono8')),
    '8UC1': _pixels(1, 8, _by_bridge('mono8')),
    '8UC3': _pixels(3, 8, _by_bridge('bgr8')),
    '8UC4': _pixels(4, 8, _by_bridge('bgra8')),
    '16UC1': _pixels(1, 16, _by_bridge('mono8')),
    'uyvy': _packed_yuv(cv2.COLOR_YUV2RGB_UYVY),
    'yuv422': _packed_yuv(cv2.COLOR_YUV2RGB_UYVY),
    'yuyv': _packed_yuv(cv2.COLOR_YUV2RGB_YUY2),
    'yuv422_yuy2': _packed_yuv(cv2.COLOR_YUV2RGB_YUY2),
    'nv12': _two_planes(cv2.COLOR_YUV2RGB_NV12),
    'nv21': _two_planes(cv2.COLOR_YUV2RGB_NV21),
    'i420': _three_planes(cv2.COLOR_YUV2RGB_I420),
    'yuv420': _three_planes(cv2.COLOR_YUV2RGB_I420),
    'bayer_rggb8': _pixels(1, 8, _by_bridge('bayer_rggb8')),
    'bayer_rggb16': _pixels(1, 16, _by_bridge('bayer_rggb8')),
    'bayer_bggr8': _pixels(1, 8, _by_bridge('bayer_bggr8')),
    'bayer_bggr16': _pixels(1, 16, _by_bridge('bayer_bggr8')),
    'bayer_gbrg8': _pixels(1, 8, _by_bridge('bayer_gbrg8')),
    'bayer_gbrg16': _pixels(1, 16, _by_bridge('bayer_gbrg8')),
    'bayer_grbg8': _pixels(1, 8, _GRBG),
    'bayer_grbg16': _pixels(1, 16, _GRBG),
}
