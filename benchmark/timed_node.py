# SPDX-License-Identifier: Apache-2.0
"""
The process of the pose node, with the times of every frame in a file.

It runs the node's own main(). Two functions are wrapped to look at the clock, at a cost of some
microseconds a frame: the one that first sees an image, and the one that runs MediaPipe.
"""

from __future__ import annotations

from collections.abc import Callable
import os
import struct
import sys
import time
from typing import Any

from pose_ros.detection import landmarker
from pose_ros.images import frame
from pose_ros.pose_node import main

__all__ = ['RECORD']

RECORD = struct.Struct('<qqqq')  # header stamp, image seen, MediaPipe begun and ended; nanoseconds


def time_frames(file: int) -> None:
    """Write a RECORD for every call of MediaPipe from now on."""
    to_frame, detect = frame.to_frame, landmarker.Landmarker.detect
    times_ns = [0, 0]

    def timed_to_frame(message: Any) -> frame.Frame:
        seen_ns = time.time_ns()
        made = to_frame(message)
        times_ns[:] = made.stamp_ns, seen_ns
        return made

    def timed_detect(self: landmarker.Landmarker, *arguments: Any) -> Any:
        begun_ns = time.time_ns()
        result = detect(self, *arguments)
        os.write(file, RECORD.pack(*times_ns, begun_ns, time.time_ns()))
        return result

    frame.to_frame = timed_to_frame
    wrapped: Callable[..., Any] = timed_detect
    landmarker.Landmarker.detect = wrapped


if __name__ == '__main__':
    time_frames(os.open(sys.argv.pop(1), os.O_WRONLY | os.O_CREAT | os.O_APPEND))
    sys.exit(main())
