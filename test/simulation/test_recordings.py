# SPDX-License-Identifier: Apache-2.0
"""Tests that recordings are fetched whole or not at all, and that labels and cameras fit them."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from simulation.ground_truth import FRAMES_FOR_TESTS, read_ground_truth
from simulation.recordings import (
    RecordingError,
    calibration,
    names,
    recording,
    recordings_directory,
)
from simulation.room_cameras import read_room_cameras, triangulate
from simulation.video import read_frame, read_frames

ROOT = Path(__file__).parents[2]

# Fixed points of the platform in cam1 to cam4, in pixels: tops of two posts, bolts and marks.
PLATFORM_PX = (
    ((667, 1515), (275, 1315), (262, 970), (845, 860)),
    ((947, 1425), (631, 1343), (63, 1060), (610, 920)),
    ((511, 1034), (823, 1061), (519, 1500), (325, 1463)),
    ((518, 1063), (789, 1084), (486, 1431), (385, 1396)),
    ((109, 1061), (439, 1041), (875, 1234), (836, 1410)),
)


def test_names() -> None:
    assert names() == (
        'walk',
        *(f'{kind}_cam{camera}' for kind in ('single', 'multi') for camera in range(1, 5)),
    )


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"wanted one of walk, .*got 'run'"):
        recording('run')


def test_needs_the_standard_library_alone() -> None:
    code = (
        'import sys; import simulation.recordings; '
        'print([name for name in ("cv2", "numpy", "rclpy") if name in sys.modules])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == '[]'


def test_without_a_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _only_packages_in(tmp_path, monkeypatch)
    with pytest.raises(RecordingError, match=r'pip cannot download it .*try again with a network'):
        recording('walk')
    assert list(recordings_directory().iterdir()) == []


def test_a_changed_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write_wheel(tmp_path, b'not the video')
    _only_packages_in(tmp_path, monkeypatch)
    with pytest.raises(RecordingError, match='wanted SHA-256 d9a66417'):
        recording('walk')
    assert list(recordings_directory().iterdir()) == []


def test_a_damaged_file_is_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = recording('walk').read_bytes()
    _write_wheel(tmp_path, video)
    _only_packages_in(tmp_path, monkeypatch)
    path = recording('walk')
    path.write_bytes(video[:1000])
    assert recording('walk') == path
    assert path.read_bytes() == video
    assert list(recordings_directory().iterdir()) == [path]


def test_two_processes_fetch_at_the_same_time(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    video = recording('walk').read_bytes()
    _write_wheel(tmp_path, video)
    _only_packages_in(tmp_path, monkeypatch)
    code = 'from simulation.recordings import recording; print(recording("walk"))'
    both = [
        subprocess.Popen(
            [sys.executable, '-c', code],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0].strip() for process in both]
    assert said == [str(recordings_directory() / 'walk.mp4')] * 2
    assert Path(said[0]).read_bytes() == video


def _only_packages_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip see the wheels of a folder and no network, and begin with an empty cache."""
    for name, value in (
        ('XDG_CACHE_HOME', folder / 'cache'),
        ('PIP_NO_INDEX', 1),
        ('PIP_FIND_LINKS', folder),
        ('PIP_CONFIG_FILE', os.devnull),
    ):
        monkeypatch.setenv(name, str(value))


def _write_wheel(folder: Path, video: bytes) -> None:
    """Write a wheel of sports2d with this video."""
    info = 'sports2d-0.8.34.dist-info'
    with zipfile.ZipFile(folder / 'sports2d-0.8.34-py3-none-any.whl', 'w') as wheel:
        wheel.writestr('Sports2D/Demo/demo.mp4', video)
        wheel.writestr(
            f'{info}/METADATA', 'Metadata-Version: 2.1\nName: sports2d\nVersion: 0.8.34\n'
        )
        wheel.writestr(
            f'{info}/WHEEL', 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n'
        )
        wheel.writestr(f'{info}/RECORD', '')


@pytest.mark.parametrize('name', names())
def test_labels_fit_the_recording(name: str) -> None:
    truth = read_ground_truth(name)
    frames = dict.fromkeys(index for index, _ in read_frames(recording(name), every=10))
    assert list(truth.frames) == list(frames)
    assert read_frame(recording(name), 0).shape == (truth.height, truth.width, 3)
    for labels in truth.frames.values():
        people = [label.person for label in labels]
        assert len(set(people)) == len(people)
        assert set(people) <= set(truth.people)
        for label in labels:
            x, y, width, height = label.box_px
            assert min(x, y) >= 0
            assert min(width, height) > 20
            assert x + width <= truth.width
            assert y + height <= truth.height
            assert not (label.whole and label.ignored)


def test_labels_of_another_name_are_refused() -> None:
    with pytest.raises(ValueError, match='wanted one of multi_cam1, '):
        read_ground_truth('run')


@pytest.mark.parametrize(('name', 'frame'), FRAMES_FOR_TESTS)
def test_frames_for_tests_have_several_people(name: str, frame: int) -> None:
    labels = read_ground_truth(name).frames[frame]
    assert sum(not label.ignored for label in labels) >= 2


def test_a_video_that_is_too_short(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='wanted frame 9999, the video is shorter'):
        read_frame(recording('walk'), 9999)
    with pytest.raises(ValueError, match='OpenCV cannot read it'):
        read_frame(tmp_path / 'none.mp4', 0)


def test_room_cameras_see_the_platform_at_the_same_place() -> None:
    cameras = read_room_cameras(calibration(), 'single')
    points_px = np.array(PLATFORM_PX, float).transpose(1, 0, 2)
    room_m = triangulate(cameras, points_px, np.ones(points_px.shape[:2]))
    residuals_px = [
        np.linalg.norm(camera.project(room_m) - points, axis=1)
        for camera, points in zip(cameras, points_px, strict=True)
    ]
    assert np.median(residuals_px) < 3
    assert room_m[:2, 2] == pytest.approx(0.185, abs=0.02)  # posts of the same height
    assert room_m[2:, 2] == pytest.approx(0.0, abs=0.02)  # on the platform
    for camera in cameras:
        assert np.linalg.det(camera.rotation) == pytest.approx(1)
        distances_m = camera.in_optical_frame(room_m)[:, 2]
        assert (distances_m > 2).all()
        assert (distances_m < 5).all()


def test_the_cameras_of_other_videos_are_refused() -> None:
    with pytest.raises(ValueError, match='wanted single or multi'):
        read_room_cameras(calibration(), 'walk')
