# SPDX-License-Identifier: Apache-2.0
"""Turns serialized images into what a browser shows, once for all who look, and only on demand."""

from __future__ import annotations

from functools import cached_property
from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.images.frame import FrameError, to_frame
from pose_ros.images.jpeg import jpeg
from pose_ros.stream.serialized import read_message

__all__ = ['InstanceMask', 'Picture']

SHOWN_BY_BROWSERS = (b'\xff\xd8', b'\x89PNG')  # JPEG and PNG begin so
MASK_WIDTH_PX = 320  # a tint needs no more
FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)


class _Encoded:
    """A message whose encoded form is made by the first who asks; others wait for it."""

    def __init__(self, serialized: bytes) -> None:
        self._serialized = serialized
        self._lock = Lock()

    def __len__(self) -> int:
        """Return the size of the message in bytes."""
        return len(self._serialized)

    def encoded(self) -> bytes:
        """Return it as a file for the browser; empty when it cannot be shown."""
        with self._lock:
            return self._once

    @cached_property
    def _once(self) -> bytes:
        try:
            return self._encode()
        except (FrameError, ValueError, ImportError, cv2.error):
            return b''  # the node says why: it has met the same message

    def _encode(self) -> bytes:
        raise NotImplementedError


class Picture(_Encoded):
    """An image of the camera."""

    def __init__(self, message_type: type, serialized: bytes, quality: int) -> None:
        """
        Encode nothing yet.

        :param message_type: Image or CompressedImage
        :param quality: of the JPEG that an Image becomes, 1-100
        """
        super().__init__(serialized)
        self._message_type, self._quality = message_type, quality

    def rgb(self) -> NDArray[np.uint8]:
        """
        Return the pixels, uint8 (H, W, 3).

        :raises FrameError: when there are none
        """
        return to_frame(read_message(self._serialized, self._message_type)).rgb

    def compressed(self) -> bytes:
        """
        Return it as a serialized CompressedImage, for a recording.

        :raises FrameError: when it is damaged
        """
        if self._message_type is CompressedImage:
            return self._serialized
        header = read_message(self._serialized, self._message_type).header
        message = CompressedImage(header=header, format='rgb8; jpeg compressed bgr8')
        message.data.frombytes(self.encoded())
        return serialize_message(message)

    def _encode(self) -> bytes:
        if self._message_type is CompressedImage:
            message = read_message(self._serialized, CompressedImage)
            data = message.data.tobytes()
            if data.startswith(SHOWN_BY_BROWSERS):
                return data
        return jpeg(self.rgb(), self._quality).tobytes()


class InstanceMask(_Encoded):
    """At each pixel 0, or 1 + the index of the person: a small grey PNG."""

    def _encode(self) -> bytes:
        image = read_message(self._serialized, Image)
        grey = np.frombuffer(image.data, np.uint8).reshape(image.height, image.step)
        grey = grey[:, : image.width]
        height = max(1, round(image.height * MASK_WIDTH_PX / image.width))
        small = cv2.resize(grey, (MASK_WIDTH_PX, height), interpolation=cv2.INTER_NEAREST)
        return cv2.imencode('.png', small, FAST)[1].tobytes()
