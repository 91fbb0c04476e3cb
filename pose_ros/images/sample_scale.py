# SPDX-License-Identifier: Apache-2.0
"""Scales 16 bit samples to 8 bits by the bits that a camera uses."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ['SampleScale']

MIN_BITS, MAX_BITS = 8, 16


class SampleScale:
    """
    The scale of one stream's 16 bit samples.

    Many cameras use 10 or 12 of the 16 bits and do not say so: scaled by 65535, their pictures are
    black. The brightest sample seen so far tells how many bits are used. The number only grows, so
    that the brightness does not flicker: the picture gets darker once when more bits appear.

    :ivar bits: the most bits seen in a sample, 8 to 16; 0 before the first one
    """

    def __init__(self) -> None:
        """Begin without having seen a sample."""
        self.bits = 0
        self._said_bits = MAX_BITS

    def to_8_bit(self, samples: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """
        Return the samples from 0 to 255, rounded.

        :param samples: uint16 of any shape, in the machine's byte order, not empty
        """
        self.bits = max(self.bits, MIN_BITS, int(samples.max()).bit_length())
        return cv2.convertScaleAbs(samples, alpha=255 / (2**self.bits - 1)).reshape(samples.shape)

    def remark(self) -> str:
        """Return one line for the log when the number of bits is news, else ''."""
        if self.bits in {0, self._said_bits}:
            return ''
        self._said_bits = self.bits
        return (
            f'16 bit images of which {self.bits} bits are used: brightness is scaled by '
            f'{2**self.bits - 1} instead of 65535'
        )
