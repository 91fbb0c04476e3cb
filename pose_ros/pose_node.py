# SPDX-License-Identifier: Apache-2.0
"""The process of the pose node: start, spin, and an orderly end at SIGINT and SIGTERM."""

from __future__ import annotations

from collections.abc import Sequence
import os
import signal
import sys
import traceback
from types import FrameType

from pose_ros.node.allocator import tune_allocator

__all__ = ['main']

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)  # nothing is held yet, and a second signal must not meet an orderly exit


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the node until SIGINT, SIGTERM or the end of its context.

    :param args: command line arguments; None: those of the process
    :returns: the process' exit code, 0
    """
    for number in SIGNALS:
        signal.signal(number, _leave)
    tune_allocator()
    # Not before: importing MediaPipe takes more than a second.
    import rclpy  # noqa: PLC0415
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: PLC0415
    from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

    from pose_ros.node.node import PoseNode  # noqa: PLC0415

    # A signal only sets a flag, however often it comes (ros2 launch forwards the one that the
    # terminal sent already): raised in the middle of a release, it would leave MediaPipe's
    # threads behind.
    ended: list[int] = []
    for number in SIGNALS:
        signal.signal(number, lambda number, _frame: ended.append(number))
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    node = PoseNode()
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while rclpy.ok() and not ended:
        try:
            executor.spin_once(timeout_sec=0.1)
        except ExternalShutdownException:
            break
        except Exception:
            node.get_logger().error(f'a callback failed:\n{traceback.format_exc()}')
    node.destroy_node()
    rclpy.try_shutdown()
    for number in SIGNALS:  # the interpreter's end would give them their default back
        signal.signal(number, signal.SIG_IGN)
    return 0


if __name__ == '__main__':
    sys.exit(main())
