# SPDX-License-Identifier: Apache-2.0
"""Shows a photograph as a hand-held camera in front of it would see it."""

from __future__ import annotations

from math import cos, pi, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ['MovedPhoto']

Swings = tuple[tuple[float, float], ...]  # amplitude and frequency in Hz of each


def _at(swings: Swings, time_s: float) -> float:
    return sum(amplitude * sin(2 * pi * hz * time_s) for amplitude, hz in swings)


def _most(swings: Swings) -> float:
    return sum(amplitude for amplitude, _ in swings)


class MovedPhoto:
    """
    A photograph seen by a hand-held camera that never looks past its edges.

    Picture i is a function of the photograph, i, the rate and the size.
    """

    live = False

    # The shifts are fractions of the view's width and height, the zoom of its size.
    SHIFT_X: Swings = ((0.022, 0.23), (0.008, 0.61))
    SHIFT_Y: Swings = ((0.014, 0.31), (0.006, 0.73))
    TURN_DEG: Swings = ((1.6, 0.17), (0.4, 0.53))
    ZOOM: Swings = ((0.025, 0.11), (0.005, 0.37))

    def __init__(
        self,
        rgb: NDArray[np.uint8],
        rate_hz: float,
        width: int,
        height: int,
    ) -> None:
        """
        Choose the largest view that stays inside the photograph through every movement.

        :param rgb: uint8 (H, W, 3)
        :param rate_hz: pictures a second, above 0
        :param width: of the pictures in pixels
        :param height: of the pictures in pixels
        """
        self.rate_hz = rate_hz
        self._size = (width, height)
        self._index = -1
        photo_height, photo_width, _ = rgb.shape
        zoom = 1 + _most(self.ZOOM)
        turned = sin(radians(_most(self.TURN_DEG))) * zoom
        self._scale = min(  # pixels of the photograph for one of the picture
            photo_width / (width * (zoom + 2 * _most(self.SHIFT_X)) + height * turned),
            photo_height / (height * (zoom + 2 * _most(self.SHIFT_Y)) + width * turned),
        )
        if self._scale > 1:  # shrink it once with care, not for every picture without
            shrink = 1 / self._scale
            rgb = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
            self._scale = 1.0
        self._rgb = rgb

    def view(self, index: int) -> NDArray[np.float64]:
        """
        Return where the camera looks.

        :param index: of the picture, from 0
        :returns: (2, 3), the affine transform from the picture's pixels to the photograph's
        """
        time_s = index / self.rate_hz
        size = np.array(self._size)
        shift = np.array([_at(self.SHIFT_X, time_s), _at(self.SHIFT_Y, time_s)])
        turn = radians(_at(self.TURN_DEG, time_s))
        turn_and_zoom = (
            self._scale
            * (1 + _at(self.ZOOM, time_s))
            * np.array([[cos(turn), -sin(turn)], [sin(turn), cos(turn)]])
        )
        photo_size = np.array(self._rgb.shape[1::-1])
        middle = (photo_size - 1) / 2 + self._scale * shift * size
        return np.column_stack([turn_and_zoom, middle - turn_and_zoom @ ((size - 1) / 2)])

    def grab(self) -> bool:
        """Move on; there is always a next picture."""
        self._index += 1
        return True

    def retrieve(self) -> NDArray[np.uint8]:
        """Return what the camera sees now, rgb uint8 (height, width, 3)."""
        return cv2.warpAffine(
            self._rgb,
            self.view(self._index),
            self._size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )

    def close(self) -> None:
        """Do nothing: the photograph is in memory."""
