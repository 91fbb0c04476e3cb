# SPDX-License-Identifier: Apache-2.0
"""The process of the demo camera: start, spin, and an orderly end with its source or a signal."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

__all__ = ['main']


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)  # nothing is held yet, and a second signal must not meet an orderly exit


def main() -> int:
    """
    Run the node until its source ends, SIGINT or SIGTERM.

    :returns: the exit code: 0 after a normal end, 1 when no pictures can be had
    """
    # Importing takes half a second or more; a signal counts then, too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    # What OpenCV logs about a device or file that it cannot open, our errors say in one line.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')
    import rclpy  # noqa: PLC0415
    from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415
    from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

    from pose_ros.demo.camera_node import DemoCamera  # noqa: PLC0415
    from pose_ros.demo.video_source import SourceError  # noqa: PLC0415

    ended: list[int] = []  # an Event is not safe against a second signal
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: ended.append(number))
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = DemoCamera()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        while node.running and not ended:
            executor.spin_once(timeout_sec=0.1)
        node.destroy_node()
        error = node.error
    except (SourceError, ValueError) as raised:
        error = str(raised)
    if error is not None:
        rclpy.logging.get_logger('demo_camera').fatal(error)
    rclpy.try_shutdown()
    for number in (signal.SIGINT, signal.SIGTERM):  # the interpreter's end would reset them
        signal.signal(number, signal.SIG_IGN)
    return 0 if error is None else 1


if __name__ == '__main__':
    sys.exit(main())
