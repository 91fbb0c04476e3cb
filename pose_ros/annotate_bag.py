# SPDX-License-Identifier: Apache-2.0
"""Finds the people in recordings, without a running ROS graph: the executable `annotate_bag`."""

from __future__ import annotations

from collections.abc import Sequence
import signal
import sys
from types import FrameType

from pose_ros.bags.worker import Worker
from pose_ros.rclpy_tools.process import (
    ending_signals,
    lose_what_stderr_refuses,
    occupy_standard_streams,
)

__all__ = ['main']

ADVICE = 'annotate_bag needs more packages ({}): pip install "rosbags>=0.11.9,<0.12" mcap tqdm'


def main(argv: Sequence[str] | None = None) -> int:
    """
    Annotate recordings.

    :param argv: arguments; None for the process's own
    :returns: exit code: 0, 1 when a recording failed, or 130 when the user stopped it
    """
    occupy_standard_streams()
    lose_what_stderr_refuses()
    stops: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        stops.append(number)

    for number in ending_signals():
        signal.signal(number, stop)
    worker = Worker()  # gets ready while this process reads the arguments
    try:
        return _run(argv, worker, stops)
    finally:
        worker.dismiss()


def _run(argv: Sequence[str] | None, worker: Worker, stops: list[int]) -> int:
    try:
        from pose_ros.bags.arguments import read_arguments  # noqa: PLC0415 (an optional extra)
        from pose_ros.bags.processes import run_jobs  # noqa: PLC0415
        from pose_ros.bags.status_line import StatusLine  # noqa: PLC0415
    except ImportError as error:
        print(ADVICE.format(error), file=sys.stderr)
        return 1

    given = read_arguments(argv)
    for note in given.notes:
        print(note, file=sys.stderr)
    failed = 0
    with StatusLine(len(given.jobs)) as line:
        for report in run_jobs(
            given.jobs, given.processes, line.show, lambda: bool(stops), [worker]
        ):
            line.end(report)
            failed += not report.done
    if stops:
        print('stopped; the same command goes on with what is not done', file=sys.stderr)
        return 128 + stops[0]
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main())
