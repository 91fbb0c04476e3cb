# SPDX-License-Identifier: Apache-2.0
"""Finding models among real files, and getting them: from a web server here, from the packages."""

from collections.abc import Iterator
import errno
import hashlib
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from pose_ros.fetch_models import main
from pose_ros.models import download
from pose_ros.models import store as module
from pose_ros.models.store import Model, ModelError, fetch, find_model
from simulation.http_files import Site, certificate, serving

FULL = 'pose_landmarker_full.task'
NOWHERE = 'http://127.0.0.1:9/{name}'  # nobody listens on the port "discard"


@pytest.fixture(autouse=True)
def empty_machine(
    tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No model anywhere, Google out of reach, and no proxy before this machine."""
    assert models['full']  # which would be fetched into the empty machine else
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setenv('AMENT_PREFIX_PATH', '')
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setattr(module, 'URL', NOWHERE)


@pytest.fixture(scope='module')
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp('certificate'))


@pytest.fixture
def google(models: dict[str, Path], key: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A web server in Google's place, whose known bundle of full is the one here."""
    content = models['full'].read_bytes()
    known = Model(hashlib.sha256(content).hexdigest(), module.MODELS['full'].assembled_sha256)
    monkeypatch.setitem(module.MODELS, 'full', known)
    monkeypatch.setenv('SSL_CERT_FILE', str(key))
    with serving(Site(content), key) as site:
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


@pytest.mark.parametrize('given', ['medium', 'nowhere/pose.task', '.'])
def test_a_wrong_path_says_what_is_wanted(given: str) -> None:
    with pytest.raises(ModelError, match=r'wanted lite, full, heavy or a bundle.s path; get full'):
        find_model(given)


@pytest.mark.parametrize('given', ['', ' '])
def test_an_empty_path_is_not_taken_for_a_folder(given: str) -> None:
    with pytest.raises(ModelError) as it:
        find_model(given)
    words = str(it.value)
    assert words.startswith(
        f"wanted lite, full, heavy or a bundle's path, got '{given}'; get full"
    )
    assert str(Path.cwd()) not in words


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
    assert last.startswith(f'{FULL}: not downloaded ({google.url}')
    assert str(tmp_path / 'cache/pose_ros') in last


@pytest.mark.parametrize(
    ('code', 'words'),
    [
        (errno.ENOSPC, 'the disk is full: make room'),
        (errno.EDQUOT, 'the disk quota is used up'),
        (errno.EMFILE, 'too few file descriptors: raise them with ulimit -n'),
        (errno.EROFS, 'the disk is read-only'),
    ],
)
def test_says_what_the_system_refuses(
    google: Site, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def refused(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(download, 'download', refused)
    with pytest.raises(ModelError, match=words) as caught:
        fetch('full')
    assert 'network' not in str(caught.value)


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
