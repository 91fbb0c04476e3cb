# SPDX-License-Identifier: Apache-2.0
"""Lets a folder appear only when all in it is whole, also when its writer is killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import fcntl
import os
from pathlib import Path
import shutil

from pose_ros.models.model_file import advice_on

__all__ = ['BusyError', 'FolderError', 'part_folder', 'require_place', 'whole_folder']

LOCK = 'lock'
ADVICE = 'choose another folder with -o'


class BusyError(RuntimeError):
    """Another process writes the same folder."""


class FolderError(RuntimeError):
    """A folder cannot be written; one line: why, and what to do."""


def part_folder(folder: Path) -> Path:
    """Return where a folder is written before it appears; what a killed process left is there."""
    return folder.with_name(f'.{folder.name}.part')


def require_place(folder: Path) -> None:
    """
    Check that a folder is there, or that one could be made, as far as files and links tell.

    :raises FolderError: when a file or a broken link stands in its place, or above it
    """
    place = folder
    while not os.path.lexists(place):
        place = place.parent
    if place.is_dir():
        return
    if place.is_symlink() and not place.exists():
        found = 'a link to a place that is not there'
    else:
        found = 'a file' if place.is_file() else 'a device or a pipe'
    raise FolderError(
        f'{folder}: wanted a folder, or a place where one can be made, but {place} is {found}; '
        f'{ADVICE}'
    )


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """
    Yield a path, not there yet, at which the block creates a folder and fills it.

    After the block the folder lies at its place, and one that was there is gone. When the block
    fails nothing of it is left. What a killed process left is removed first.

    :raises BusyError: when another process writes it
    :raises FolderError: when it cannot be written
    """
    require_place(folder)
    part = part_folder(folder)
    try:
        part.mkdir(parents=True, exist_ok=True)
        opened = (part / LOCK).open('w')
    except OSError as error:
        raise FolderError(f'{folder}: cannot be written: {advice_on(error)}; {ADVICE}') from error
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError(f'{folder}: another process writes it') from error
        try:
            _clear(part)
            yield part / folder.name
            _sync(part / folder.name)
            if folder.exists():
                folder.rename(part / 'before')
            (part / folder.name).rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _clear(part: Path) -> None:
    for each in part.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != LOCK:
            each.unlink()


def _sync(folder: Path) -> None:
    """Have the disk hold all files before the folder gets its name."""
    for path in [folder, *folder.rglob('*')]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
