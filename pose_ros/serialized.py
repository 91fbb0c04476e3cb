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
from .skeleton import Landmark

if TYPE_CHECKING:
    from .result import Result

__all__ = ['SerializedImage', 'can_be_read', 'read_image', 'serialize_image', 'serialize_poses']

# CDR, little endian, as in the OMG's DDS-RTPS 2.2, chapter 10. Each value begins at a multiple of
# its size, counted from behind these four bytes.
ENCAPSULATION = b'\0\1\0\0'
LARGEST = 8
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


def _pose(gap: int) -> np.dtype[np.void]:
    """Return a serialized PoseLandmarks, up to where the next begins."""
    landmarks = (len(Landmark), 5)
    return np.dtype([
        ('track_id', '<i4'), ('confidence', '<f4'),
        ('roi', '<u4', 4), ('do_rectify', '?'), ('gap_1', 'V3'),
        ('landmarks', '<f4', landmarks), ('world_landmarks', '<f4', landmarks),
        ('gap_2', f'V{gap}'), ('position', '<f8', 3),
        ('position_error', '<f4'), ('position_source', 'u1'), ('gap_3', 'V3')])


POSE_AT = {0: _pose(gap=4), 4: _pose(gap=0)}  # by where it begins, modulo LARGEST
LAST_GAP = POSE_AT[0]['gap_3'].itemsize


def serialize_poses(result: Result, header: Header, width: int, height: int) -> bytes:
    """
    Return the serialized message of one frame, for a publisher of PoseLandmarksArray.

    :param result: N people; every landmark goes into the message in its place, bit for bit
    :param header: the image's own; it becomes the message's header as it is
    :param width: of the image, pixels
    :param height: of the image, pixels
    """
    parts = [_header(header)]
    parts.append(struct.pack('<III', width, height, len(result)))
    end = sum(map(len, parts))
    confidences = result.confidence
    for i, landmarks in enumerate(result.landmarks):
        pose = np.zeros((), POSE_AT[end % LARGEST])
        left, top, box_width, box_height = visible_box_px(landmarks, width, height)
        pose['track_id'] = result.track_ids[i]
        pose['confidence'] = confidences[i]
        pose['roi'] = left, top, box_height, box_width
        pose['landmarks'] = landmarks
        pose['world_landmarks'] = result.world_landmarks[i]
        pose['position'] = result.positions[i]
        pose['position_error'] = result.position_errors[i]
        pose['position_source'] = result.position_sources[i]
        parts.append(pose.tobytes())
        end += pose.nbytes
    serialized = ENCAPSULATION + b''.join(parts)
    return serialized[:-LAST_GAP] if len(result) else serialized


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
