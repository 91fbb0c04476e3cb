# SPDX-License-Identifier: Apache-2.0
"""Finding models among real files, and getting them: from a web server here, from the packages."""

from collections.abc import Iterator
import hashlib
import os
from pathlib import Path
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

from pose_ros.fetch_models import main
from pose_ros.models import store as module
from pose_ros.models.bundle import DETECTOR
from pose_ros.models.store import Model, ModelError, fetch, find_model
from simulation.http_files import Site, serving

FULL = 'pose_landmarker_full.task'
NOWHERE = 'http://127.0.0.1:9/{name}'  # nobody listens on the port "discard"


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model anywhere, Google out of reach, and no proxy before this machine."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('AMENT_PREFIX_PATH', '')
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setattr(module, 'URL', NOWHERE)


@pytest.fixture
def no_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No package index within reach of pip."""
    monkeypatch.setenv('PIP_CONFIG_FILE', os.devnull)
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(tmp_path))


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


@pytest.fixture
def google(models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A web server in Google's place, whose known bundle of full is the one here."""
    content = models['full'].read_bytes()
    known = Model(hashlib.sha256(content).hexdigest(), module.MODELS['full'].landmarker_sha256)
    monkeypatch.setitem(module.MODELS, 'full', known)
    with serving(Site(content)) as site:
        monkeypatch.setattr(module, 'URL', site.url + '/{name}')
        yield site


def cached(tmp_path: Path) -> list[str]:
    """Return the names in the cache directory."""
    return sorted(path.name for path in (tmp_path / 'cache/pose_ros').iterdir())


def placed(source: Path, path: Path) -> Path:
    """Return the path, with a copy of the source there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(source, path))


# Finding


def test_finds_the_cached_one_first_then_the_packages(
    tmp_path: Path,
    models: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prefixes = [tmp_path / name for name in ('without', 'overlay', 'underlay')]
    monkeypatch.setenv('AMENT_PREFIX_PATH', os.pathsep.join(map(str, prefixes)))
    places = [tmp_path / 'cache/pose_ros' / FULL] + [
        prefix / 'share/pose_ros/models' / FULL for prefix in prefixes[1:]
    ]
    for place in reversed(places):
        placed(models['full'], place)
        assert find_model('full') == place


def test_without_xdg_cache_home_looks_in_the_home(
    tmp_path: Path,
    models: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv('XDG_CACHE_HOME')
    monkeypatch.setenv('HOME', str(tmp_path))
    path = placed(models['full'], tmp_path / '.cache/pose_ros' / FULL)
    assert find_model('full') == path


@pytest.mark.parametrize('given', ['mine.task', './mine.task', '{home}/mine.task', '~/mine.task'])
def test_takes_a_path(
    tmp_path: Path,
    models: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    given: str,
) -> None:
    placed(models['full'], tmp_path / 'mine.task')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path))
    found = find_model(given.format(home=tmp_path))
    assert found.is_absolute()
    assert found.samefile(tmp_path / 'mine.task')


@pytest.mark.parametrize('name', ['lite', 'full', 'heavy'])
def test_a_missing_model_names_file_and_command(tmp_path: Path, name: str) -> None:
    path = tmp_path / f'cache/pose_ros/pose_landmarker_{name}.task'
    with pytest.raises(ModelError) as caught:
        find_model(name)
    assert str(caught.value) == (
        f'{path}: no such file; get it with: ros2 run pose_ros fetch_models {name} '
        f'(or: python3 -m pose_ros.fetch_models {name})'
    )


def test_a_truncated_model_is_not_passed_over(
    tmp_path: Path,
    models: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    placed(models['full'], tmp_path / 'share/pose_ros/models' / FULL)
    path = placed(models['full'], tmp_path / 'cache/pose_ros' / FULL)
    os.truncate(path, 1_000_000)
    with pytest.raises(ModelError, match=r'truncated or damaged, 1000000 bytes.*; get it with: '):
        find_model('full')


@pytest.mark.parametrize('given', ['medium', 'nowhere/pose.task', '', '.'])
def test_a_wrong_path_says_what_is_wanted(given: str) -> None:
    with pytest.raises(ModelError, match=r'wanted lite, full, heavy or a bundle.s path; get full'):
        find_model(given)


def test_finding_imports_no_mediapipe() -> None:
    subprocess.run(
        [
            sys.executable,
            '-c',
            'import sys, pose_ros.models.store as m\n'
            'try: m.find_model("full")\nexcept m.ModelError: pass\n'
            'assert "mediapipe" not in sys.modules',
        ],
        check=True,
        timeout=60,
    )


# Getting


def test_downloads(google: Site, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    google.faults = ['cut']
    path = tmp_path / 'cache/pose_ros' / FULL
    appeared_early = []
    google.during = lambda: appeared_early.append(path.exists())
    assert main([]) == 0
    assert path.read_bytes() == google.content
    assert appeared_early == [False, False]
    assert cached(tmp_path) == [FULL]
    out, err = capfd.readouterr()
    assert out == f'{path}\n'
    assert f'{FULL}: downloading\n' in err
    assert f'{FULL}: 100 % of 9.4 MB\n' in err
    assert find_model('full') == path


def test_leaves_a_sound_one_alone_and_replaces_a_broken_one(
    google: Site,
    tmp_path: Path,
) -> None:
    path = fetch('full')
    assert fetch('full') == path
    assert len(google.requests) == 1
    os.truncate(path, 1000)
    fetch('full')
    assert len(google.requests) == 2
    assert path.read_bytes() == google.content


@pytest.mark.usefixtures('no_packages')
@pytest.mark.parametrize('fault', [403, b'<html>please log in</html>', None])
def test_leaves_nothing_behind_when_nothing_can_be_had(
    google: Site,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    fault: int | bytes | None,
) -> None:
    if isinstance(fault, int):
        google.faults = [fault]
    else:
        google.content = fault or google.content[:-1] + b'!'
    assert main(['full']) == 1
    assert cached(tmp_path) == []
    out, err = capfd.readouterr()
    assert out == ''
    last = err.splitlines()[-1]
    assert last.startswith(f'{FULL}: neither downloaded ({google.url}')
    assert 'nor assembled (' in last
    assert 'No matching distribution' in last or 'Could not find a version' in last
    assert str(tmp_path / 'cache/pose_ros') in last


def test_without_npm_says_so_and_goes_on(
    google: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    google.faults = [404]
    monkeypatch.setenv('PATH', str(tmp_path))
    assert main(['lite', 'full']) == 1
    assert cached(tmp_path) == [FULL]
    assert 'lite needs npm (apt-get install npm); full does without' in capfd.readouterr().err


def test_says_where_it_cannot_write(tmp_path: Path, google: Site) -> None:
    (tmp_path / 'cache').touch()
    with pytest.raises(ModelError, match=r'cannot be written: .*XDG_CACHE_HOME'):
        fetch('full')


def test_refuses_an_unknown_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(['full', 'medium'])
    assert caught.value.code == 2
    assert 'wanted lite, full, heavy, got medium' in capsys.readouterr().err
    with pytest.raises(ValueError, match=r'wanted lite, full, heavy, got .medium'):
        fetch('medium')


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
    path = fetch(name)
    assert 'assembling it from published packages' in capfd.readouterr().err
    assert cached(tmp_path) == [path.name]

    with path.open('rb') as file, zipfile.ZipFile(file) as archive:
        assert hashlib.sha256(archive.read(DETECTOR)).hexdigest() == module.DETECTOR_SHA256
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
