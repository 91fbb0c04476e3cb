# SPDX-License-Identifier: Apache-2.0
"""Makes random messages that a camera should not send: damaged, odd, contradictory, huge."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import time_ns
from typing import Any, TypeAlias
import zlib

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from simulation.ros_world import image_message

__all__ = ['Garbage', 'Message']

Message: TypeAlias = Any  # of ROS, or serialized

ENCODINGS = (
    *('rgb8', 'bgr8', 'rgba8', 'bgra8', 'mono8', 'mono16', '8UC1', '8UC3', '16UC1', '32FC1'),
    *('yuv422', 'yuv422_yuy2', 'uyvy', 'nv12', 'nv21', 'bayer_rggb8', 'bayer_gbrg16', '64FC4'),
    *('', 'magenta7', 'RGB8', 'rgb8 ', '8UC999', '32FC', 'a' * 3000),
)
SIDES = (0, 1, 2, 3, 7, 64, 481, 32767, 65535, 2**31 - 1, 2**31, 2**32 - 1)
STAMPS_S = (0, 1, -1, -(2**31), 2**31 - 1, 10**9)
LATIN_1 = b'cam\xe9ra_optical_frame'  # not UTF-8
PNG = b'\x89PNG\r\n\x1a\n'


class Garbage:
    """Random messages, the same ones for the same seed."""

    def __init__(self, random: Random, rgb: NDArray[np.uint8]) -> None:
        """
        Take a picture to spoil.

        :param rgb: of a person
        """
        self._random = random
        self._rgb = np.ascontiguousarray(cv2.resize(rgb, (160, 160)), np.uint8)
        self._jpeg = cv2.imencode('.jpg', self._rgb)[1].tobytes()
        self._png = cv2.imencode('.png', self._rgb)[1].tobytes()

    def image(self) -> Message:
        """Return an Image."""
        kinds: tuple[Callable[[], Message], ...] = (
            *(self._damaged_image, self._latin_1_image, self._contradictory_image),
            *(self._long_image, self._tiny_image, self._noise, self._large_image),
            *(self._oddly_stamped_image, self._oddly_framed_image),
        )
        return self._random.choice(kinds)()

    def image_request(self) -> Image:
        """Return an Image that a service request can hold."""
        while not isinstance(image := self.image(), Image):
            pass
        return image

    def depth(self) -> Message:
        """Return a depth image that fits no picture, or is none."""
        if self._random.random() < 0.3:
            return self.image()
        height, width = self._random.choice(((160, 160), (48, 64), (1, 1), (480, 848)))
        pixels = self._random.choice(
            (
                np.zeros((height, width), np.uint16),
                np.full((height, width), 65535, np.uint16),
                np.full((height, width), np.nan, np.float32),
                np.full((height, width), -1.0, np.float32),
            )
        )
        message = self._stamped(time_ns())
        message.height, message.width = height, width
        message.encoding = '16UC1' if pixels.dtype == np.uint16 else '32FC1'
        message.step = width * pixels.itemsize
        message.data = pixels.tobytes()
        return message

    def compressed_image(self) -> Message:
        """Return a CompressedImage."""
        cut = self._random.randrange(len(self._jpeg))
        data = self._random.choice(
            (
                b'',
                self._jpeg[:cut],
                self._jpeg[:cut] + self._random.randbytes(40) + self._jpeg[cut + 40 :],
                self._png[: self._random.randrange(len(self._png))],
                self._random.randbytes(500),
                _png_that_claims(30000, 30000),
                _jpeg_that_claims(self._jpeg, 30000),
                b'GIF89a' + bytes(100),
            )
        )
        header = self._stamped(time_ns()).header
        kind = self._random.choice(('jpeg', 'png', 'rgb8; jpeg compressed bgr8', '', 'h264'))
        message = CompressedImage(header=header, format=kind, data=data)
        return self._cut(message) if self._random.random() < 0.2 else message

    def camera_info(self) -> Message:
        """Return a CameraInfo."""
        numbers = (0.0, -1.0, 1e-300, 1e308, float('nan'), float('inf'), 300.0)
        message = CameraInfo(
            header=self._stamped(time_ns()).header,
            width=self._random.choice(SIDES),
            height=self._random.choice(SIDES),
            distortion_model=self._random.choice(
                ('', 'plumb_bob', 'equidistant', 'rational_polynomial', 'nonsense')
            ),
            d=self._random.choices(numbers, k=self._random.choice((0, 1, 4, 5, 8, 14, 100))),
            k=self._random.choices(numbers, k=9),
            r=self._random.choices(numbers, k=9),
            p=self._random.choices(numbers, k=12),
            binning_x=self._random.choice(SIDES),
        )
        message.roi.width = self._random.choice(SIDES)
        return self._cut(message) if self._random.random() < 0.2 else message

    def _stamped(self, stamp_ns: int) -> Image:
        return image_message(self._rgb, stamp_ns)

    def _cut(self, message: Message) -> bytes:
        whole = serialize_message(message)
        return whole[: self._random.randrange(4, len(whole))]

    def _damaged_image(self) -> bytes:
        whole = bytearray(serialize_message(self._stamped(time_ns())))
        if self._random.random() < 0.5:
            return bytes(whole[: self._random.randrange(4, len(whole))])
        for _ in range(3):
            whole[self._random.randrange(4, 80)] = self._random.randrange(256)
        return bytes(whole)

    def _latin_1_image(self) -> bytes:
        whole: bytes = serialize_message(self._stamped(time_ns()))
        return whole.replace(b'camera_optical_frame', LATIN_1)

    def _contradictory_image(self) -> Image:
        message = self._stamped(time_ns())
        message.encoding = self._random.choice(ENCODINGS)
        if self._random.random() < 0.7:
            message.width, message.height, message.step = self._random.choices(SIDES, k=3)
        message.is_bigendian = self._random.choice((0, 1, 255))
        return message

    def _long_image(self) -> Image:
        height, width = self._random.choice(((32767, 1), (1, 32767), (8, 40000), (65536, 2)))
        return image_message(np.zeros((height, width, 3), np.uint8), time_ns())

    def _tiny_image(self) -> Image:
        height, width = self._random.randint(1, 4), self._random.randint(1, 4)
        return image_message(np.zeros((height, width, 3), np.uint8), time_ns())

    def _large_image(self) -> Image:
        return image_message(np.full((3000, 4000, 3), 90, np.uint8), time_ns())

    def _noise(self) -> Image:
        pixels = np.frombuffer(self._random.randbytes(3 * 128 * 128), np.uint8)
        return image_message(pixels.reshape(128, 128, 3), time_ns())

    def _oddly_stamped_image(self) -> Image:
        message = self._stamped(time_ns())
        message.header.stamp.sec = self._random.choice(STAMPS_S)
        message.header.stamp.nanosec = self._random.choice((0, 1, 999_999_999, 2**32 - 1))
        return message

    def _oddly_framed_image(self) -> Image:
        message = self._stamped(time_ns())
        message.header.frame_id = self._random.choice(('', '/', 'a b', 'ä' * 5000, 'x/../y'))
        return message


def _png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG whose header says so, of zeros."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, 'big')
        return len(data).to_bytes(4, 'big') + kind + data + check

    size = width.to_bytes(4, 'big') + height.to_bytes(4, 'big')
    rows = zlib.compress(bytes(100_000))
    return PNG + chunk(b'IHDR', size + b'\x08\x00\x00\x00\x00') + chunk(b'IDAT', rows)


def _jpeg_that_claims(jpeg: bytes, side: int) -> bytes:
    """Return a JPEG whose frame header says so."""
    at = jpeg.index(b'\xff\xc0') + 5
    return jpeg[:at] + side.to_bytes(2, 'big') * 2 + jpeg[at + 4 :]
