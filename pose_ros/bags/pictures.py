# SPDX-License-Identifier: Apache-2.0
"""Reads videos and folders of pictures as recordings of one camera."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
import re

import cv2
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros.bags.recording import Channel, Record, RecordingError
from pose_ros.images.compressed import is_cut
from pose_ros.images.image_cdr import serialize_image
from pose_ros.images.picture_size import MAX_IMAGE_PIXELS, picture_size, require_size
from pose_ros.images.rows import ImageError

__all__ = ['IMAGE_TOPIC', 'PICTURE_SUFFIXES', 'PictureFolder', 'Video', 'pictures_in']

IMAGE_TOPIC = '/image_raw'
IMAGE_TYPE = 'sensor_msgs/msg/Image'
FRAME_ID = 'camera_optical_frame'
PICTURE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')
FOLDER_RATE_HZ = 30.0
MAX_PICTURE_BYTES = 512 << 20  # 50 million pixels of 48 bits, the most by default, have 286 MiB

IN_COLOUR = cv2.IMREAD_COLOR  # 8 bits a sample, in the orientation that the file states

# A stamp of zero means "none" in ROS, so the first frame is a second after it.
FIRST_STAMP_NS = 10**9


class Video:
    """
    A video file; to be closed after use.

    A frame's stamp is one second plus its time in the video. Where the file has no times, frames
    follow one another at its rate.
    """

    def __init__(self, path: Path) -> None:
        """
        Open the video.

        :raises RecordingError: when OpenCV cannot decode its first frame
        """
        self.path, self.problem = path, ''
        # Absolute: before a colon in 10:30.mp4 FFmpeg sees a protocol.
        self._file = str(path.absolute())
        capture = cv2.VideoCapture(self._file)
        try:
            if not (capture.isOpened() and capture.read()[0]):
                raise RecordingError(f'{path}: OpenCV cannot read it as a video')
            rate_hz = capture.get(cv2.CAP_PROP_FPS)
            self._rate_hz = rate_hz if 0 < rate_hz < 1000 else FOLDER_RATE_HZ
            self._count = max(1, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
        finally:
            capture.release()

    @property
    def channels(self) -> Sequence[Channel]:
        """Its one topic."""
        return [Channel(IMAGE_TOPIC, IMAGE_TYPE, self._count)]

    def records(self, topics: Collection[str]) -> Iterator[Record]:
        """Yield the frames as serialized images, if their topic is among those wanted."""
        if IMAGE_TOPIC not in topics:
            return
        [channel] = self.channels
        capture = cv2.VideoCapture(self._file)
        try:
            index, last_ns = 0, -1
            while capture.grab():
                time_ns = round(capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
                if time_ns <= last_ns:
                    time_ns = max(round(index / self._rate_hz * 1e9), last_ns + 1)
                decoded, bgr = capture.retrieve()
                if decoded:
                    yield _record(channel, bgr, FIRST_STAMP_NS + time_ns)
                index, last_ns = index + 1, time_ns
            if index < self._count:
                self.problem = f'ends after {index} of {self._count} frames'
        finally:
            capture.release()

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""


class PictureFolder:
    """The pictures of a folder in the order of the numbers in their names, 30 a second."""

    def __init__(self, path: Path, max_pixels: int = MAX_IMAGE_PIXELS) -> None:
        """
        List the pictures.

        :param max_pixels: a larger picture is not decoded
        :raises RecordingError: when there is none
        """
        self.path, self.problem = path, ''
        self._max_pixels = max_pixels
        self._paths = pictures_in(path)
        if not self._paths:
            raise RecordingError(f'{path}: wanted pictures ({" ".join(PICTURE_SUFFIXES)})')

    @property
    def channels(self) -> Sequence[Channel]:
        """Its one topic."""
        return [Channel(IMAGE_TOPIC, IMAGE_TYPE, len(self._paths))]

    def records(self, topics: Collection[str]) -> Iterator[Record]:
        """Yield the pictures as serialized images, if their topic is among those wanted."""
        if IMAGE_TOPIC not in topics:
            return
        [channel] = self.channels
        unreadable = []
        for index, path in enumerate(self._paths):
            try:
                bgr = _picture(path, self._max_pixels)
            except (ImageError, OSError) as error:
                unreadable.append(f'{path.name} ({error})')
            else:
                stamp_ns = FIRST_STAMP_NS + round(index / FOLDER_RATE_HZ * 1e9)
                yield _record(channel, bgr, stamp_ns)
        if unreadable:
            self.problem = (
                f'{len(unreadable)} of {len(self._paths)} pictures cannot be read, '
                f'such as {unreadable[0]}'
            )

    def close(self) -> None:
        """Do nothing: no file stays open."""


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder; picture_2 comes before picture_10."""

    def key(path: Path) -> list[tuple[int, str]]:
        parts = re.split(r'(\d+)', path.name)
        return [(int(part), '') if part.isdecimal() else (0, part) for part in parts]

    return sorted(
        (
            each
            for each in folder.iterdir()
            if each.suffix.lower() in PICTURE_SUFFIXES and not each.name.startswith('.')
        ),
        key=key,
    )


def _picture(path: Path, max_pixels: int) -> NDArray[np.uint8]:
    """
    Return the picture in a file, turned as the file says.

    :raises ImageError: when it is too large, cut, no picture or no file
    :raises OSError: when the file cannot be read
    """
    if not path.is_file():
        raise ImageError('wanted a file, got a folder, a device, a pipe or a broken link')
    if path.stat().st_size > MAX_PICTURE_BYTES:
        raise ImageError(
            f'wanted at most {MAX_PICTURE_BYTES >> 20} MiB, got {path.stat().st_size >> 20} MiB'
        )
    data = path.read_bytes()
    size = picture_size(data)
    if size:
        require_size(*size, max_pixels)
    try:
        bgr = None if is_cut(data) else cv2.imdecode(np.frombuffer(data, np.uint8), IN_COLOUR)
    except cv2.error:  # as of a file that is empty
        bgr = None
    if bgr is None:
        raise ImageError(f'wanted a whole picture, got {len(data)} bytes that are none')
    return bgr


def _record(channel: Channel, bgr: NDArray[np.uint8], stamp_ns: int) -> Record:
    header = Header(frame_id=FRAME_ID)
    header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 10**9)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return Record(channel, stamp_ns, serialize_image(rgb, header, 'rgb8'))
