# SPDX-License-Identifier: Apache-2.0
"""Defines what an export is given, and what each export offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pose_ros.stream.output_frame import OutputFrame

__all__ = ['AnnotatedFrame', 'Export', 'ExportError']


class ExportError(RuntimeError):
    """An export cannot be written; one line with what to do."""


@dataclass(frozen=True, eq=False)
class AnnotatedFrame:
    """
    One picture of a recording, and what was found in it.

    :param camera: its name
    :param index: of the camera's pictures, from 0, those that were dropped not counted
    :param log_ns: when it was recorded, in nanoseconds
    :param output: the picture and the people in it
    """

    camera: str
    index: int
    log_ns: int
    output: OutputFrame

    @property
    def stamp_ns(self) -> int:
        """Of the picture in nanoseconds: its stamp, or when it was recorded if it has none."""
        return self.output.time_ns


class Export(Protocol):
    """Writes one format; to be closed after use, when its files are whole."""

    def write(self, frame: AnnotatedFrame) -> None:
        """Take the next picture of any camera."""

    def close(self) -> None:
        """
        Finish the files.

        :raises OSError: when they cannot be written
        :raises ExportError: when they cannot be made from what came
        """
