"""
A `Result` or pixels and a header in, a serialized `PoseLandmarksArray` or `Image` out, or back.

What the middleware would make of the message objects, in a fraction of the time: arrays lie in
memory as the serialized message wants them, so landmarks need not go number by number through
Python objects, and pixels are copied once instead of three times, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from .messages import visible_box_px

if TYPE_CHECKING:
    from .result import Result

__all__ = ['SerializedImage', 'can_be_read', 'read_image', 'serialize_image', 'serialize_poses']

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


# A PoseLandmarks before its landmarks, and from its position on.
POSE_HEAD, POSE_END = struct.Struct('<if4I?3x'), struct.Struct('<3dfB')


def serialize_poses(result: Result, header: Header, width: int, height: int) -> bytes:
    """
    Return the serialized message of one frame, for a publisher of PoseLandmarksArray.

    :param result: N people; every landmark goes into the message in its place, bit for bit
    :param header: the image's own; it becomes the message's header as it is
    :param width: of the image, pixels
    :param height: of the image, pixels
    """
    serialized = bytearray(_header(header) + struct.pack('<III', width, height, len(result)))
    for track_id, confidence, landmarks, world_landmarks, position, error, source in zip(
            result.track_ids.tolist(), result.confidence.tolist(), result.landmarks,
            result.world_landmarks, result.positions.tolist(), result.position_errors.tolist(),
            result.position_sources.tolist(), strict=True):
        left, top, box_width, box_height = visible_box_px(landmarks, width, height)
        serialized += bytes(-len(serialized) % 4)
        serialized += POSE_HEAD.pack(
            track_id, confidence, left, top, box_height, box_width, False)
        serialized += landmarks.astype('<f4').tobytes()
        serialized += world_landmarks.astype('<f4').tobytes()
        serialized += bytes(-len(serialized) % 8)
        serialized += POSE_END.pack(*position, error, source)
    return ENCAPSULATION + serialized


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
    head = _header(header) + struct.pack(
        f'<III{len(code)}s?', height, width, len(code), code, False)  # not big-endian
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
    return SerializedImage(header, height, width, encoding, serialized[end], step,
                           memoryview(serialized)[begin:begin + size])


def _aligned(at: int) -> int:
    return at + -at % 4


def _read_string(serialized: bytes, at: int) -> tuple[str, int]:
    """Return the string that begins there, and where it ends."""
    begin = at + 4
    length, = struct.unpack_from('<I', serialized, at)
    return serialized[begin:begin + length - 1].decode(), begin + length


def _header(header: Header) -> bytes:
    """Return a serialized Header, up to where an integer can follow."""
    stamp, frame_id = header.stamp, header.frame_id.encode() + b'\0'
    serialized = struct.pack(f'<iII{len(frame_id)}s', stamp.sec, stamp.nanosec, len(frame_id),
                             frame_id)
    return serialized + bytes(-len(serialized) % 4)
