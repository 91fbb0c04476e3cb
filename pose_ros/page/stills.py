# SPDX-License-Identifier: Apache-2.0
"""Finds the people in pictures that visitors send, through a pose node's service `~/detect`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from pose_ros.images.jpeg import jpeg
from pose_ros.page.node_client import NodeClient
from pose_ros.page.ros_thread import ServiceError
from pose_ros.page.uploads import MOST_PIXELS, decode_upload
from pose_ros.page.wire import pack
from pose_ros.srv import DetectPoses

__all__ = ['MOST_BYTES', 'StillError', 'Stills', 'decoded']

MOST_BYTES = 20_000_000  # of a file; cameras' JPEGs have 5 to 15
LONGER_SIDE_PX = 1920  # the networks look at 256; more only takes time on its way
AT_ONCE = 2  # pictures in work: each is some megabytes, and the node takes one at a time
MOST_WAITING = 8  # pictures in memory; a page sends one after the other


class StillError(ValueError):
    """A picture cannot be worked on; one line for the visitor."""


def decoded(data: bytes) -> NDArray[np.uint8]:
    """
    Return the picture in a file, turned as the file says, and not larger than is of use.

    :returns: rgb, uint8 (H, W, 3)
    :raises StillError: when it is too large, or no picture
    """
    if len(data) > MOST_BYTES:
        raise StillError(f'wanted at most {MOST_BYTES // 10**6} MB, got {len(data) // 10**6}')
    rgb = decode_upload(data)
    if rgb is None:
        raise StillError(
            f'wanted a JPEG, PNG or WebP of at most {MOST_PIXELS // 10**6} million pixels, '
            'got something else'
        )
    scale = LONGER_SIDE_PX / max(rgb.shape[:2])
    if scale < 1:
        rgb = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return rgb


class Stills:
    """Works on pictures of all visitors, few at a time."""

    def __init__(self) -> None:
        """Work on nothing yet."""
        self._room = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """
        Hold a place for a picture, from before it is received until it is answered.

        :raises StillError: when all are taken
        """
        if self._waiting >= MOST_WAITING:
            raise StillError(f'{MOST_WAITING} pictures wait already; try again in some seconds')
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def find(self, client: NodeClient, data: bytes) -> bytes:
        """
        Return a picture and its people, packed for the browser.

        :param client: of the node that finds them
        :param data: a file with a picture
        :raises StillError: when the picture or the node does not do
        """
        async with self._room:
            rgb = await asyncio.to_thread(decoded, data)
            request = DetectPoses.Request(image=_message(rgb))
            try:
                response: Any = await client.detect(request)
            except ServiceError as error:
                raise StillError(f'{error}: is the node configured?') from error
            if not response.success:
                raise StillError(response.message)
            shown = await asyncio.to_thread(jpeg, rgb, 85)
        return pack(0, serialize_message(response.result), shown.tobytes(), b'')


def _message(rgb: NDArray[np.uint8]) -> Image:
    height, width, _ = rgb.shape
    message = Image(height=height, width=width, encoding='rgb8', step=3 * width)
    message.data.frombytes(np.ascontiguousarray(rgb).data)
    return message
