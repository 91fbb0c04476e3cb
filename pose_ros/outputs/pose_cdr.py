# SPDX-License-Identifier: Apache-2.0
"""Serializes `Poses` and the header of their image to a `PoseLandmarksArray`."""

from __future__ import annotations

import struct

from std_msgs.msg import Header

from pose_ros.images.image_cdr import ENCAPSULATION, serialize_header
from pose_ros.outputs.pose_message import visible_box_px
from pose_ros.poses.poses import Poses

__all__ = ['serialize_poses']

# A PoseLandmarks before its landmarks, and from its position on.
POSE_HEAD, POSE_END = struct.Struct('<if4I?3x'), struct.Struct('<3dfB')


def serialize_poses(result: Poses, header: Header, width: int, height: int) -> bytes:
    """
    Return the serialized message of one frame, for a publisher of PoseLandmarksArray.

    :param result: N people; every landmark goes into the message in its place, bit for bit
    :param header: the image's own; it becomes the message's header as it is
    :param width: of the image, pixels
    :param height: of the image, pixels
    """
    serialized = bytearray(
        serialize_header(header) + struct.pack('<III', width, height, len(result))
    )
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
        serialized += bytes(-len(serialized) % 4)
        serialized += POSE_HEAD.pack(track_id, confidence, left, top, box_height, box_width, False)
        serialized += landmarks.astype('<f4').tobytes()
        serialized += world_landmarks.astype('<f4').tobytes()
        serialized += bytes(-len(serialized) % 8)
        serialized += POSE_END.pack(*position, error, source)
    return ENCAPSULATION + serialized
