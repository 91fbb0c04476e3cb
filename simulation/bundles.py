# SPDX-License-Identifier: Apache-2.0
"""Makes model bundles of which some bytes are others, with checksums that are right."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
import zipfile

from pose_ros.models.bundle import DETECTOR

__all__ = ['DEADLY', 'deadly_bundle', 'deadly_names', 'with_changed_bytes']

# Bytes of the published detector. version: the first digit of the version that it needs, which
# MediaPipe reads with std::stoi (SIGABRT). tables: two bytes with which TensorFlow Lite reads
# beyond the network (SIGSEGV).
DEADLY = {
    'version': {2016: ord(';')},
    'tables': {2_953_082: 44, 2_953_527: 44},
}
# Which of them end which MediaPipe, by the start of its version; the others it refuses in words.
# test/detection/test_usable_model.py holds it.
ENDED_BY = {
    '0.10.18': ('tables',),
    '0.10.': ('version', 'tables'),
    '1.': ('version',),
}


def deadly_names() -> tuple[str, ...]:
    """Return which of DEADLY end a process that loads them with the installed MediaPipe."""
    installed = version('mediapipe')
    return next(names for start, names in ENDED_BY.items() if installed.startswith(start))


def deadly_bundle(bundle: Path, path: Path) -> Path:
    """
    Write a bundle that ends a process that loads it with the installed MediaPipe.

    :param bundle: the published one of lite
    :param path: of the new one
    :returns: the path
    """
    return with_changed_bytes(bundle, path, DETECTOR, DEADLY[deadly_names()[0]])


def with_changed_bytes(bundle: Path, path: Path, member: str, changes: Mapping[int, int]) -> Path:
    """
    Write a bundle of which some bytes are others.

    :param bundle: a sound one
    :param path: of the new one
    :param member: the network that is changed
    :param changes: new values by place
    :returns: the path
    """
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(path, 'w') as archive:
        for name in source.namelist():
            data = bytearray(source.read(name))
            if name == member:
                for at, value in changes.items():
                    data[at] = value
            archive.writestr(name, bytes(data))
    return path
