# SPDX-License-Identifier: Apache-2.0
"""
Knows by their SHA-256 which bundles can be run: the published ones, and those that were tried out.

What was tried out is remembered in the user's cache, and in memory where that cannot be written.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pose_ros.models.store import PUBLISHED, cache_directory

__all__ = ['is_vouched_for', 'vouch_for']

MAX_FILE_BYTES = 1 << 20

_vouched: set[str] = set()


def is_vouched_for(sha256: str, engine: str) -> bool:
    """
    Say whether a bundle can be run without being tried out.

    :param sha256: of the bundle, hexadecimal
    :param engine: the version that is to run it; what one runs, another may not
    """
    return sha256 in PUBLISHED or _line(sha256, engine) in _vouched | _remembered()


def vouch_for(sha256: str, engine: str) -> None:
    """Remember that a bundle was tried out and can be run."""
    _vouched.add(_line(sha256, engine))
    with contextlib.suppress(OSError):
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open('a', encoding='ascii') as file:
            file.write(_line(sha256, engine) + '\n')


def _path() -> Path:
    return cache_directory() / 'models_tried_out'


def _line(sha256: str, engine: str) -> str:
    return f'{sha256} {engine}'


def _remembered() -> set[str]:
    try:
        with _path().open(encoding='ascii', errors='replace') as file:
            return set(file.read(MAX_FILE_BYTES).splitlines())
    except OSError:
        return set()
