# SPDX-License-Identifier: Apache-2.0
"""Writes the landmarks of all people as a CSV table."""

from __future__ import annotations

from collections.abc import Callable
import csv
from math import isnan
from pathlib import Path

from pose_ros.exports.export import AnnotatedFrame
from pose_ros.exports.rows import COLUMNS, rows

__all__ = ['CsvTable']

FILE_NAME = 'landmarks.csv'

# Texts that bring back the same number.
TEXTS = {'float32': '{:.9g}'.format, 'float64': repr}


class CsvTable:
    """The file landmarks.csv; a number that is unknown is left out."""

    def __init__(self, folder: Path) -> None:
        """Create the file."""
        self._file = (folder / FILE_NAME).open('w', newline='')
        self._writer = csv.writer(self._file, lineterminator='\n')
        self._writer.writerow(COLUMNS)
        self._begin_ns: int | None = None

    def write(self, frame: AnnotatedFrame) -> None:
        """Write the rows of a picture."""
        if self._begin_ns is None:
            self._begin_ns = frame.stamp_ns
        table = rows(frame, self._begin_ns)
        columns = [
            [_written(value, TEXTS[kind]) for value in table[name].tolist()]  # type: ignore[union-attr]
            if kind in TEXTS
            else table[name]
            for name, kind in COLUMNS.items()
        ]
        self._writer.writerows(zip(*columns, strict=True))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _written(value: float, text: Callable[[float], str]) -> str:
    return '' if isnan(value) else text(value)
