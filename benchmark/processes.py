# SPDX-License-Identifier: Apache-2.0
"""Runs scripts of this folder as processes that answer requests in lines of JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
import json
import os
from pathlib import Path
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ['Process', 'Worker', 'WorkerError', 'serve']

HERE = Path(__file__).parent
STOP_TIMEOUT_S = 5.0
COMMAND_LENGTH = 100  # in error texts
ANSWERS = 'BENCHMARK_ANSWERS'  # environment variable: the file descriptor for answers
LAST_WORDS_S = 1.0  # for a process that is about to write what is wrong


class WorkerError(RuntimeError):
    """A process of the benchmark failed; the text ends with the last lines of its log."""


class Process:
    """A command with a session of its own and a log; ends with the block."""

    def __init__(
        self,
        command: list[str],
        log: Path,
        environment: Mapping[str, str],
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start it."""
        self._log, self._command = log, ' '.join(command)[:COMMAND_LENGTH]
        with log.open('ab') as file:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                env={**os.environ, **environment},
                pass_fds=pass_fds,
                start_new_session=True,
            )
        assert self._popen.stdin is not None
        self._requests = self._popen.stdin

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ask the session to end, and kill what is left of it."""
        for number in (signal.SIGINT, signal.SIGKILL):
            try:
                os.killpg(self._popen.pid, number)
                self._popen.wait(STOP_TIMEOUT_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self._popen.wait()

    @property
    def session(self) -> int:
        """The id of its session, which `usage` wants."""
        return self._popen.pid

    def check(self) -> None:
        """
        Do nothing while it runs.

        :raises WorkerError: when it has ended
        """
        if self._popen.poll() is not None:
            raise self.failure(f'ended with exit code {self._popen.returncode}')

    def failure(self, what: str) -> WorkerError:
        """Return the error that says so, with the end of the log."""
        time.sleep(LAST_WORDS_S)
        lines = self._log.read_text(errors='replace').splitlines()[-15:]
        return WorkerError(
            '\n    '.join([f'{self._command} ... {what}; its log ends with', *lines])
        )


class Worker(Process):
    """A script of this folder that answers requests with serve()."""

    def __init__(
        self, script: str, arguments: list[str], log: Path, environment: Mapping[str, str]
    ) -> None:
        """Start it with this interpreter."""
        # Not on standard output, which Fast DDS writes on, too.
        read, write = os.pipe()
        super().__init__(
            [sys.executable, str(HERE / script), *arguments],
            log,
            {**environment, ANSWERS: str(write)},
            [write],
        )
        os.close(write)
        self._answers = os.fdopen(read)

    def __exit__(self, *exception: object) -> None:
        """Let it end in order: a process that is killed leaves its shared memory behind."""
        self._requests.close()
        self._answers.close()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(STOP_TIMEOUT_S)
        super().__exit__(*exception)

    def start(self, **request: Any) -> None:
        """Send a request."""
        self._requests.write(json.dumps(request).encode() + b'\n')
        self._requests.flush()

    def answer(self, timeout_s: float = 60.0) -> Any:
        """
        Return the answer to the request.

        :raises WorkerError: when none comes
        """
        if not select.select([self._answers], [], [], timeout_s)[0]:
            raise self.failure(f'did not answer in {timeout_s:g} s')
        line = self._answers.readline()
        if not line:
            raise self.failure('has ended')
        return json.loads(line)

    def ask(self, timeout_s: float = 60.0, /, **request: Any) -> Any:
        """Send a request and return its answer."""
        self.start(**request)
        return self.answer(timeout_s)


def serve(handle: Callable[..., Any]) -> None:
    """Answer the requests on standard input with what `handle(**request)` returns, to its end."""
    with os.fdopen(int(os.environ[ANSWERS]), 'w') as answers:
        for line in sys.stdin:
            print(json.dumps(handle(**json.loads(line))), file=answers, flush=True)
