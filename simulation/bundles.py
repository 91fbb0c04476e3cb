# SPDX-License-Identifier: Apache-2.0
"""Makes model bundles of which some bytes are others, with checksums that are right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
import zipfile

__all__ = ['DEADLY', 'DEADLY_TABLES', 'with_changed_bytes']

# In the published detector, the first digit of the version that it needs. MediaPipe reads the
# version with std::stoi and catches nothing: the process is ended.
DEADLY = {2016: ord(';')}
# And two bytes of its tables, with which TensorFlow Lite reads beyond the network.
DEADLY_TABLES = {2_953_082: 44, 2_953_527: 44}


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
