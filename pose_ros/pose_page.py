# SPDX-License-Identifier: Apache-2.0
"""Runs the page: starts it, prints its address, and ends it at SIGINT and SIGTERM."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pose_ros.page.service import PageService

__all__ = ['main']

SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOST_PIXELS = 100_000_000  # of a picture that a visitor sends
NOT_INSTALLED = """\
pose_page needs packages that the pose node does not: {error}
Install them into the environment that pose_ros was built with: pip install nicegui rosbags pillow"""


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)  # nothing is held yet, and a second signal must not meet an orderly exit


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the page until SIGINT or SIGTERM.

    :param args: command line arguments; None: those of the process
    :returns: the process' exit code: 0, or 1 when the page could not start
    """
    for number in SIGNALS:
        signal.signal(number, _leave)
    os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(MOST_PIXELS))
    # Not before: importing takes more than a second.
    import rclpy  # noqa: PLC0415
    from rclpy.signals import SignalHandlerOptions  # noqa: PLC0415

    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    try:
        _serve()
        code = 0
    except ModuleNotFoundError as error:
        rclpy.logging.get_logger('pose_page').fatal(NOT_INSTALLED.format(error=error))
        code = 1
    except (OSError, ValueError) as error:
        rclpy.logging.get_logger('pose_page').fatal(str(error))
        code = 1
    rclpy.try_shutdown()
    for number in SIGNALS:  # the interpreter's end would give them their default back
        signal.signal(number, signal.SIG_IGN)
    return code


def _serve() -> None:
    """
    Run the node and the page until a signal.

    :raises ModuleNotFoundError: when the packages of the extra [page] are not installed
    :raises OSError: when there is no free port
    :raises ValueError: when a parameter cannot be used
    """
    from rclpy.node import Node  # noqa: PLC0415

    from pose_ros.page.options import PageOptions  # noqa: PLC0415
    from pose_ros.page.service import PageService  # noqa: PLC0415
    from pose_ros.rclpy_tools.parameter_declaration import declare  # noqa: PLC0415

    node = Node('pose_page')
    values, problems = declare(node, PageOptions)
    if problems:
        raise ValueError('; '.join(problems.values()))
    service = PageService(node, PageOptions(**values))
    try:
        asyncio.run(_until_signal(service))
    finally:
        service.close()


async def _until_signal(service: PageService) -> None:
    for number in SIGNALS:
        signal.signal(number, lambda *_: service.end())
    print(f'[pose_page] open {service.address} - Ctrl-C ends it', flush=True)
    await service.run()


if __name__ == '__main__':
    sys.exit(main())
