# SPDX-License-Identifier: Apache-2.0
"""
Converts tight 8 bit pixels to RGB with cv_bridge, once it was seen to work.

That is all that cv_bridge is asked for: ROS 2's and PyPI's agree on it and on little else.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
import sys
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ['bridge_to_rgb', 'require_cv_bridge']


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
        from cv_bridge import CvBridge  # noqa: PLC0415 (not before its library was looked at)

        bridge = CvBridge()
        _convert(np.zeros((1, 1, 3), np.uint8), 'bgr8', bridge)
    except Exception as error:  # a binary module that does not fit fails in many ways
        raise ImportError(
            f'cv_bridge does not work with the installed NumPy {np.__version__} and '
            f'OpenCV {cv2.__version__} ({error!r}): {advice}'
        ) from error
    return bridge


def _convert(pixels: NDArray[np.uint8], encoding: str, bridge: Any) -> NDArray[np.uint8]:
    """Give cv_bridge what it reads of an Image, around pixels that are not copied."""
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


def bridge_to_rgb(pixels: NDArray[np.uint8], encoding: str) -> NDArray[np.uint8]:
    """
    Return pixels as RGB.

    :param pixels: uint8 (H, W, channels), C-contiguous
    :param encoding: one of 8 bits that cv_bridge knows
    :returns: uint8 (H, W, 3)
    :raises ImportError: see require_cv_bridge
    """
    return _convert(pixels, encoding, require_cv_bridge())
