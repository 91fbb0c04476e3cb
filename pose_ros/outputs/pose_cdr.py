# SPDX-License-Identifier: Apache-2.0
"""
Serializes `Poses` and the header of their image to a `PoseLandmarksArray`.

How the fields lie is derived from the message's definition. Message objects, 66 landmarks a
person, would take five times as long to fill and to serialize.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from std_msgs.msg import Header

from pose_ros.images.image_cdr import ENCAPSULATION, serialize_header
from pose_ros.msg import Landmark, PoseLandmarks, PoseLandmarksArray
from pose_ros.outputs.cdr_layout import Layout, LayoutError
from pose_ros.poses.geometry import visible_box_px
from pose_ros.poses.poses import COLUMNS, Poses

__all__ = ['serialize_poses']

POSES = list(PoseLandmarksArray.get_fields_and_field_types()).index('poses')
COUNT_BYTES = 4  # of the number of a sequence's elements, before them

# By where they begin, modulo the largest alignment: the array between its header and its poses,
# one of its poses, and what may follow them one day.
STARTS = range(8)
SIZE_AT = [Layout(PoseLandmarksArray, start, slice(1, POSES)) for start in STARTS]
POSE_AT = [Layout(PoseLandmarks, start) for start in STARTS]
END_AT = [Layout(PoseLandmarksArray, start, slice(POSES + 1, None)) for start in STARTS]
# A landmark's values lie as in `Poses`, so that all landmarks are copied at once.
if list(Landmark.get_fields_and_field_types().items()) != [(name, 'float') for name in COLUMNS]:
    raise LayoutError(f'Landmark.msg: wanted float32 {", ".join(COLUMNS)}')


def serialize_poses(result: Poses, header: Header, width: int, height: int) -> bytes:
    """
    Return the serialized message of one frame, for a publisher of PoseLandmarksArray.

    :param result: N people; every landmark goes into the message in its place, bit for bit
    :param header: the image's own; it becomes the message's header as it is
    :param width: of the image, pixels
    :param height: of the image, pixels
    """
    serialized = bytearray(serialize_header(header))
    size = SIZE_AT[len(serialized) % 8]
    serialized += size.pack({'image_width': width, 'image_height': height})
    serialized += bytes(-len(serialized) % COUNT_BYTES)
    serialized += len(result).to_bytes(COUNT_BYTES, 'little')
    for values in _values(result, width, height):
        serialized += POSE_AT[len(serialized) % 8].pack(values)
    serialized += END_AT[len(serialized) % 8].pack({})
    return ENCAPSULATION + serialized


def _values(result: Poses, width: int, height: int) -> Iterator[dict[str, Any]]:
    """Yield the values of each person's PoseLandmarks by the names of their fields."""
    for track_id, confidence, landmarks, world_landmarks, position, error, source in zip(
        result.track_ids.tolist(),
        result.confidence.tolist(),
        result.landmarks,
        result.world_landmarks,
        result.positions.tolist(),
        result.position_errors.tolist(),
        result.position_sources.tolist(),
        strict=True,
    ):
        left, top, box_width, box_height = visible_box_px(landmarks, width, height)
        yield {
            'track_id': track_id,
            'confidence': confidence,
            'roi.x_offset': left,
            'roi.y_offset': top,
            'roi.width': box_width,
            'roi.height': box_height,
            'landmarks': landmarks.astype('<f4').tobytes(),
            'world_landmarks': world_landmarks.astype('<f4').tobytes(),
            'position.x': position[0],
            'position.y': position[1],
            'position.z': position[2],
            'position_error': error,
            'position_source': source,
        }
