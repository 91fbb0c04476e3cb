# SPDX-License-Identifier: Apache-2.0
"""Converts an `Image` or a `CompressedImage` to RGB pixels with the header and its stamp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.images.compressed import decode
from pose_ros.images.encodings import ENCODINGS
from pose_ros.images.picture_size import MAX_IMAGE_PIXELS, require_size
from pose_ros.images.quoted import quoted
from pose_ros.images.rows import ImageError
from pose_ros.images.sample_scale import SampleScale

__all__ = ['Frame', 'FrameError', 'FrameReader', 'stamp_ns', 'to_frame']


class FrameError(ImageError):
    """A message that holds no usable picture: one line with what was wanted and what came."""


@dataclass(frozen=True, eq=False)
class Frame:
    """
    One picture of a camera.

    :param rgb: uint8 (H, W, 3) in 0-255, C-contiguous and read-only. For a message in rgb8 without
        row padding it is a view of the message's data, which must be left alone while it is used
    :param header: the message's own header, untouched
    :param stamp_ns: the header's stamp in nanoseconds
    :param remark: one line for the log on how the message was read, where that is news; else ''
    """

    rgb: NDArray[np.uint8]
    header: Header
    stamp_ns: int
    remark: str = ''


class FrameReader:
    """
    Reads the images of one stream.

    :ivar max_pixels: the most pixels that an image may have; may be changed between two images
    """

    def __init__(self, max_pixels: int = MAX_IMAGE_PIXELS) -> None:
        """Begin without having seen an image."""
        self.max_pixels = max_pixels
        self._format = ''
        self._scale = SampleScale()

    def read(self, message: Image | CompressedImage) -> Frame:
        """
        Return the picture in the next message.

        16 bit samples are scaled by the bits that the stream was seen to use, see SampleScale;
        8UC3 and 8UC4 count as BGR and BGRA, as OpenCV has them; an alpha channel is dropped; the
        orientation noted in a JPEG is ignored.

        :param message: an Image in one of ENCODINGS, whose last row may lack the padding; or a
            CompressedImage with a JPEG, a PNG, a TIFF or a BMP
        :raises FrameError: when the picture is empty or too large, which is seen before anything
            is decoded; when width, height, step and data contradict one another; when the encoding
            is unknown; when the compressed data is truncated or no picture
        :raises ImportError: see require_cv_bridge
        """
        try:
            rgb = self._decode(message)
        except ImageError as error:
            raise FrameError(str(error)) from error
        rgb.flags.writeable = False
        return Frame(rgb, message.header, stamp_ns(message.header), self._scale.remark())

    def _decode(self, message: Image | CompressedImage) -> NDArray[np.uint8]:
        is_compressed = isinstance(message, CompressedImage)
        image_format = message.format if is_compressed else message.encoding
        if image_format != self._format:  # another camera
            self._format, self._scale = image_format, SampleScale()
        if is_compressed:
            return decode(message, self._scale, self.max_pixels)
        require_size(message.width, message.height, self.max_pixels)
        if image_format not in ENCODINGS:
            raise ImageError(
                f'encoding: wanted one of {", ".join(ENCODINGS)}; got {quoted(image_format)}'
            )
        return ENCODINGS[image_format](message, self._scale)


def to_frame(message: Image | CompressedImage, max_pixels: int = MAX_IMAGE_PIXELS) -> Frame:
    """Return the picture in a message that belongs to no stream, as FrameReader.read does."""
    return FrameReader(max_pixels).read(message)


def stamp_ns(header: Header) -> int:
    """Return a header's stamp in nanoseconds."""
    return int(header.stamp.sec) * 10**9 + int(header.stamp.nanosec)
