# SPDX-License-Identifier: Apache-2.0
"""read_model() opens regular files of a bounded size, and says what the system refuses."""

import os
from pathlib import Path
import socket
import subprocess
import sys

import pytest

from pose_ros.models.model_file import MAX_MODEL_BYTES, ModelError, read_model


def test_reads_a_file_and_what_links_to_it(tmp_path: Path) -> None:
    path = tmp_path / 'model.task'
    path.write_bytes(b'content')
    (tmp_path / 'link.task').symlink_to(path)
    assert read_model(path) == read_model(tmp_path / 'link.task') == b'content'


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe.task')
    with pytest.raises(ModelError, match='a named pipe, wanted'):
        read_model(tmp_path / 'pipe.task')


def test_a_socket_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # an address of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind('model.task')
        with pytest.raises(ModelError, match='a socket, wanted'):
            read_model(tmp_path / 'model.task')


@pytest.mark.parametrize('path', ['/dev/zero', '/dev/urandom', '/dev/null'])
def test_a_device_is_not_opened(path: str) -> None:
    with pytest.raises(ModelError, match='a device, wanted'):
        read_model(Path(path))


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / 'huge.task'
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(ModelError, match='MB or more, wanted a bundle of at most 134 MB'):
        read_model(path)
    os.truncate(path, MAX_MODEL_BYTES + 1)
    with pytest.raises(ModelError, match='wanted a bundle of at most'):
        read_model(path)


@pytest.mark.parametrize(
    ('path', 'words'),
    [('nowhere', 'no such file'), ('file/below', 'Not a directory'), ('a' * 300, 'too long')],
)
def test_what_cannot_be_read(tmp_path: Path, path: str, words: str) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(ModelError, match=words):
        read_model(tmp_path / path)


def test_a_name_that_is_none() -> None:
    with pytest.raises(ModelError, match='null'):
        read_model(Path('model\0.task'))


def test_too_few_file_descriptors(tmp_path: Path) -> None:
    path = tmp_path / 'model.task'
    path.touch()
    done = subprocess.run(
        [
            sys.executable,
            '-c',
            'import os, resource, sys, pathlib\n'
            'from pose_ros.models.model_file import read_model\n'
            'resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))\n'
            'try:\n'
            '    while True: os.dup(0)\n'
            'except OSError: pass\n'
            'try: read_model(pathlib.Path(sys.argv[1]))\n'
            'except Exception as error: os.write(1, str(error).encode())\n',
            str(path),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert 'too few file descriptors: raise them with ulimit -n' in done.stdout, done.stderr
