# SPDX-License-Identifier: Apache-2.0
"""
The process of the camera: publishes the film on an image topic, and says the frames' stamps.

Images are serialized beforehand and published as bytes: like a driver in C++, this camera does not
pay for Python's conversion of messages.
"""

from __future__ import annotations

from collections.abc import Callable
import ctypes
from pathlib import Path
import struct
import sys
import time
from typing import Any

import rclpy
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from benchmark.film import back_and_forth, load
from benchmark.processes import serve
from pose_ros.node.allocator import tune_allocator

STAMP_AT = 4  # bytes, in a serialized message that begins with a header
LEAD_S = 0.05
POLL_S = 0.01


class _Picture:
    """A serialized Image whose stamp can be changed."""

    def __init__(self, image: Image) -> None:
        self.serialized = serialize_message(image)
        # These bytes are nobody else's, so they are written in place: a copy would cost as much
        # as publishing does.
        address = ctypes.cast(self.serialized, ctypes.c_void_p).value or 0
        self._stamp_address = address + STAMP_AT

    def stamp(self, stamp_ns: int) -> None:
        ctypes.memmove(self._stamp_address, struct.pack('<iI', *divmod(stamp_ns, 10**9)), 8)


class Camera:
    """Publishes when asked to."""

    def __init__(self, path: Path, topic: str) -> None:
        """Create the publisher, as a driver does, and prepare the images."""
        self._node = rclpy.create_node('camera')
        self._publisher = self._node.create_publisher(Image, topic, QoSProfile(depth=5))
        header = Header(frame_id='camera_optical_frame')
        self._pictures = []
        for rgb in load(path):
            height, width, _ = rgb.shape
            image = Image(
                header=header, height=height, width=width, encoding='rgb8', step=3 * width
            )
            image.data.frombytes(rgb)
            self._pictures.append(_Picture(image))
        self._index = 0

    def wait(self, timeout_s: float) -> bool:
        """Wait for a subscriber; say whether there is one."""
        end_s = time.monotonic() + timeout_s
        while not self._publisher.get_subscription_count():
            if time.monotonic() > end_s:
                return False
            time.sleep(POLL_S)
        return True

    def film(self, seconds: float, rate_hz: float, behind_s: float = 0.0) -> list[int]:
        """
        Publish images, and return their stamps in nanoseconds.

        :param seconds: for how long
        :param rate_hz: of the images
        :param behind_s: how far the stamps lie behind the clock, in seconds
        """
        begin_s, behind_ns, stamps_ns = time.monotonic() + LEAD_S, round(1e9 * behind_s), []
        for number in range(round(seconds * rate_hz)):
            time.sleep(max(0.0, begin_s + number / rate_hz - time.monotonic()))
            picture = self._pictures[back_and_forth(self._index)]
            self._index += 1
            stamps_ns.append(time.time_ns() - behind_ns)
            picture.stamp(stamps_ns[-1])
            self._publisher.publish(picture.serialized)
        return stamps_ns

    def close(self) -> None:
        """Destroy the node."""
        self._node.destroy_node()


def main() -> None:
    """Serve requests to the end of standard input."""
    tune_allocator()
    path, topic = sys.argv[1:]
    rclpy.init()
    camera = Camera(Path(path), topic)

    commands: dict[str, Callable[..., Any]] = {'wait': camera.wait, 'film': camera.film}

    def handle(command: str, **arguments: Any) -> Any:
        return commands[command](**arguments)

    serve(handle)
    camera.close()
    rclpy.shutdown()


if __name__ == '__main__':
    main()
