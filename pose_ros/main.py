"""The process of the pose node: start, spin, and an orderly end at SIGINT and SIGTERM."""

from __future__ import annotations

from collections.abc import Sequence
import signal
import sys
import traceback
from types import FrameType

__all__ = ['main']


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the node until SIGINT, SIGTERM or the end of its context.

    :param args: command line arguments; None: those of the process
    :returns: the process' exit code, 0
    """
    # rclpy takes the signals over; importing MediaPipe before that takes more than a second.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    import rclpy  # noqa: PLC0415
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: PLC0415

    from .node import PoseNode  # noqa: PLC0415

    rclpy.init(args=args)
    node = None
    try:
        node = PoseNode()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        while rclpy.ok():
            try:
                executor.spin_once()
            except (KeyboardInterrupt, ExternalShutdownException):
                raise
            except Exception:
                node.get_logger().error(f'a callback failed:\n{traceback.format_exc()}')
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
