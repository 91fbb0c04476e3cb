# SPDX-License-Identifier: Apache-2.0
"""
The process of the pose node, with the times of every frame in a file.

It runs the node's own main(). Two methods are wrapped to look at the clock, at a cost of some
microseconds a frame: the one that takes an image from the topic, and the one that runs MediaPipe.
"""

from __future__ import annotations

import os
import struct
import sys
from threading import current_thread
import time
from typing import Any

from pose_ros.detection.landmarker import Landmarker
from pose_ros.node.image_stream import ImageStream
from pose_ros.pose_node import main

__all__ = ['RECORD']

RECORD = struct.Struct(
    '<qqqq'
)  # header stamp, image taken, MediaPipe begun and ended; nanoseconds
IMAGES_THREAD = 'images'
STAMP = struct.Struct('<4xiI')  # in a serialized message that begins with a header


def time_frames(file: int) -> None:
    """Write a RECORD for every call of MediaPipe from now on."""
    take, detect = ImageStream.take, Landmarker.detect
    times_ns = [0, 0]

    def timed_take(self: ImageStream) -> Any:
        taken = take(self)
        if taken is not None:
            sec, nanosec = STAMP.unpack_from(taken.serialized)
            times_ns[:] = sec * 10**9 + nanosec, time.time_ns()
        return taken

    def timed_detect(self: Landmarker, *arguments: Any) -> Any:
        if current_thread().name != IMAGES_THREAD:  # another landmarker gets ready
            return detect(self, *arguments)
        begun_ns = time.time_ns()
        poses = detect(self, *arguments)
        os.write(file, RECORD.pack(*times_ns, begun_ns, time.time_ns()))
        return poses

    setattr(ImageStream, 'take', timed_take)  # noqa: B010 (mypy refuses an assignment)
    setattr(Landmarker, 'detect', timed_detect)  # noqa: B010 (mypy refuses an assignment)


if __name__ == '__main__':
    time_frames(os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    sys.exit(main())
