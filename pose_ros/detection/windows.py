# SPDX-License-Identifier: Apache-2.0
"""Cuts windows out of pictures, and says which windows show everybody of some height."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ['Window', 'search_windows']

# The networks see 224x224 and 256x256 pixels: no more than twice that is of use to them.
LONGEST_PX = 448

# MediaPipe's detector finds most people who fill half of what it is shown, and few below. Windows
# shrink from level to level by SHRINK, until somebody of the least height fills LEAST_FILL.
SHRINK = 0.6
LEAST_FILL = 0.45
STEP = 0.65, 0.5  # from window to window, in widths and heights: people are narrow
LEAST_SIDE_PX = 48  # of a window; who fills LEAST_FILL of a smaller one is too small to be seen


@dataclass(frozen=True)
class Window:
    """
    A rectangle in a picture, in pixels; it may reach beyond the picture.

    :param x: of the left edge
    :param y: of the upper edge
    """

    x: float
    y: float
    width: float
    height: float

    @property
    def scale(self) -> float:
        """Pixels of what `cut` returns for each of the picture's, at most 1."""
        return min(1.0, LONGEST_PX / max(self.width, self.height))

    def cut(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """
        Return what the window shows: a copy, made smaller where it is large, black outside.

        :param rgb: uint8 (H, W, 3)
        :returns: uint8 (h, w, 3), C-contiguous
        """
        width, height = self.size()
        across, down = self.width / width, self.height / height
        there = np.array(  # from the middles of the window's pixels to those of the picture's
            [[across, 0, self.x + (across - 1) / 2], [0, down, self.y + (down - 1) / 2]]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        shown: NDArray[np.uint8] = cv2.warpAffine(rgb, there, (width, height), flags=flags)
        return shown

    def size(self) -> tuple[int, int]:
        """Return width and height of what `cut` returns."""
        return max(round(self.width * self.scale), 1), max(round(self.height * self.scale), 1)

    def paste(self, mask: NDArray[np.float32], into: NDArray[np.float32]) -> None:
        """
        Write a mask of the window into one of the picture.

        :param mask: (h, w), as large as what `cut` returns
        :param into: (H, W); what lies outside of the window is left alone
        """
        rows, columns = into.shape
        left, top = max(int(self.x), 0), max(int(self.y), 0)
        right = min(ceil(self.x + self.width), columns)
        bottom = min(ceil(self.y + self.height), rows)
        if right <= left or bottom <= top:
            return
        across, down = mask.shape[1] / self.width, mask.shape[0] / self.height
        there = np.array(
            [
                [across, 0, (left + 0.5 - self.x) * across - 0.5],
                [0, down, (top + 0.5 - self.y) * down - 0.5],
            ]
        )
        cv2.warpAffine(
            mask,
            there,
            (right - left, bottom - top),
            into[top:bottom, left:right],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )

    def share_of(self, box: tuple[float, float, float, float]) -> float:
        """Return the share of a box (left, top, right, bottom) that lies in the window."""
        left, top, right, bottom = box
        across = min(right, self.x + self.width) - max(left, self.x)
        down = min(bottom, self.y + self.height) - max(top, self.y)
        area = max(right - left, 1e-9) * max(bottom - top, 1e-9)
        return max(across, 0.0) * max(down, 0.0) / area


def search_windows(width: int, height: int, min_person_height: float) -> list[list[Window]]:
    """
    Return windows in which everybody of some height is large, level by level, largest first.

    :param width: of the picture in pixels
    :param height: of the picture in pixels
    :param min_person_height: as a fraction of the picture's height, (0, 1]
    :returns: the first level is the whole picture
    """
    levels = [[Window(0, 0, width, height)]]
    smallest = max(min_person_height / LEAST_FILL, LEAST_SIDE_PX / height)
    if smallest >= 1:
        return levels
    steps = max(ceil(np.log(smallest) / np.log(SHRINK) - 0.25), 1)
    for level in range(1, steps + 1):
        side = height * max(SHRINK**level, smallest)
        wide, high = min(side, width), min(side, height)
        levels.append(
            [
                Window(x, y, wide, high)
                for y in _starts(height, high, STEP[1])
                for x in _starts(width, wide, STEP[0])
            ]
        )
    return levels


def _starts(length: float, part: float, step: float) -> list[float]:
    count = max(ceil((length - part) / (part * step) - 1e-6), 0) + 1
    return [float(each) for each in np.linspace(0, length - part, count)]
