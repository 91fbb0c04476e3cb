# SPDX-License-Identifier: Apache-2.0
"""
A `sensor_msgs/Image` or `CompressedImage` goes in; RGB pixels, the header and its stamp come out.

Layout (row padding, byte order, 16 bits) is resolved here, and cv_bridge is only asked to convert
the colours of tight 8 bit pixels: ROS 2's and PyPI's agree on those and on little else.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
import sys
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

__all__ = ['Frame', 'FrameError', 'require_cv_bridge', 'to_frame']


@dataclass(frozen=True)
class _Encoding:
    plain: str  # the 8 bit encoding with the same order of channels
    channels: int
    bits: int = 8


_ENCODINGS = {
    'rgb8': _Encoding('rgb8', 3),
    'rgb16': _Encoding('rgb8', 3, 16),
    'bgr8': _Encoding('bgr8', 3),
    'bgr16': _Encoding('bgr8', 3, 16),
    'rgba8': _Encoding('rgba8', 4),
    'rgba16': _Encoding('rgba8', 4, 16),
    'bgra8': _Encoding('bgra8', 4),
    'bgra16': _Encoding('bgra8', 4, 16),
    'mono8': _Encoding('mono8', 1),
    'mono16': _Encoding('mono8', 1, 16),
    '8UC1': _Encoding('mono8', 1),
    '8UC3': _Encoding('bgr8', 3),
    '8UC4': _Encoding('bgra8', 4),
    '16UC1': _Encoding('mono8', 1, 16),
    'uyvy': _Encoding('yuv422', 2),
    'yuv422': _Encoding('yuv422', 2),
    'yuyv': _Encoding('yuv422_yuy2', 2),
    'yuv422_yuy2': _Encoding('yuv422_yuy2', 2),
    'bayer_rggb8': _Encoding('bayer_rggb8', 1),
    'bayer_rggb16': _Encoding('bayer_rggb8', 1, 16),
    'bayer_bggr8': _Encoding('bayer_bggr8', 1),
    'bayer_bggr16': _Encoding('bayer_bggr8', 1, 16),
    'bayer_gbrg8': _Encoding('bayer_gbrg8', 1),
    'bayer_gbrg16': _Encoding('bayer_gbrg8', 1, 16),
    'bayer_grbg8': _Encoding('bayer_grbg8', 1),
    'bayer_grbg16': _Encoding('bayer_grbg8', 1, 16),
}

# What PyPI's cv_bridge cannot convert.
_DIRECT = {
    'bayer_grbg8': cv2.COLOR_BayerGB2RGB,
    'yuv422': cv2.COLOR_YUV2RGB_UYVY,
    'yuv422_yuy2': cv2.COLOR_YUV2RGB_YUY2,
}

# Without the orientation that a JPEG may note: the picture must have its camera_info's geometry.
_DECODE_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
_JPEG_START, _JPEG_SCAN, _JPEG_END = b'\xff\xd8', b'\xff\xda', b'\xff\xd9'


class FrameError(ValueError):
    """A message that holds no usable picture: one line with what was wanted and what came."""


@dataclass(frozen=True, eq=False)
class Frame:
    """
    One picture of a camera.

    :param rgb: uint8 (H, W, 3) in 0-255, C-contiguous and read-only. For a message in rgb8 without
        row padding it is a view of the message's data, which must be left alone while it is used
    :param header: the message's own header, untouched
    :param stamp_ns: the header's stamp in nanoseconds
    """

    rgb: NDArray[np.uint8]
    header: Header
    stamp_ns: int


def to_frame(message: Image | CompressedImage) -> Frame:
    """
    Return the picture in a message.

    16 bit channels are scaled by 255/65535 and rounded; 8UC3 and 8UC4 count as BGR and BGRA, as
    OpenCV has them; an alpha channel is dropped; the orientation noted in a JPEG is ignored.

    :param message: an Image with 8 or 16 bits in the encodings rgb, bgr, rgba, bgra, mono and
        bayer_{rggb,bggr,gbrg,grbg}, or 8UC1, 8UC3, 8UC4, 16UC1, uyvy (= yuv422) or yuyv
        (= yuv422_yuy2); its last row may lack the padding. Or a CompressedImage with a JPEG, a
        PNG, or what else OpenCV decodes
    :raises FrameError: when width, height, step and data contradict one another, the encoding is
        unknown, the picture is empty, or the compressed data is truncated or no picture
    :raises ImportError: see require_cv_bridge
    """
    rgb = _decode(message) if isinstance(message, CompressedImage) else _convert(message)
    rgb.flags.writeable = False
    stamp = message.header.stamp
    return Frame(rgb, message.header, stamp.sec * 10**9 + stamp.nanosec)


@cache
def require_cv_bridge() -> Any:
    """
    Return a `cv_bridge.CvBridge` that was seen to work.

    Worth a call before the first frame: a cv_bridge that was built for NumPy 1 can be imported
    under NumPy 2, and then kills the process when it is shown a picture.

    :raises ImportError: when cv_bridge is missing or does not fit the NumPy or OpenCV that are
        installed; one line with what is wrong and what to do
    """
    advice = 'see "Install on ROS 2" in the README of pose_ros'
    spec = find_spec('cv_bridge')
    if spec and spec.origin and int(np.__version__.split('.')[0]) >= 2:
        for library in Path(spec.origin).parent.glob('boost/*.so'):
            if b'numpy._core' not in library.read_bytes():  # the module that NumPy 2's API is in
                raise ImportError(
                    f'{library} was built for NumPy 1 and would crash under the '
                    f'installed NumPy {np.__version__}: {advice}'
                )
    try:
        from cv_bridge import CvBridge  # noqa: PLC0415 (not before it was looked at)

        bridge = CvBridge()
        _to_rgb(np.zeros((1, 1, 3), np.uint8), 'bgr8', bridge)
    except Exception as error:  # a binary module that does not fit fails in many ways
        raise ImportError(
            f'cv_bridge does not work with the installed NumPy {np.__version__} and '
            f'OpenCV {cv2.__version__} ({error!r}): {advice}'
        ) from error
    return bridge


def _convert(message: Image) -> NDArray[np.uint8]:
    encoding = _check(message)
    sample = np.dtype(np.uint8 if encoding.bits == 8 else '>u2' if message.is_bigendian else '<u2')
    samples: NDArray[Any] = np.ndarray(
        (message.height, message.width * encoding.channels),
        sample,
        message.data,
        strides=(message.step, sample.itemsize),
    )
    if encoding.bits == 16:
        samples = _to_8_bit(np.ascontiguousarray(samples, np.uint16))
    pixels = np.ascontiguousarray(samples).reshape(message.height, message.width, -1)
    if encoding.plain == 'rgb8':
        return pixels
    if encoding.plain in _DIRECT:
        return cv2.cvtColor(pixels, _DIRECT[encoding.plain])
    return _to_rgb(pixels, encoding.plain, require_cv_bridge())


def _check(message: Image) -> _Encoding:
    """Return the message's encoding when its fields agree with one another."""
    width, height, step, size = message.width, message.height, message.step, len(message.data)
    if width == 0 or height == 0:
        raise FrameError(f'picture: wanted at least 1x1 pixels, got {width}x{height}')
    encoding = _ENCODINGS.get(message.encoding)
    if encoding is None:
        raise FrameError(
            f'encoding: wanted one of {", ".join(_ENCODINGS)}; got {message.encoding!r}'
        )
    row = width * encoding.channels * encoding.bits // 8
    if step < row:
        raise FrameError(
            f'step: wanted at least {row} bytes for {width} pixels in '
            f'{message.encoding}, got {step}'
        )
    if not step * (height - 1) + row <= size <= step * height:
        raise FrameError(
            f'data: wanted {step * height} bytes for {height} rows of {step}, got {size}'
        )
    if encoding.plain.startswith('yuv') and width % 2:
        raise FrameError(f'width: wanted an even number in {message.encoding}, got {width}')
    return encoding


