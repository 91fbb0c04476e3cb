# SPDX-License-Identifier: Apache-2.0
"""The demo leaves what it promises, or says at once which part failed; nothing is left running."""

from collections.abc import Mapping
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.outputs.looks import Looks
from pose_ros.poses.skeleton import Side

SCRIPT = Path(__file__).parents[1] / 'scripts/demo.py'


def start(output: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != 'PYTHONSAFEPATH'}
    return subprocess.Popen(
        [sys.executable, SCRIPT, '--output', output, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def processes_of(output: Path) -> list[str]:
    """Return the command lines of the processes whose log lies in the folder."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        try:
            if (process / 'fd/1').resolve().parent == output:
                found.append((process / 'cmdline').read_text())
        except OSError:
            continue  # it ended meanwhile, or is not ours
    return found


def middle_of(bgr: NDArray[np.uint8], side: Side) -> NDArray[np.float64]:
    """Return the mean (y, x) of the pixels in about the colour of one side of the body."""
    difference = np.abs(bgr[:, :, ::-1].astype(int) - Looks().rgb(side)).max(axis=2)
    return np.argwhere(difference < 30).mean(axis=0)


def table(text: str) -> Mapping[str, str]:
    return {line[:12].strip(): line[12:] for line in text.splitlines()}


def test_demo(tmp_path: Path, models: dict[str, Path]) -> None:
    process = start(
        tmp_path, '--source', 'photo', '--seconds', '2', '--model', str(models['lite'])
    )
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert '2 of 2 s' in out
    assert not processes_of(tmp_path)

    figures = table((tmp_path / 'summary.txt').read_text())
    assert 20 < int(figures['frames in']) < 90
    assert 0 < int(figures['frames out']) <= int(figures['frames in'])
    assert figures['people'] == '1 at most, 1.00 on average'
    assert 0 < float(figures['latency'].split()[0]) < 5000
    assert (tmp_path / 'summary.txt').read_text() in out

    still = cv2.imread(str(tmp_path / 'annotated.png'))
    assert still is not None
    assert still.shape == (512, 512, 3)
    assert middle_of(still, Side.LEFT)[1] > middle_of(still, Side.RIGHT)[1]  # she faces us

    markers = cv2.imread(str(tmp_path / 'markers.png'))
    assert markers is not None
    from_camera = markers[:, :660]
    left, right = (middle_of(from_camera, side) for side in (Side.LEFT, Side.RIGHT))
    assert left[1] > right[1]

    video = cv2.VideoCapture(str(next(tmp_path.glob('annotated.[wm]*'))))
    assert video.get(cv2.CAP_PROP_FRAME_WIDTH) == 512
    pictures = 0
    while video.grab():
        pictures += 1
    assert pictures / video.get(cv2.CAP_PROP_FPS) == pytest.approx(2, abs=0.7)


def test_without_a_network_the_photograph_is_filmed_and_that_is_said(
    tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'empty'))
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    process = start(tmp_path / 'out', '--seconds', '1', '--model', str(models['lite']))
    out, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert 'so a photograph is filmed instead: sports2d' in out
    assert 'a photograph, moved' in (tmp_path / 'out/summary.txt').read_text()


@pytest.mark.parametrize(
    ('arguments', 'complaint'),
    [
        (['--source', '/nowhere.mp4'], '/nowhere.mp4: no such file'),
        (['--source', __file__], 'neither a photograph nor a video'),
        (['--source', '987'], 'webcam 987 gives no picture'),
        (['--model', '/nowhere.task'], 'the pose node did not configure'),
    ],
)
def test_failures_are_named(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    process = start(tmp_path, *arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert '[demo] FAILED: ' in errors
    assert complaint in errors
    assert 'Traceback' not in errors
    assert not processes_of(tmp_path)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('processes', [1, 2])  # with one, amid the start of the other
def test_interrupted(
    tmp_path: Path,
    models: dict[str, Path],
    number: signal.Signals,
    processes: int,
) -> None:
    process = start(tmp_path, '--model', str(models['lite']))
    end = time.monotonic() + 60
    while len(processes_of(tmp_path)) < processes:
        assert time.monotonic() < end
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors == '[demo] stopped\n'
    assert not processes_of(tmp_path)
