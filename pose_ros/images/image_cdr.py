# SPDX-License-Identifier: Apache-2.0
"""
Serializes pixels to an `Image`, and reads a serialized `Image` without copying its pixels.

It does what the middleware would do with message objects, in a fraction of the time: pixels are
copied once instead of three times, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

__all__ = [
    'ENCAPSULATION',
    'SerializedImage',
    'can_be_read',
    'read_image',
    'serialize_header',
    'serialize_image',
]

# CDR, little endian, as in the OMG's DDS-RTPS 2.2, chapter 10. Each value begins at a multiple of
# its size, counted from behind these four bytes.
ENCAPSULATION = b'\0\1\0\0'
LITTLE_ENDIAN = ENCAPSULATION[:2]  # the rest are options, of no concern to a reader


@dataclass
class SerializedImage:
    """What an Image has; its data is a view of the serialized message."""

    header: Header
    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: memoryview


def serialize_image(pixels: NDArray[Any], header: Header, encoding: str) -> bytes:
    """
    Return the serialized message of one picture, for a publisher of Image.

    :param pixels: (H, W) or (H, W, channels), as the encoding wants them
    :param header: goes into the message as it is
    :param encoding: one of sensor_msgs/image_encodings.hpp; the rows have no padding
    """
    little_endian = np.ascontiguousarray(pixels, pixels.dtype.newbyteorder('<'))
    height, width = pixels.shape[:2]
    code = encoding.encode() + b'\0'
    head = serialize_header(header) + struct.pack(
        f'<III{len(code)}s?', height, width, len(code), code, False
    )  # not big-endian
    sizes = struct.pack('<II', pixels.nbytes // height, pixels.nbytes)
    return b''.join((ENCAPSULATION, head, bytes(-len(head) % 4), sizes, little_endian.data))


def can_be_read(serialized: bytes) -> bool:
    """Say whether read_image() knows how a message was serialized: not by big-endian machines."""
    return serialized.startswith(LITTLE_ENDIAN)


def read_image(serialized: bytes) -> SerializedImage:
    """
    Return the image in a serialized Image without a copy of its pixels.

    :raises struct.error, UnicodeDecodeError: when it is none
    """
    header, begin = Header(), len(ENCAPSULATION)
    header.stamp.sec, header.stamp.nanosec = struct.unpack_from('<iI', serialized, begin)
    header.frame_id, end = _read_string(serialized, begin + 8)
    height, width = struct.unpack_from('<II', serialized, _aligned(end))
    encoding, end = _read_string(serialized, _aligned(end) + 8)
    begin = _aligned(end + 1) + 8
    step, size = struct.unpack_from('<II', serialized, begin - 8)
    return SerializedImage(
        header,
        height,
        width,
        encoding,
        serialized[end],
        step,
        memoryview(serialized)[begin : begin + size],
    )


def _aligned(at: int) -> int:
    return at + -at % 4


def _read_string(serialized: bytes, at: int) -> tuple[str, int]:
    """Return the string that begins there, and where it ends."""
    begin = at + 4
    (length,) = struct.unpack_from('<I', serialized, at)
    return serialized[begin : begin + length - 1].decode(), begin + length


def serialize_header(header: Header) -> bytes:
    """Return a serialized Header, up to where an integer can follow."""
    stamp, frame_id = header.stamp, header.frame_id.encode() + b'\0'
    serialized = struct.pack(
        f'<iII{len(frame_id)}s', stamp.sec, stamp.nanosec, len(frame_id), frame_id
    )
    return serialized + bytes(-len(serialized) % 4)
