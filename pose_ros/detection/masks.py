# SPDX-License-Identifier: Apache-2.0
"""Reads MediaPipe's masks as arrays, in whatever form its versions and delegates give them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.mediapipe_package import Image

__all__ = ['mask_of']


def mask_of(image: Image) -> NDArray[np.float32]:
    """
    Return a mask, float32 (H, W) in [0, 1]; where MediaPipe made floats, without a copy.

    :param image: one channel of float32; or, as some GPUs give it, four of uint8 with the mask in
        the first
    """
    pixels = np.asarray(_Pixels(image))
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float32) / np.float32(255)
    return pixels


class _Pixels:
    """Lends numpy the first channel of an Image: the array keeps this, this keeps the Image."""

    def __init__(self, image: Image) -> None:
        view = image.numpy_view()
        if view.ndim == 3:  # (H, W) in 0.10.18, (H, W, 1) later
            view = view[:, :, 0]
        self.__array_interface__ = view.__array_interface__
        self._kept = image, view
