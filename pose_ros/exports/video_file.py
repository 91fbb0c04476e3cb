# SPDX-License-Identifier: Apache-2.0
"""Writes pictures into a video file, at the rate that their stamps have."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.exports.export import ExportError

__all__ = ['VideoFile', 'rate_of']

DEFAULT_RATE_HZ = 30.0
LEAST_SIDE, GREATEST_SIDE = 2, 8191  # of what MPEG-4 part 2 takes
STAMPS_FOR_RATE = 8  # pictures that are held back until the rate is known


def rate_of(stamps_ns: list[int]) -> float:
    """Return the rate of increasing stamps in Hz, to a hundredth; 30 for less than two."""
    steps = [after - before for before, after in pairwise(stamps_ns)]
    steps = [each for each in steps if each > 0]
    return round(1e9 / median(steps), 2) if steps else DEFAULT_RATE_HZ


class VideoFile:
    """
    An MP4 file (MPEG-4 part 2), which OpenCV writes and reads everywhere.

    :ivar rate_hz: of its frames; known when the first are written
    """

    def __init__(self, path: Path, whole_rate: bool = False) -> None:
        """
        Create nothing before the first pictures came.

        :param whole_rate: the rate is a whole number of frames a second, at least one
        """
        self.rate_hz = 0.0
        self._whole_rate = whole_rate
        self._path = path.absolute()  # before a colon in a/10:30 FFmpeg sees a protocol
        self._writer: cv2.VideoWriter | None = None
        self._waiting: list[tuple[NDArray[np.uint8], int]] = []
        self._size: tuple[int, int] | None = None
        self._count = 0

    def write(self, rgb: NDArray[np.uint8], stamp_ns: int) -> None:
        """
        Write a picture; one of another size than the first is scaled.

        :param rgb: uint8 (H, W, 3), which must not change any more
        :raises ExportError: when the file cannot be written
        """
        self._waiting.append((rgb, stamp_ns))
        if self._writer is not None or len(self._waiting) >= STAMPS_FOR_RATE:
            self._flush()

    def close(self) -> None:
        """
        Finish the file; without pictures there is none.

        :raises ExportError: when it is not whole: OpenCV does not say that a disk is full
        """
        self._flush()
        if self._writer is None:
            return
        self._writer.release()
        capture = cv2.VideoCapture(str(self._path))
        found = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) if capture.isOpened() else 0
        capture.release()
        if found != self._count:
            raise ExportError(
                f'{self._path.name}: wanted {self._count} frames, {found} could be written; is '
                'the disk full?'
            )

    def _flush(self) -> None:
        if not self._waiting:
            return
        if self._writer is None:
            self._open()
        assert self._writer is not None
        for rgb, _ in self._waiting:
            if (rgb.shape[1], rgb.shape[0]) != self._size:
                fitting = cv2.resize(rgb, self._size, interpolation=cv2.INTER_AREA)
            else:
                fitting = rgb
            self._writer.write(cv2.cvtColor(fitting, cv2.COLOR_RGB2BGR))
            self._count += 1
        self._waiting.clear()

    def _open(self) -> None:
        first, _ = self._waiting[0]
        self._size = first.shape[1], first.shape[0]
        if not all(LEAST_SIDE <= side <= GREATEST_SIDE for side in self._size):
            raise ExportError(
                f'{self._path.name}: cannot be a video with pictures of '
                f'{self._size[0]}x{self._size[1]} pixels; wanted sides of {LEAST_SIDE} to '
                f'{GREATEST_SIDE} pixels: run it without --video and --lerobot'
            )
        self.rate_hz = rate_of([stamp_ns for _, stamp_ns in self._waiting])
        if self._whole_rate:
            self.rate_hz = float(max(1, round(self.rate_hz)))
        self._writer = cv2.VideoWriter(
            str(self._path), cv2.VideoWriter.fourcc(*'mp4v'), self.rate_hz, self._size
        )
        if not self._writer.isOpened():
            raise ExportError(f'{self._path.name}: OpenCV cannot write an MP4 file here')
