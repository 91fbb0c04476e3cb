# SPDX-License-Identifier: Apache-2.0
"""Reads frames of a video file as rgb arrays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ['read_frame', 'read_frames']


def read_frames(
    path: Path,
    every: int = 1,
    first: int = 0,
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """
    Yield the index and the picture of frames, in order.

    Frames are decoded one after the other: seeking is not exact in every format.

    :param every: yields each frame whose distance from the first is a multiple of this
    :param first: index of the first frame that is yielded
    :returns: indices from 0, and rgb uint8 (H, W, 3)
    :raises ValueError: when OpenCV cannot read the file
    """
    capture = cv2.VideoCapture(str(path))
    try:
        if not capture.isOpened():
            raise ValueError(f'{path}: OpenCV cannot read it as a video')
        index = 0
        while capture.grab():
            if index >= first and (index - first) % every == 0:
                yield index, cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)
            index += 1
    finally:
        capture.release()


def read_frame(path: Path, index: int) -> NDArray[np.uint8]:
    """
    Return one frame, rgb uint8 (H, W, 3).

    :param index: from 0
    :raises ValueError: when OpenCV cannot read the file, or it has fewer frames
    """
    for _, rgb in read_frames(path, first=index):
        return rgb
    raise ValueError(f'{path}: wanted frame {index}, the video is shorter')
