# SPDX-License-Identifier: Apache-2.0
"""A bundle that nobody vouches for is run by a process of its own first, once."""

from collections.abc import Callable
from contextlib import suppress
import importlib.metadata
import os
from pathlib import Path
import signal
import subprocess
import sys
import time
from typing import Any
import zipfile

import pytest

from pose_ros.detection import usable_model as module
from pose_ros.detection.usable_model import usable_model
from pose_ros.models import vouching
from pose_ros.models.bundle import DETECTOR, LANDMARKER, check_bundle
from pose_ros.models.model_file import ModelError
from simulation.bundles import DEADLY, deadly_names, with_changed_bytes


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No memory of earlier trials; returns the cache's folder."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.setattr(vouching, '_vouched', set())
    return tmp_path / 'cache/pose_ros'


@pytest.fixture
def retrained(tmp_path: Path, models: dict[str, Path]) -> Path:
    """A bundle with another weight than the published ones."""
    return with_changed_bytes(models['lite'], tmp_path / 'mine.task', DETECTOR, {1_000_000: 0})


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bundles that were tried out, in order."""
    run, tried = subprocess.run, []

    def counted(command: list[str], **options: Any) -> Any:
        tried.append(command[-1])
        return run(command, **options)

    monkeypatch.setattr(subprocess, 'run', counted)
    return tried


def test_the_published_models_are_not_tried_out(
    models: dict[str, Path], trials: list[str]
) -> None:
    paths = [models[name] for name in ('lite', 'full', 'heavy')]
    trials.clear()  # what fetching took
    assert [usable_model(path)[0] for path in paths] == paths
    assert trials == []


WITHOUT_A_TRIAL = """
from pathlib import Path
import resource
import sys
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
try:
    Landmarker(LandmarkerOptions(Path(sys.argv[1])))
except LandmarkerError as error:
    sys.exit(str(error))
"""


@pytest.mark.parametrize('name', DEADLY)
def test_a_bundle_that_ends_the_process_is_refused(
    name: str, tmp_path: Path, models: dict[str, Path]
) -> None:
    path = with_changed_bytes(models['lite'], tmp_path / 'deadly.task', DETECTOR, DEADLY[name])
    check_bundle(path)
    loaded = subprocess.run(
        [sys.executable, '-c', WITHOUT_A_TRIAL, str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert loaded.returncode != 0
    is_ended = loaded.returncode < 0
    assert is_ended == (name in deadly_names()), loaded.stderr
    why = 'a process that tried it out was ended by SIG' if is_ended else 'MediaPipe cannot load '
    for _ in range(2):
        wanted = rf'deadly.task: MediaPipe cannot run it: {why}'
        with pytest.raises(ModelError, match=wanted) as it:
            usable_model(path)
        assert '\n' not in str(it.value)


def test_every_mediapipe_is_ended_by_a_bundle() -> None:
    assert deadly_names(), 'without one the other tests of deadly bundles hold nothing'


def test_other_weights_are_tried_out_once(
    retrained: Path, trials: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        path, copy = usable_model(retrained)
        assert path == retrained
        assert copy
        assert copy.path.read_bytes() == retrained.read_bytes()
    monkeypatch.setattr(vouching, '_vouched', set())  # another process
    usable_model(retrained)
    assert len(trials) == 1


def test_another_version_of_mediapipe_tries_again(
    retrained: Path, trials: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usable_model(retrained)
    monkeypatch.setattr(importlib.metadata, 'version', lambda _: '99.0')
    usable_model(retrained)
    assert len(trials) == 2


def test_without_a_writable_cache_it_is_remembered_in_memory(
    retrained: Path, nothing_remembered: Path, trials: list[str]
) -> None:
    nothing_remembered.parent.touch()  # a file where the folder should be
    usable_model(retrained)
    usable_model(retrained)
    assert len(trials) == 1


def test_damage_that_mediapipe_sees_is_said(tmp_path: Path, models: dict[str, Path]) -> None:
    with zipfile.ZipFile(models['lite']) as archive:
        size = len(archive.read(LANDMARKER))
    path = tmp_path / 'damaged.task'
    with_changed_bytes(
        models['lite'], path, LANDMARKER, dict.fromkeys(range(size - 30_000, size, 7), 255)
    )
    wanted = rf'damaged network|MediaPipe cannot run it: MediaPipe cannot load {path}: '
    with pytest.raises(ModelError, match=wanted):
        usable_model(path)


def test_where_the_system_keeps_no_copy_the_file_is_opened(
    retrained: Path, trials: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        raise PermissionError(1, os.strerror(1))

    monkeypatch.setattr(os, 'memfd_create', refused)
    assert usable_model(retrained) == (retrained, None)
    assert trials == [str(retrained)]


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def has_begun(pid: int) -> bool:
    """Tell whether a trial is at its imports, or beyond."""
    return 'numpy' in Path(f'/proc/{pid}/maps').read_text()


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end, f'waited in vain for {what}'
        time.sleep(0.005)


def test_a_trial_ends_with_whoever_began_it(retrained: Path, tmp_path: Path) -> None:
    """Also one that hangs, and when the node was killed: here the trial is stopped by a signal."""
    code = 'import sys; from pose_ros.detection.usable_model import usable_model as use; '
    parent = subprocess.Popen(
        [sys.executable, '-c', code + 'use(sys.argv[1])', str(retrained)], cwd=tmp_path
    )
    until(lambda: children(parent.pid), 'the trial')
    [trial] = children(parent.pid)
    try:
        until(lambda: has_begun(trial), 'its imports')
        os.kill(trial, signal.SIGSTOP)
        parent.kill()
        parent.wait()
        until(lambda: not is_alive(trial), 'its end')
    finally:
        parent.kill()
        with suppress(ProcessLookupError):
            os.kill(trial, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs or is stopped; nobody may have waited for one that ended."""
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] not in 'ZX'
    except FileNotFoundError:
        return False


def test_a_trial_that_takes_too_long_is_ended(
    retrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, 'TIMEOUT_S', 0.2)
    with pytest.raises(ModelError, match='did not run it within'):
        usable_model(retrained)


def test_a_trial_that_cannot_be_made_is_said(
    retrained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise BlockingIOError(11, os.strerror(11))

    monkeypatch.setattr(subprocess, 'run', refused)
    with pytest.raises(ModelError, match='the system starts no more processes'):
        usable_model(retrained)
