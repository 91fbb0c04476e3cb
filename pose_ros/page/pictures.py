# SPDX-License-Identifier: Apache-2.0
"""Turns serialized images into what a browser shows, once for all who look, and only on demand."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.images.frame import FrameError, to_frame
from pose_ros.images.image_cdr import can_be_read, read_image
from pose_ros.images.jpeg import jpeg

__all__ = ['InstanceMask', 'Picture']

SHOWN_BY_BROWSERS = (b'\xff\xd8', b'\x89PNG')  # JPEG and PNG begin so
MASK_WIDTH_PX = 320  # a tint needs no more
FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)


class _Encoded:
    """A message whose encoded form is made by the first who asks; others wait for it."""

    def __init__(self) -> None:
        self._lock = Lock()

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
        super().__init__()
        self._message_type, self._serialized, self._quality = message_type, serialized, quality

    def rgb(self) -> NDArray[np.uint8]:
        """
        Return the pixels, uint8 (H, W, 3).

        :raises FrameError: when there are none
        """
        return to_frame(_message(self._message_type, self._serialized)).rgb

    def _encode(self) -> bytes:
        if self._message_type is CompressedImage:
            message = deserialize_message(self._serialized, CompressedImage)
            data = message.data.tobytes()
            if data.startswith(SHOWN_BY_BROWSERS):
                return data
        return jpeg(self.rgb(), self._quality).tobytes()


class InstanceMask(_Encoded):
    """At each pixel 0, or 1 + the index of the person: a small grey PNG."""

    def __init__(self, serialized: bytes) -> None:
        """Encode nothing yet."""
        super().__init__()
        self._serialized = serialized

    def _encode(self) -> bytes:
        image = _message(Image, self._serialized)
        grey = np.frombuffer(image.data, np.uint8).reshape(image.height, image.step)
        grey = grey[:, : image.width]
        height = max(1, round(image.height * MASK_WIDTH_PX / image.width))
        small = cv2.resize(grey, (MASK_WIDTH_PX, height), interpolation=cv2.INTER_NEAREST)
        return cv2.imencode('.png', small, FAST)[1].tobytes()


def _message(message_type: type, serialized: bytes) -> Any:
    if message_type is Image and can_be_read(serialized):
        return read_image(serialized)
    return deserialize_message(serialized, message_type)