def _to_8_bit(samples: NDArray[np.uint16]) -> NDArray[np.uint8]:
    return cv2.convertScaleAbs(samples, alpha=255 / 65535)


def _to_rgb(pixels: NDArray[np.uint8], encoding: str, bridge: Any) -> NDArray[np.uint8]:
    """Convert with cv_bridge; what it reads of an Image, around pixels that are not copied."""
    height, width, channels = pixels.shape
    image = SimpleNamespace(
        height=height,
        width=width,
        encoding=encoding,
        step=width * channels,
        data=pixels,
        is_bigendian=sys.byteorder == 'big',
    )
    return bridge.imgmsg_to_cv2(image, 'rgb8')


def _decode(message: CompressedImage) -> NDArray[np.uint8]:
    if 'compressedDepth' in message.format:
        raise FrameError(f'format: wanted a colour image, got depth: {message.format!r}')
    data = message.data.tobytes()
    # OpenCV before 4.11 makes the rest of a truncated JPEG grey. Its end follows its last scan.
    truncated = data.startswith(_JPEG_START) and data.rfind(_JPEG_END) < data.rfind(_JPEG_SCAN)
    try:
        bgr = None if truncated else cv2.imdecode(np.frombuffer(data, np.uint8), _DECODE_FLAGS)
    except cv2.error:
        bgr = None
    if bgr is None:
        raise FrameError(
            f'data: wanted a whole JPEG or PNG, got {len(data)} bytes that OpenCV '
            f'cannot decode, format {message.format!r}'
        )
    if bgr.dtype == np.uint16:
        bgr = _to_8_bit(bgr)
    if bgr.dtype != np.uint8:
        raise FrameError(f'data: wanted 8 or 16 bit integers, got {bgr.dtype}')
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
