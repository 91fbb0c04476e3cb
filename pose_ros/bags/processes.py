# SPDX-License-Identifier: Apache-2.0
"""Annotates recordings in processes of their own: one that crashes takes nobody with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
import os
import signal
import sys
from time import monotonic
import traceback
from types import FrameType

from pose_ros.bags.job import Job, Progress, Report

__all__ = ['report_of', 'run_jobs']

LOOK_S = 0.5  # how soon a stop is noticed
PROGRESS_PERIOD_S = 0.2

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_jobs(
    jobs: Sequence[Job],
    count: int,
    on_progress: Callable[[Job, Progress], None],
    is_stopped: Callable[[], bool],
) -> Iterator[Report]:
    """
    Annotate recordings, and yield what became of each when it is done.

    After a stop no other recording is begun, those in work are given up, and their unfinished
    files are removed.

    :param count: of processes at a time
    :param on_progress: called now and then
    """
    waiting, running = deque(jobs), dict[Connection, tuple[Job, BaseProcess]]()
    try:
        while running or (waiting and not is_stopped()):
            while waiting and len(running) < count and not is_stopped():
                job = waiting.popleft()
                connection, process = _started(job)
                running[connection] = job, process
            if is_stopped():
                for _, process in running.values():
                    process.terminate()
            for connection in _ready(running):
                job, process = running[connection]
                said = _received(connection, job, process)
                if isinstance(said, Progress):
                    on_progress(job, said)
                    continue
                del running[connection]
                process.join()
                yield said
    finally:
        for connection, (_, process) in running.items():
            connection.close()  # who has nobody to report to gives up
            process.join()


def _started(job: Job) -> tuple[Connection, BaseProcess]:
    context = get_context('spawn')  # a fork would have half of this process's threads
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(job, theirs), name=job.path.name)
    process.start()
    theirs.close()
    return ours, process


def _ready(running: Iterable[Connection]) -> list[Connection]:
    return [each for each in wait(list(running), LOOK_S) if isinstance(each, Connection)]


def _received(connection: Connection, job: Job, process: BaseProcess) -> Progress | Report:
    try:
        said = connection.recv()
    except EOFError:
        process.join()
        return Report(job.path, False, _end(process.exitcode))
    assert isinstance(said, Progress | Report)
    return said


def _end(code: int | None) -> str:
    if code is not None and code < 0:
        return f'its process was ended by {signal.Signals(-code).name}; what it wrote is removed'
    return f'its process ended with exit code {code}; what it wrote is removed'


def _work(job: Job, connection: Connection) -> None:
    """Annotate one recording: all that the process does."""
    _silence_libraries()
    stops: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stops.append(number)

    for number in SIGNALS:
        signal.signal(number, stop)
    newest_s = 0.0

    def on_progress(progress: Progress) -> None:
        nonlocal newest_s
        if monotonic() - newest_s >= PROGRESS_PERIOD_S:
            newest_s = monotonic()
            try:
                connection.send(progress)
            except OSError:  # whoever began this is gone
                stops.append(signal.SIGPIPE)

    report = report_of(job, on_progress, lambda: bool(stops))
    try:
        connection.send(report)
    except OSError:
        return


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
    from pose_ros.bags.work import StoppedError  # noqa: PLC0415

    try:
        return annotate(job, on_progress, is_stopped)
    except StoppedError:
        return Report(job.path, False, 'stopped; the same command begins it again')
    except EXPECTED as error:
        return Report(job.path, False, in_words(error))
    except Exception as error:
        details = tuple(traceback.format_exc().splitlines())
        return Report(job.path, False, f'unexpected {type(error).__name__}: {error}', details)
