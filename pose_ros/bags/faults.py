# SPDX-License-Identifier: Apache-2.0
"""Lists what annotating a recording may fail with, and says it in one line."""

from __future__ import annotations

import errno

from pose_ros.bags.made import MadeOtherwiseError
from pose_ros.bags.recording import RecordingError
from pose_ros.bags.whole_folder import BusyError, FolderError
from pose_ros.detection.options import LandmarkerError
from pose_ros.exports.export import ExportError
from pose_ros.models.model_file import ModelError, advice_on

__all__ = ['EXPECTED', 'in_words']

EXPECTED = (
    BusyError,
    ExportError,
    FolderError,
    ImportError,
    LandmarkerError,
    MadeOtherwiseError,
    MemoryError,
    ModelError,
    OSError,
    RecordingError,
)


def in_words(error: BaseException) -> str:
    """Return one line: what was wanted, what came, what to do."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            'the disk is full; what was written is removed: make room, or write elsewhere with '
            '-o, and run the same command again'
        )
    if isinstance(error, OSError) and error.strerror:
        return f'{error.filename}: {advice_on(error)}' if error.filename else advice_on(error)
    if isinstance(error, MemoryError):
        return 'it needs more memory than there is'
    return ' '.join(str(error).split()) or type(error).__name__
