# SPDX-License-Identifier: Apache-2.0
"""Runs the page: starts it, prints its address, and ends it at a signal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
import os
import sys
from typing import TYPE_CHECKING

from pose_ros.rclpy_tools.process import Ending, occupy_standard_streams

if TYPE_CHECKING:
    from pose_ros.page.service import PageService

__all__ = ['main']

POLL_S = 0.1
MOST_PIXELS = 100_000_000  # of a picture that a visitor sends; as page/uploads.py has it
NOT_INSTALLED = (
    '{error}. The page needs packages that the pose node does not; into the environment that '
    'pose_ros was built with: pip install nicegui pillow rosbags'
)


def main(args: Sequence[str] | None = None) -> int:
    """
    Run the page until SIGINT, SIGTERM or SIGHUP.

    :param args: command line arguments; None: those of the process
    :returns: the process' exit code: 0, or 1 when the page could not start
    """
    occupy_standard_streams()
    ending = Ending()
    os.environ.setdefault('OPENCV_IO_MAX_IMAGE_PIXELS', str(MOST_PIXELS))
    # Not before: importing takes more than a second.
    import rclpy  # noqa: PLC0415

    from pose_ros.rclpy_tools.log_folder import init_rclpy  # noqa: PLC0415

    ending.note_signals()
    init_rclpy('pose_page', args)
    try:
        _serve(ending)
        code = 0
    except ModuleNotFoundError as error:
        rclpy.logging.get_logger('pose_page').fatal(NOT_INSTALLED.format(error=error))
        code = 1
    except (OSError, ValueError) as error:
        rclpy.logging.get_logger('pose_page').fatal(str(error))
        code = 1
    rclpy.try_shutdown()
    ending.ignore_signals()
    return code


def _serve(ending: Ending) -> None:
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
        asyncio.run(_until_signal(service, ending))
    finally:
        service.close()


async def _until_signal(service: PageService, ending: Ending) -> None:
    async def end_with_signal() -> None:
        while not ending.is_due:
            await asyncio.sleep(POLL_S)
        service.end()

    waiting = asyncio.create_task(end_with_signal())
    print(f'[pose_page] open {service.address} - Ctrl-C ends it', flush=True)
    await service.run()
    waiting.cancel()


if __name__ == '__main__':
    sys.exit(main())
