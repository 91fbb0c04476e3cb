# SPDX-License-Identifier: Apache-2.0
"""Writes the landmarks of all people as a Parquet table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pose_ros.exports.export import AnnotatedFrame, ExportError
from pose_ros.exports.rows import COLUMNS, rows

__all__ = ['ParquetTable', 'import_pyarrow']

FILE_NAME = 'landmarks.parquet'
FRAMES_TOGETHER = 300  # make one row group


def import_pyarrow() -> Any:
    """
    Return the package pyarrow.

    :raises ExportError: when it is not installed
    """
    try:
        import pyarrow.parquet  # noqa: PLC0415 (an optional extra)
    except ImportError as error:
        raise ExportError(
            f'--parquet and --lerobot need pyarrow ({error}): pip install pyarrow'
        ) from error
    return pyarrow


class ParquetTable:
    """The file landmarks.parquet; a number that is unknown is NaN."""

    def __init__(self, folder: Path) -> None:
        """
        Create the file.

        :raises ExportError: without pyarrow
        """
        self._arrow = import_pyarrow()
        self._schema = self._arrow.schema(
            [
                (
                    name,
                    self._arrow.string() if kind == 'str' else self._arrow.from_numpy_dtype(kind),
                )
                for name, kind in COLUMNS.items()
            ]
        )
        self._writer = self._arrow.parquet.ParquetWriter(folder / FILE_NAME, self._schema)
        self._begin_ns: int | None = None
        self._waiting: list[dict[str, Any]] = []

    def write(self, frame: AnnotatedFrame) -> None:
        """Write the rows of a picture, some pictures at a time."""
        if self._begin_ns is None:
            self._begin_ns = frame.stamp_ns
        if len(frame.output.poses):
            self._waiting.append(rows(frame, self._begin_ns))
        if len(self._waiting) >= FRAMES_TOGETHER:
            self._flush()

    def close(self) -> None:
        """Write what waits, and the index."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        columns = [
            [text for each in self._waiting for text in each[name]]
            if kind == 'str'
            else np.concatenate([each[name] for each in self._waiting])
            for name, kind in COLUMNS.items()
        ]
        self._waiting.clear()
        self._writer.write_table(self._arrow.table(columns, schema=self._schema))
