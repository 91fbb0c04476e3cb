# SPDX-License-Identifier: Apache-2.0
"""Makes the film of a photograph on which all processes of the benchmark work, as one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import skimage.data

from pose_ros.demo.moved_photo import MovedPhoto

__all__ = ['COUNT', 'back_and_forth', 'load', 'prepare']

COUNT = 20
RATE_HZ = 30.0


def prepare(folder: Path, width: int, height: int, people: int) -> Path:
    """
    Write the frames of a hand-held camera in front of one or two people; return the file.

    :param people: 1, or 2: the same astronaut and her mirror image
    """
    path = folder / f'{width}x{height}-{people}.npy'
    if not path.exists():
        photo = skimage.data.astronaut()
        if people == 2:
            photo = np.hstack([photo, photo[:, ::-1]])
        moved = MovedPhoto(photo, RATE_HZ, width, height)
        frames = np.empty((COUNT, height, width, 3), np.uint8)
        for frame in frames:
            moved.grab()
            frame[:] = moved.retrieve()
        np.save(path, frames)
    return path


def load(path: Path) -> NDArray[np.uint8]:
    """Return the frames, uint8 (COUNT, H, W, 3)."""
    return np.load(path)


def back_and_forth(index: int) -> int:
    """Return which frame comes at this place of an endless film that runs forth and back."""
    index %= 2 * COUNT - 2
    return min(index, 2 * COUNT - 2 - index)
