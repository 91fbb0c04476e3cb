# SPDX-License-Identifier: Apache-2.0
"""`make page`: one command shows people, also those before the browser's own camera."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import re
import signal
import subprocess
import sys
from typing import Any

import pytest

from simulation.recordings import RecordingError, recording
from simulation.ros_domain import other_domain

SCRIPTS = Path(__file__).parents[2] / 'scripts'
pytestmark = pytest.mark.timeout(300)


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != 'PYTHONSAFEPATH'}
    return {**kept, 'ROS_DOMAIN_ID': str(other_domain()), **more}


@contextmanager
def make_page(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run what `make page` runs, with its logs in a folder."""
    process = subprocess.Popen(
        [sys.executable, SCRIPTS / 'page.py', *arguments],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of the processes whose log lies in the folder."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        try:
            if (process / 'fd/1').resolve().parent == folder / 'build/page':
                found.append((process / 'cmdline').read_text())
        except OSError:
            continue  # it ended meanwhile, or is not ours
    return found


def chosen(source: str, **variables: str) -> str:
    """Return what is filmed, and what is said about it."""
    script = f'from demo_source import choose_source; print(choose_source({source!r}, print))'
    done = subprocess.run(
        [sys.executable, '-c', script],
        cwd=SCRIPTS,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_browsers_camera_is_enough(
    chromium: Any, tmp_path: Path, models: dict[str, Path]
) -> None:
    arguments = ('--source', 'browser', '--model', str(models['lite']), '--port', '18470')
    with make_page(tmp_path, *arguments) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        address = re.search(r'open (\S+) in a browser', lines[1])
        assert address, lines
        assert 'Camera' in lines[2]
        assert len(processes_of(tmp_path)) == 2  # no camera but the browser's
        page = chromium.new_page()
        page.goto(address[1])
        page.click('.pose-words >> text="Use this device\'s camera"', timeout=60_000)
        page.click('.pose-camera button >> text="Use this device\'s camera"')
        page.wait_for_function('posePage.frame?.people.length === 1', timeout=60_000)
        assert page.evaluate('posePage.frame.bitmap && posePage.frame.size') == [640, 480]
        page.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stdout.read() == '[page] stopped\n'
    assert not processes_of(tmp_path)


def test_a_source_that_is_none_is_said(tmp_path: Path) -> None:
    with make_page(tmp_path, '--source', 'absent.mp4') as process:
        assert process.wait(60) == 1
        assert process.stdout
        assert 'absent.mp4: no such file' in process.stdout.read()


def test_the_video_of_two_people_is_filmed() -> None:
    try:
        video = recording('walk')
    except RecordingError as error:
        pytest.skip(str(error))
    assert str(video) in chosen('')


def test_without_a_network_the_photograph_is_filmed(tmp_path: Path) -> None:
    said = chosen('', XDG_CACHE_HOME=str(tmp_path), PIP_NO_INDEX='1')
    assert 'a photograph is filmed instead' in said
    assert "path=''" in said
