# SPDX-License-Identifier: Apache-2.0
"""Reads serialized messages, from a topic or from a recording."""

from __future__ import annotations

from typing import Any

from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image

from pose_ros.images.frame import FrameError
from pose_ros.images.image_cdr import can_be_read, read_image

__all__ = ['read_message']


def read_message(serialized: bytes, message_type: type) -> Any:
    """
    Return a message: the pixels of an `Image` without a copy where that is known.

    :param serialized: the message in CDR
    :param message_type: its class
    :raises FrameError: when it is damaged
    """
    try:
        if message_type is Image and can_be_read(serialized):
            return read_image(serialized)
        return deserialize_message(serialized, message_type)
    except Exception as error:  # struct's, Unicode's and the middleware's own
        raise FrameError(
            f'message: wanted a serialized {message_type.__name__}, got '
            f'{len(serialized)} bytes that are damaged ({error})'
        ) from error
