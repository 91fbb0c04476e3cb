# SPDX-License-Identifier: Apache-2.0
"""Hands recordings to processes, several at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait

from pose_ros.bags.job import Job, Progress, Report
from pose_ros.bags.worker import Worker

__all__ = ['run_jobs']

LOOK_S = 0.5  # how soon a stop is noticed


def run_jobs(
    jobs: Sequence[Job],
    count: int,
    on_progress: Callable[[Job, Progress], None],
    is_stopped: Callable[[], bool],
    ready: Sequence[Worker] = (),
) -> Iterator[Report]:
    """
    Annotate recordings, and yield what became of each when it is done.

    After a stop no other recording is begun, those in work are given up, and their unfinished
    files are removed.

    :param count: of processes at a time
    :param on_progress: called now and then
    :param ready: processes to begin with, which are dismissed in the end; others are started
    """
    waiting, idle, busy = deque(jobs), deque(ready), dict[Connection, Worker]()
    try:
        while busy or (waiting and not is_stopped()):
            while waiting and len(busy) < count and not is_stopped():
                worker = _begun(idle, waiting.popleft())
                busy[worker.connection] = worker
            if is_stopped():
                for worker in busy.values():
                    worker.stop()
            for connection in _ready(busy):
                worker = busy[connection]
                job, said = worker.job, worker.receive()
                if isinstance(said, Report):
                    del busy[connection]
                    idle.append(worker)
                    yield said
                elif job is not None:
                    on_progress(job, said)
    finally:
        for worker in (*idle, *busy.values()):
            worker.dismiss()


def _begun(idle: deque[Worker], job: Job) -> Worker:
    """Return a process that has begun with a job, a new one where none is idle."""
    while idle:
        worker = idle.popleft()
        with suppress(OSError):  # it was killed while it waited
            if worker.is_usable:
                worker.begin(job)
                return worker
        worker.dismiss()
    worker = Worker()
    worker.begin(job)
    return worker


def _ready(busy: Iterable[Connection]) -> list[Connection]:
    return [each for each in wait(list(busy), LOOK_S) if isinstance(each, Connection)]
