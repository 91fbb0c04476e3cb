# SPDX-License-Identifier: Apache-2.0
"""Begins with rclpy also where no file of the log can be written."""

from __future__ import annotations

from collections.abc import Sequence
import sys
from tempfile import TemporaryFile

import rclpy
import rclpy.logging
from rclpy.signals import SignalHandlerOptions

__all__ = ['init_rclpy']

NO_FILE = ('--ros-args', '--disable-external-lib-logs')


def init_rclpy(name: str, args: Sequence[str] | None = None) -> None:
    """
    Initialize rclpy without handlers of signals.

    Where no file of the log can be written, which ends rclpy.init with an exception, it goes on
    without one and says so.

    :param name: of the logger that says so
    :param args: command line arguments; None: those of the process
    """
    given, problem = list(sys.argv if args is None else args), _problem()
    if problem:
        given.extend(NO_FILE)
    rclpy.init(args=given, signal_handler_options=SignalHandlerOptions.NO)
    if problem:
        rclpy.logging.get_logger(name).warning(
            f'no file of the log is written ({problem}): it goes to standard error and /rosout '
            'only; set ROS_LOG_DIR to a folder that can be written'
        )


def _problem() -> str:
    """Return why no file of the log can be written; '' when one can."""
    if not hasattr(rclpy.logging, 'get_logging_directory'):
        return ''
    try:
        folder = rclpy.logging.get_logging_directory()
    except Exception:  # of rclpy's own, without public name
        return 'neither ROS_LOG_DIR nor HOME is set'
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        return f'{folder}: {error.strerror or error}'
    return ''
