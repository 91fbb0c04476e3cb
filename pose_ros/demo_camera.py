# SPDX-License-Identifier: Apache-2.0
"""Runs the demo camera as a process, until its source ends or a signal comes."""

from __future__ import annotations

import os
import sys

from pose_ros.rclpy_tools.process import Ending, occupy_standard_streams

__all__ = ['main']


def main() -> int:
    """
    Run the node until its source ends, SIGINT, SIGTERM, SIGHUP or the end of its context.

    :returns: the exit code: 0 after a normal end, 1 when no pictures can be had
    """
    occupy_standard_streams()
    ending = Ending()
    # What OpenCV logs about a device or file that it cannot open, our errors say in one line.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')
    import rclpy  # noqa: PLC0415
    from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415

    from pose_ros.demo.camera_node import DemoCamera  # noqa: PLC0415
    from pose_ros.demo.video_source import SourceError  # noqa: PLC0415
    from pose_ros.rclpy_tools.log_folder import init_rclpy  # noqa: PLC0415

    ending.note_signals()
    init_rclpy('demo_camera')
    try:
        node = DemoCamera()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        failures: list[str] = []
        ending.spin(
            executor.spin_once,
            lambda: rclpy.ok() and node.running and not failures,
            lambda error: failures.append(f'{type(error).__name__}: {error}'),
        )
        node.destroy_node()
        error = failures[0] if failures else node.error
    except (SourceError, ValueError) as raised:
        error = str(raised)
    if error is not None:
        rclpy.logging.get_logger('demo_camera').fatal(error)
    rclpy.try_shutdown()
    ending.ignore_signals()
    return 0 if error is None else 1


if __name__ == '__main__':
    sys.exit(main())
