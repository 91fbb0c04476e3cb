# SPDX-License-Identifier: Apache-2.0
"""Opens a webcam, a video or a photograph, and yields rgb pictures at a camera's pace."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.demo.moved_photo import MovedPhoto

__all__ = ['SourceError', 'VideoFile', 'VideoSource', 'Webcam', 'open_source']

DEFAULT_RATE_HZ = 30.0  # of a photograph, and of a device or file that does not say


class SourceError(RuntimeError):
    """There are no pictures to be had from a source; the text says why and what to do."""


class VideoSource(Protocol):
    """
    Something that takes pictures one by one.

    :ivar live: grab() waits for the next picture; otherwise the next one is there at once
    :ivar rate_hz: the source's own rate, in pictures a second
    """

    live: bool
    rate_hz: float

    def grab(self) -> bool:
        """Take the next picture. False at the end; a SourceError when the source broke."""

    def retrieve(self) -> NDArray[np.uint8]:
        """Return the picture that was taken last, rgb uint8 (H, W, 3)."""

    def close(self) -> None:
        """Let go of the device or file."""


def open_source(
    name: str,
    rate_hz: float = 0.0,
    loop: bool = True,
    width: int = 0,
    height: int = 0,
) -> VideoSource:
    """
    Return the opened source with a name.

    :param name: '' for scikit-image's photograph of an astronaut, a number for a webcam, else the
        path of a video or photograph
    :param rate_hz: at which pictures will be taken; 0 for the source's own rate
    :param loop: begin a video again at its end
    :param width: of the pictures in pixels; 0 keeps the proportions, or the source's own width
    :param height: likewise; where both change the proportions, the middle is cut out
    :raises SourceError: when it cannot be opened or holds no picture
    """
    if not name:
        return _moved(_astronaut(), rate_hz, width, height)
    if name.isdecimal():
        return Webcam(int(name), rate_hz, width, height)
    path = Path(name).expanduser()
    if not path.is_file():
        raise SourceError(
            f'{name}: no such file; wanted a video, a photograph or the number of a webcam'
        )
    photo_bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if photo_bgr is not None:
        return _moved(cv2.cvtColor(photo_bgr, cv2.COLOR_BGR2RGB), rate_hz, width, height)
    return VideoFile(path, loop, width, height)


def _moved(rgb: NDArray[np.uint8], rate_hz: float, width: int, height: int) -> MovedPhoto:
    return MovedPhoto(rgb, rate_hz or DEFAULT_RATE_HZ, *_size(rgb, width, height))


def _astronaut() -> NDArray[np.uint8]:
    """Return a photograph of a woman's head and torso, rgb uint8 (512, 512, 3)."""
    try:
        from skimage.data import astronaut  # noqa: PLC0415
    except ImportError as error:
        raise SourceError(
            'the built-in photograph comes from scikit-image, which is not installed: '
            'pip install scikit-image, or name a webcam, video or photograph as source'
        ) from error
    photo: NDArray[np.uint8] = astronaut()
    return photo


def _size(rgb: NDArray[np.uint8], width: int, height: int) -> tuple[int, int]:
    """Return the wanted width and height, with those that are 0 filled in from the picture's."""
    own_height, own_width, _ = rgb.shape
    if not width and not height:
        return own_width, own_height
    return (
        width or max(1, round(own_width * height / own_height)),
        height or max(1, round(own_height * width / own_width)),
    )


def _fit(rgb: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return the picture's middle in the wanted proportions, scaled to the wanted size."""
    own_height, own_width, _ = rgb.shape
    width, height = _size(rgb, width, height)
    if (width, height) == (own_width, own_height):
        return rgb
    scale = max(width / own_width, height / own_height)
    cut_width, cut_height = round(width / scale), round(height / scale)
    left, top = (own_width - cut_width) // 2, (own_height - cut_height) // 2
    middle = rgb[top : top + cut_height, left : left + cut_width]
    return cv2.resize(middle, (width, height), interpolation=cv2.INTER_AREA)


class VideoFile:
    """The pictures of a video file, once or over and over."""

    live = False

    def __init__(self, path: Path, loop: bool = True, width: int = 0, height: int = 0) -> None:
        """
        Open the file and read its first picture.

        :raises SourceError: when it holds none that OpenCV can read
        """
        self._loop = loop
        self._file = str(path.absolute())  # before a colon in 10:30.mp4 FFmpeg sees a protocol
        self._wanted_size = (width, height)
        self._capture = cv2.VideoCapture(self._file)
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate_hz = rate_hz if isfinite(rate_hz) and rate_hz > 0 else DEFAULT_RATE_HZ
        if not self._capture.grab():
            self.close()
            raise SourceError(f'{path}: neither a photograph nor a video that OpenCV can read')
        self._rewind()

    def _rewind(self) -> None:
        self._capture.release()
        self._capture = cv2.VideoCapture(self._file)  # seeking is not exact in every format

    def grab(self) -> bool:
        """Take the next picture; False at the end of a video that is not looped."""
        if self._capture.grab():
            return True
        if self._loop:
            self._rewind()
        return self._loop and self._capture.grab()

    def retrieve(self) -> NDArray[np.uint8]:
        """Return the picture, rgb uint8 (H, W, 3)."""
        return _decode(self._capture, self._wanted_size)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class Webcam:
    """The pictures of a webcam, at the size and rate nearest to the wanted that it has."""

    live = True

    def __init__(
        self,
        index: int,
        rate_hz: float = 0.0,
        width: int = 0,
        height: int = 0,
    ) -> None:
        """
        Open the webcam and take one picture.

        :raises SourceError: when it is not there, in use or gives no picture
        """
        self._index, self._wanted_size = index, (width, height)
        self._capture = cv2.VideoCapture(index)
        for key, value in (
            (cv2.CAP_PROP_FRAME_WIDTH, width),
            (cv2.CAP_PROP_FRAME_HEIGHT, height),
            (cv2.CAP_PROP_FPS, rate_hz),
            (cv2.CAP_PROP_BUFFERSIZE, 1),
        ):
            if value:
                self._capture.set(key, value)
        if not self._capture.grab():
            self.close()
            raise SourceError(
                f'webcam {index} gives no picture; is it connected, allowed to this user '
                f'(/dev/video{index}) and not in use?'
            )
        self.rate_hz = self._capture.get(cv2.CAP_PROP_FPS) or DEFAULT_RATE_HZ

    def grab(self) -> bool:
        """Wait for the next picture; a SourceError when none comes."""
        if not self._capture.grab():
            raise SourceError(f'webcam {self._index} stopped giving pictures; was it unplugged?')
        return True

    def retrieve(self) -> NDArray[np.uint8]:
        """Return the picture, rgb uint8 (H, W, 3)."""
        return _decode(self._capture, self._wanted_size)

    def close(self) -> None:
        """Let go of the webcam."""
        self._capture.release()


def _decode(capture: cv2.VideoCapture, wanted_size: tuple[int, int]) -> NDArray[np.uint8]:
    decoded, bgr = capture.retrieve()
    if not decoded:
        raise SourceError('a picture of the source cannot be decoded')
    return _fit(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), *wanted_size)
