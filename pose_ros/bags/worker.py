# SPDX-License-Identifier: Apache-2.0
"""Annotates recordings in a process of its own: one that crashes takes nobody with it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
import os
import signal
import sys
from time import monotonic
import traceback
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pose_ros.bags.job import Job, Progress, Report

__all__ = ['Worker', 'report_of']

PROGRESS_PERIOD_S = 0.2
RECORDINGS_EACH = 50  # then a new process takes over, with new memory
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Worker:
    """
    A process that annotates one recording after the other; to be dismissed after use.

    :ivar connection: is ready when the process has something to say, or is gone
    :ivar job: in work; None: none is
    """

    def __init__(self) -> None:
        """Start the process, which loads what it needs meanwhile."""
        context = get_context('spawn')  # a fork would have half of this process's threads
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), name='annotate')
        # The process inherits the mask, and lifts it when it can be stopped in good order.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self._process.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.job: Job | None = None
        self._left = RECORDINGS_EACH

    @property
    def is_usable(self) -> bool:
        """Whether it can begin another recording: not after one that failed."""
        return self._left > 0

    def begin(self, job: Job) -> None:
        """
        Have a recording annotated.

        :raises OSError: when the process is gone
        """
        self.connection.send(job)
        self.job = job

    def receive(self) -> Progress | Report:
        """Return how far the job is, or what became of it; waits for one of them."""
        from pose_ros.bags.job import Progress, Report  # noqa: PLC0415 (see report_of)

        assert self.job is not None
        try:
            said = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            said = Report(self.job.path, False, _end(self._process.exitcode))
        assert isinstance(said, Progress | Report)
        if isinstance(said, Report):
            self.job = None
            self._left = self._left - 1 if said.done else 0
        return said

    def stop(self) -> None:
        """Have it give up its job; its unfinished files are removed."""
        self._process.terminate()

    def dismiss(self) -> None:
        """End the process, and wait for it; a job in work is given up. Idempotent."""
        self.connection.close()  # who has nobody to report to gives up
        if self.job is None:
            self._process.kill()
        self._process.join()


def _end(code: int | None) -> str:
    if code is not None and code < 0:
        return f'its process was ended by {signal.Signals(-code).name}; what it wrote is removed'
    return f'its process ended with exit code {code}; what it wrote is removed'


def _work(connection: Connection) -> None:
    """Annotate recordings until nobody wants more: all that the process does."""
    _silence_libraries()
    stops: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stops.append(number)

    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as SIGHUP is under nohup
            signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    newest_s = 0.0

    def on_progress(progress: Progress) -> None:
        nonlocal newest_s
        if monotonic() - newest_s >= PROGRESS_PERIOD_S:
            newest_s = monotonic()
            try:
                connection.send(progress)
            except OSError:  # whoever began this is gone
                stops.append(signal.SIGPIPE)

    with suppress(ImportError):  # whoever began this says what is missing
        import_module('pose_ros.bags.annotate')
    with suppress(EOFError, OSError):
        while not stops:
            job = connection.recv()
            connection.send(report_of(job, on_progress, lambda: bool(stops)))


def _silence_libraries() -> None:
    """Keep what MediaPipe says on standard error out of the status line; Python's errors stay."""
    sys.stderr = os.fdopen(os.dup(2), 'w')
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)


def report_of(
    job: Job,
    on_progress: Callable[[Progress], None] = lambda _: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """
    Annotate one recording in this process, and return what became of it, whatever it was.

    :param on_progress: called after each picture
    :param is_stopped: asked before each picture
    """
    # Not in the process that waits for this one: importing MediaPipe takes more than a second.
    from pose_ros.bags.annotate import annotate  # noqa: PLC0415
    from pose_ros.bags.faults import EXPECTED, in_words  # noqa: PLC0415
    from pose_ros.bags.job import Report  # noqa: PLC0415
    from pose_ros.bags.work import StoppedError  # noqa: PLC0415

    try:
        return annotate(job, on_progress, is_stopped)
    except StoppedError:
        return Report(job.path, False, 'stopped; the same command begins it again')
    except EXPECTED as error:
        # The report names the recording by itself.
        return Report(job.path, False, in_words(error).removeprefix(f'{job.path}: '))
    except Exception as error:
        details = tuple(traceback.format_exc().splitlines())
        return Report(job.path, False, f'unexpected {type(error).__name__}: {error}', details)
