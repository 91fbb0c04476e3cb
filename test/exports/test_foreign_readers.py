# SPDX-License-Identifier: Apache-2.0
"""
Exports read with the readers of OpenSim, Pose2Sim and LeRobot themselves: the messages' values.

They need packages of gigabytes: `make test-readers` installs them beside ours, and tells where.
"""

from collections.abc import Callable
import os
from pathlib import Path
import subprocess
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.exports.keypoints import BODY_25, keypoints_px
from pose_ros.poses.skeleton import Landmark
from simulation.exported import PEOPLE, Exported

PYTHON = os.environ.get('READERS_PYTHON', '')
SCRIPT = Path(__file__).with_name('foreign_reader.py')
AXES = ('x', 'y', 'z')

pytestmark = [
    pytest.mark.skipif(not PYTHON, reason='make test-readers installs the readers of other tools'),
    pytest.mark.timeout(400),
]

Read = Callable[[str], dict[str, NDArray[Any]]]


@pytest.fixture
def read(exported: Exported, tmp_path: Path) -> Read:
    """Reads the exports with a reader."""

    def with_reader(name: str) -> dict[str, NDArray[Any]]:
        done = subprocess.run(
            [PYTHON, SCRIPT, name, exported.folder, tmp_path / 'read.npz'],
            cwd=tmp_path,
            env={**os.environ, 'HF_HUB_OFFLINE': '1', 'PYTHONPATH': ''},
            capture_output=True,
            text=True,
            check=False,
        )
        if 'ModuleNotFoundError' in done.stderr:
            pytest.skip(done.stderr.splitlines()[-1])
        assert done.returncode == 0, done.stderr
        return dict(np.load(tmp_path / 'read.npz'))

    return with_reader


def values(landmarks: Any, names: tuple[str, ...]) -> NDArray[np.float32]:
    return np.array([[getattr(each, name) for name in names] for each in landmarks], np.float32)


@pytest.mark.parametrize('reader', ['opensim', 'pose2sim'])
def test_trc_files(read: Read, exported: Exported, reader: str) -> None:
    found = read(reader)
    ids = {person.track_id for _, person in exported.people()}
    assert {f'image_raw_person_{each}.values' for each in ids} <= found.keys()
    for track_id in ids:
        name = f'image_raw_person_{track_id}'
        seen = {
            index: person for index, person in exported.people() if person.track_id == track_id
        }
        first, last = min(seen), max(seen)
        positions, times = found[f'{name}.values'], found[f'{name}.times']
        assert found[f'{name}.names'].tolist() == [each.name.lower() for each in Landmark]
        assert positions.shape == (last - first + 1, len(Landmark), 3)
        assert times == pytest.approx([index / 30 for index in range(last - first + 1)], abs=1e-5)
        for index in range(first, last + 1):
            row = positions[index - first]
            if index not in seen:
                assert np.isnan(row).all(), 'out of sight'
                continue
            # Bones keep their length, wherever the person stands and whichever way y points.
            world = values(seen[index].world_landmarks, AXES)
            for start, end in ((Landmark.LEFT_HIP, Landmark.LEFT_KNEE), (0, 32), (11, 28)):
                wanted = np.linalg.norm(world[start] - world[end])
                assert np.linalg.norm(row[start] - row[end]) == pytest.approx(wanted, abs=1e-5)
            position = seen[index].position
            hips = row[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=0)
            placed = (position.x, -position.y, -position.z)
            assert hips == pytest.approx(placed, abs=0.03)
        if reader == 'opensim':
            assert found[f'{name}.units'] == 'm'
            assert float(found[f'{name}.rate']) == pytest.approx(30, abs=0.1)


def test_openpose_files(read: Read, exported: Exported) -> None:
    found = read('pose2sim')
    for index, message in enumerate(exported.messages):
        people = found[f'image_raw_{index:012d}_keypoints']
        assert len(people) == len(message.poses)
        for keypoints, person in zip(people, message.poses, strict=True):
            landmarks = values(person.landmarks, (*AXES, 'visibility', 'presence'))
            size = message.image_width, message.image_height
            np.testing.assert_allclose(
                keypoints.reshape(25, 3), keypoints_px(landmarks, BODY_25, *size)
            )


def test_the_lerobot_data_set(read: Read, exported: Exported) -> None:
    found = read('lerobot')
    count = len(exported.messages)
    assert found['tasks'].tolist() == ['observe people'] * count
    assert found['frame_index'].tolist() == list(range(count))
    assert found['timestamp'] == pytest.approx(np.arange(count) / found['rate'])
    landmarks = found['observation.pose.landmarks'].reshape(count, PEOPLE, 33, 5)
    world = found['observation.pose.world_landmarks'].reshape(count, PEOPLE, 33, 5)
    for index, message in enumerate(exported.messages):
        ids = [each.track_id for each in message.poses]
        assert found['observation.pose.track_ids'][index].tolist() == ids + [-1] * (
            PEOPLE - len(ids)
        )
        for number, person in enumerate(message.poses):
            columns = (*AXES, 'visibility', 'presence')
            assert (landmarks[index, number] == values(person.landmarks, columns)).all()
            assert (world[index, number, :, :3] == values(person.world_landmarks, AXES)).all()
    pictures = found['observation.images.image_raw']
    assert pictures.shape == (count, 3, 270, 480)
    assert 0.1 < pictures.mean() < 0.9
    assert np.abs(np.diff(pictures, axis=0)).mean(axis=(1, 2, 3)).min() > 0, 'each its own'
    assert found['mean'] == pytest.approx(landmarks.reshape(count, -1).mean(axis=0), abs=1e-5)
