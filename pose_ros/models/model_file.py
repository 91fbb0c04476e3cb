# SPDX-License-Identifier: Apache-2.0
"""Reads a model file: a regular file of a bounded size, and nothing else."""

from __future__ import annotations

import errno
import os
from pathlib import Path
import stat

__all__ = ['MAX_MODEL_BYTES', 'ModelError', 'advice_on', 'read_model']

MAX_MODEL_BYTES = 128 << 20  # the largest published bundle has 30.7 MB

KINDS = {
    stat.S_IFIFO: 'a named pipe',
    stat.S_IFSOCK: 'a socket',
    stat.S_IFCHR: 'a device',
    stat.S_IFBLK: 'a device',
}
ADVICE = {
    errno.ENOSPC: 'the disk is full: make room',
    errno.EDQUOT: 'the disk quota is used up: make room',
    errno.EMFILE: 'the process has too few file descriptors: raise them with ulimit -n',
    errno.ENFILE: 'the system has too few file descriptors: close programs',
    errno.ENOMEM: 'the memory is full: close programs',
    errno.EAGAIN: 'the system starts no more processes or threads for this user: close programs',
    errno.EROFS: 'the disk is read-only',
}


class ModelError(RuntimeError):
    """No usable model bundle. One line: which file, what is wrong, what repairs it."""


def advice_on(error: OSError) -> str:
    """Return what the system refused, and what to do about it where that is known."""
    reason = error.strerror or str(error)
    return f'{reason} ({ADVICE[error.errno]})' if error.errno in ADVICE else reason


def read_model(path: Path) -> bytes:
    """
    Return the content of a file. What could be endless, or keep the caller waiting, is not opened.

    :raises ModelError: when it is no regular file, too large or cannot be read; one line
    """
    try:
        _require_regular(path, os.stat(path))
        # Not waiting for the other end of a pipe that took the file's place just now.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, 'rb') as file:
            _require_regular(path, os.fstat(descriptor))
            data = file.read(MAX_MODEL_BYTES + 1)
    except FileNotFoundError:
        raise ModelError(f'{path}: no such file') from None
    except OSError as error:
        raise ModelError(f'{path}: cannot be read: {advice_on(error)}') from error
    except ValueError as error:  # a null byte in the name
        raise ModelError(f'{str(path)!r}: cannot be read: {error}') from error
    _require_size(path, len(data))
    return data


def _require_regular(path: Path, status: os.stat_result) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFDIR:
        raise ModelError(f'{path}: a folder, wanted a .task file')
    if kind != stat.S_IFREG:
        raise ModelError(f'{path}: {KINDS.get(kind, "no file")}, wanted a .task file')
    _require_size(path, status.st_size)


def _require_size(path: Path, size: int) -> None:
    if size > MAX_MODEL_BYTES:
        raise ModelError(
            f'{path}: {size / 1e6:.0f} MB or more, wanted a bundle of at most '
            f'{MAX_MODEL_BYTES / 1e6:.0f} MB'
        )
