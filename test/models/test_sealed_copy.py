# SPDX-License-Identifier: Apache-2.0
"""A SealedCopy holds what it was made of, opens by a path, cannot be changed, and is freed."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

from pose_ros.models.sealed_copy import SealedCopy

CONTENT = bytes(range(256)) * 9


def test_it_holds_what_it_was_made_of() -> None:
    assert SealedCopy(CONTENT).path.read_bytes() == CONTENT
    assert SealedCopy(b'').path.read_bytes() == b''


def test_nobody_can_change_it() -> None:
    copy = SealedCopy(CONTENT)
    with pytest.raises(OSError, match='not permitted'):
        copy.path.write_bytes(b'other')  # begins with cutting it to nothing
    with copy.path.open('r+b', buffering=0) as file:
        with pytest.raises(OSError, match='not permitted'):
            file.write(b'other')
        for size in (7, len(CONTENT) + 1):
            with pytest.raises(OSError, match='not permitted'):
                file.truncate(size)
    assert copy.path.read_bytes() == CONTENT


def test_another_process_reads_what_it_inherits_and_no_other_one_does() -> None:
    copy = SealedCopy(CONTENT)
    code = 'import sys; sys.stdout.buffer.write(open(sys.argv[1], "rb").read())'
    command = [sys.executable, '-c', code, str(copy.path)]
    inheriting = subprocess.run(
        command, pass_fds=[copy.descriptor], stdout=subprocess.PIPE, check=True
    )
    assert inheriting.stdout == CONTENT
    foreign = subprocess.run(command, capture_output=True, check=False)
    assert foreign.returncode
    assert not foreign.stdout


def test_it_is_freed_when_nobody_refers_to_it() -> None:
    before = os.listdir('/proc/self/fd')
    copy = SealedCopy(CONTENT)
    path = Path(os.readlink(copy.path))
    assert 'pose_ros_model' in path.name
    assert len(os.listdir('/proc/self/fd')) == len(before) + 1
    del copy
    assert os.listdir('/proc/self/fd') == before
