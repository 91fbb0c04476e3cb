# SPDX-License-Identifier: Apache-2.0
"""Runs the pose node as a process, until SIGINT, SIGTERM, SIGHUP or the end of its context."""

from __future__ import annotations

from collections.abc import Sequence
import gc
import sys

from pose_ros.node.allocator import tune_allocator
from pose_ros.rclpy_tools.process import Ending, occupy_standard_streams

__all__ = ['main']


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the node until SIGINT, SIGTERM, SIGHUP or the end of its context.

    :param args: command line arguments; None: those of the process
    :returns: the process' exit code, 0
    """
    occupy_standard_streams()
    ending = Ending()
    tune_allocator()
    # Not before: importing MediaPipe takes long.
    import rclpy  # noqa: PLC0415
    from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415

    from pose_ros.node.node import PoseNode  # noqa: PLC0415
    from pose_ros.rclpy_tools.log_folder import init_rclpy  # noqa: PLC0415

    ending.note_signals()
    init_rclpy('pose_node', args)
    node = PoseNode()
    gc.freeze()  # modules stay: looking through them whenever memory is freed takes long
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    ending.spin(executor.spin_once, rclpy.ok, node.callback_failed)
    node.destroy_node()
    rclpy.try_shutdown()
    ending.ignore_signals()
    return 0


if __name__ == '__main__':
    sys.exit(main())
