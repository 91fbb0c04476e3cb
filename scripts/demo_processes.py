# SPDX-License-Identifier: Apache-2.0
"""Executables of pose_ros as processes of their own, with a log file each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
import signal
import subprocess
from types import TracebackType

from ament_index_python.packages import get_package_prefix

__all__ = ['SIGNALS', 'Executable', 'noted_signals']

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOP_TIMEOUT_S = 3.0
TAIL_LINES = 12


@contextmanager
def noted_signals() -> Iterator[list[int]]:
    """
    Give the list of the signals that came meanwhile, and raise only at the end.

    Raised amid the start of a process, KeyboardInterrupt would leave the process behind.

    :raises KeyboardInterrupt: at the end, when one came
    """
    ended: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _frame: ended.append(number))
        for number in SIGNALS
    }
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if ended:
        raise KeyboardInterrupt


class Executable:
    """
    A running executable of pose_ros, as `ros2 run pose_ros NAME` would find it.

    A context manager: the process ends with the block, however that ends.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        parameters: Mapping[str, object],
        remaps: Mapping[str, str] | None = None,
    ) -> None:
        """
        Start the process.

        :param name: of the executable
        :param log: file for what it writes to standard output and error
        :param parameters: its ROS parameters
        :param remaps: topics by their names in the executable
        """
        self.name, self._log = name, log
        self._is_asked = False
        arguments = ['--ros-args']
        for key, value in parameters.items():
            arguments += ['-p', f'{key}:={_yaml(value)}']
        for old, new in (remaps or {}).items():
            arguments += ['-r', f'{old}:={new}']
        with log.open('w') as file:
            self._process = subprocess.Popen(
                [Path(get_package_prefix('pose_ros'), 'lib/pose_ros', name), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # Ctrl-C reaches us, and we end it in order

    def __enter__(self) -> Executable:
        """Return the running executable."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ask the process to end; kill it when it does not."""
        self.ask_to_end()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def ask_to_end(self) -> None:
        """Ask the process to end, and do not wait for it."""
        if not self._is_asked:
            self._is_asked = True
            self._process.send_signal(signal.SIGINT)

    @property
    def running(self) -> bool:
        """Whether the process has not ended yet."""
        return self._process.poll() is None

    def tail(self) -> str:
        """Return the last lines of its log, indented."""
        lines = self._log.read_text(errors='replace').splitlines()
        return '\n'.join(f'    {line}' for line in lines[-TAIL_LINES:]) or '    (nothing)'


def _yaml(value: object) -> str:
    """Return a parameter's value as ROS reads it from a command line: strings in quotes."""
    if isinstance(value, str):
        return "'{}'".format(value.replace("'", "''"))
    return str(value).lower() if isinstance(value, bool) else str(value)
