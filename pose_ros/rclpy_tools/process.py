# SPDX-License-Identifier: Apache-2.0
"""Gives an executable its standard streams, and its answers to signals that want its end."""

from __future__ import annotations

from collections.abc import Callable
import io
import os
import signal
import sys
from types import FrameType
from typing import Any

__all__ = ['Ending', 'ending_signals', 'lose_what_stderr_refuses', 'occupy_standard_streams']

SPIN_S = 0.1


def ending_signals() -> tuple[signal.Signals, ...]:
    """
    Return the signals that want this process to end; to be called before they get handlers.

    SIGHUP, the end of the terminal, is not among them under nohup.
    """
    is_detached = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *(() if is_detached else (signal.SIGHUP,)))


def occupy_standard_streams() -> None:
    """
    Open /dev/null in the place of each standard stream that the process was started without.

    To be called first. Else the next file or socket would get the number 2, and whatever C++
    writes to standard error would go into that.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def lose_what_stderr_refuses() -> None:
    """
    Have Python's standard error take every text, also where a full disk or nobody reads it.

    What cannot be written is lost: no work ends because nobody can be told of it.
    """
    if sys.stderr is not sys.__stderr__:  # somebody takes it already
        return
    raw: Any = _Losing(2, 'w', closefd=False)
    sys.stderr = io.TextIOWrapper(raw, errors='backslashreplace', write_through=True)


class _Losing(io.FileIO):
    def write(self, data: Any) -> int:
        try:
            return super().write(data) or 0
        except OSError:
            return len(data)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os._exit(0)  # nothing is held yet, and a second signal must not meet an orderly exit


class Ending:
    """
    What `ending_signals` do to this process: first they end it, later they are only noted.

    A signal only sets a flag, however often it comes (ros2 launch forwards the one that the
    terminal sent already): raised in the middle of a release, it would leave threads behind.
    """

    def __init__(self) -> None:
        """Have signals end the process at once: nothing is held yet, and imports take long."""
        self._signals = ending_signals()
        self._came: list[int] = []  # an Event is not safe against a second signal
        for number in self._signals:
            signal.signal(number, _leave)

    @property
    def is_due(self) -> bool:
        """Whether a signal was noted."""
        return bool(self._came)

    def note_signals(self) -> None:
        """Have signals only be noted from now on, for an orderly end."""
        for number in self._signals:
            signal.signal(number, lambda number, _frame: self._came.append(number))

    def spin(
        self,
        spin_once: Callable[..., None],
        may_run: Callable[[], bool],
        failed: Callable[[Exception], None],
    ) -> None:
        """
        Spin until a signal, the end of rclpy's context, or as long as may be.

        :param spin_once: the executor's
        :param failed: takes what a callback raised; spinning goes on
        """
        from rclpy.executors import ExternalShutdownException  # noqa: PLC0415, after the signals

        while may_run() and not self.is_due:
            try:
                spin_once(timeout_sec=SPIN_S)
            except ExternalShutdownException:
                return
            except Exception as error:
                failed(error)

    def ignore_signals(self) -> None:
        """Ignore signals: the interpreter's end would give them their default back."""
        for number in self._signals:
            signal.signal(number, signal.SIG_IGN)
