# SPDX-License-Identifier: Apache-2.0
"""Shows how far the annotation of many recordings is: rate, time left, people."""

from __future__ import annotations

from pathlib import Path
import sys
from types import TracebackType

from tqdm import tqdm

from pose_ros.bags.job import Job, Progress, Report

__all__ = ['StatusLine']

LOG_PERIOD_S = 10.0  # where a line cannot be written over


class _Lines:
    """Writes lines to standard error where tqdm would write over one: into a file or a pipe."""

    def write(self, text: str) -> None:
        """Write the text as a line of its own, if there is more in it than blanks."""
        if words := text.strip():
            print(words, file=sys.stderr, flush=True)

    def flush(self) -> None:
        """Do nothing: each line is flushed."""


class StatusLine:
    """One line on standard error, for all recordings together; a context manager."""

    def __init__(self, count: int) -> None:
        """
        Begin.

        :param count: of recordings
        """
        self._count, self._finished = count, 0
        self._progress: dict[Path, Progress] = {}
        self._on_terminal = sys.stderr.isatty()
        self._bar = tqdm(
            unit=' pictures',
            dynamic_ncols=self._on_terminal,
            leave=False,
            file=sys.stderr if self._on_terminal else _Lines(),
        )
        if not self._on_terminal:
            self._bar.mininterval = LOG_PERIOD_S

    def __enter__(self) -> StatusLine:
        """Return the line itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the line."""
        self._bar.close()

    def show(self, job: Job, progress: Progress) -> None:
        """Show how far one job is."""
        self._progress[job.path] = progress
        known = self._progress.values()
        people = sum(each.people for each in known if each.frames < each.total)
        self._bar.total = sum(each.total for each in known)
        self._bar.set_description(f'{self._finished} of {self._count} recordings', refresh=False)
        self._bar.set_postfix_str(f'people: {people}', refresh=False)
        self._bar.update(sum(each.frames for each in known) - self._bar.n)

    def end(self, report: Report) -> None:
        """Write what became of a job, above the line."""
        self._finished += 1
        mark = 'done' if report.done else 'FAILED'
        lines = [
            f'{mark}: {report.path}: {report.text}',
            *(f'    {each}' for each in report.warnings),
        ]
        if self._on_terminal:
            self._bar.write('\n'.join(lines), file=self._bar.fp)
        else:
            print('\n'.join(lines), file=sys.stderr, flush=True)
