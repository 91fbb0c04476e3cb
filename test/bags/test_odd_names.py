# SPDX-License-Identifier: Apache-2.0
"""Names of recordings and folders that mean something to SQLite, FFmpeg or a shell."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.bags.annotate import annotate
from pose_ros.bags.job import Job, Wanted
from pose_ros.demo.video_source import open_source
from pose_ros.exports.export import ExportError
from pose_ros.stream.parameters import Parameters
from simulation.bag_files import Message, landmarks, write_bag

ODD = '2024-05-01T10:30:00 #1 100%25 $HOME café'


def test_a_video(
    frames: list[NDArray[np.uint8]],
    lite: Parameters,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    height, width = frames[0].shape[:2]
    plain = tmp_path / 'plain.mp4'
    writer = cv2.VideoWriter(str(plain), cv2.VideoWriter.fourcc(*'mp4v'), 25.0, (width, height))
    for rgb in frames[:4]:
        writer.write(rgb)
    writer.release()
    path = plain.rename(f'{ODD}.mp4')
    job = Job(path, Path('out:1', ODD), Wanted(lite, exports=('csv', 'video')))
    assert annotate(job).frames == 4
    assert len(landmarks(job.folder)) == 4
    source = open_source(str(path), loop=False)
    assert [source.grab() for _ in range(5)] == [True] * 4 + [False]
    source.close()


def test_a_bag(messages: list[Message], lite: Parameters, tmp_path: Path) -> None:
    for kind in ('mcap', 'ros1'):
        path = write_bag(tmp_path / f'{kind} {ODD}', kind, messages[:3])
        job = Job(path, tmp_path / 'out' / path.stem, Wanted(lite))
        assert annotate(job).frames == 3
        assert len(landmarks(job.folder)) == 3


def test_an_sqlite_bag(messages: list[Message], lite: Parameters, tmp_path: Path) -> None:
    plain = write_bag(tmp_path / 'plain', 'sqlite3', messages[:3])
    path = (plain / 'plain.db3').rename(tmp_path / f'{ODD}.db3')
    assert annotate(Job(path, tmp_path / 'out', Wanted(lite))).frames == 3
    odd = tmp_path / 'results#1'
    with pytest.raises(ExportError, match='choose --storage mcap'):
        annotate(Job(path, odd, Wanted(lite, storage='sqlite3')))
    assert {each.name for each in tmp_path.iterdir()} == {'plain', path.name, 'out'}
