# SPDX-License-Identifier: Apache-2.0
"""Webcams, videos and photographs are opened by name; what cannot be opened says why."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.demo.moved_photo import MovedPhoto
from pose_ros.demo.video_source import SourceError, VideoFile, VideoSource, open_source

LEVELS = (40, 80, 120, 160, 200)


@pytest.fixture(scope='module')
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pictures of 64x48, each of one grey level, red where x < 16; 12 a second."""
    path = tmp_path_factory.mktemp('video') / 'five.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 12.0, (64, 48))
    for level in LEVELS:
        bgr = np.full((48, 64, 3), level, np.uint8)
        bgr[:, :16] = 0, 0, 255
        writer.write(bgr)
    writer.release()
    return path


def levels(source: VideoSource, most: int = 100) -> list[int]:
    """Return the grey level of each picture until the end."""
    found: list[int] = []
    while len(found) < most and source.grab():
        found.append(min(LEVELS, key=lambda level: abs(level - source.retrieve()[24, 40].mean())))
    source.close()
    return found


def test_video_once(video: Path) -> None:
    source = open_source(str(video), loop=False)
    assert isinstance(source, VideoFile)
    assert source.rate_hz == pytest.approx(12.0)
    assert levels(source) == list(LEVELS)


def test_video_over_and_over(video: Path) -> None:
    assert levels(open_source(str(video)), most=12) == [*LEVELS, *LEVELS, *LEVELS[:2]]


def test_pictures_are_rgb(video: Path) -> None:
    source = open_source(str(video))
    source.grab()
    red, green, blue = source.retrieve()[24, 8].astype(int)
    assert red > 200
    assert max(green, blue) < 80


@pytest.mark.parametrize(
    ('wanted', 'size'),
    [
        ((0, 0), (64, 48)),
        ((32, 0), (32, 24)),
        ((0, 96), (128, 96)),
        ((48, 48), (48, 48)),
        ((100, 20), (100, 20)),
    ],
)
def test_size(video: Path, wanted: tuple[int, int], size: tuple[int, int]) -> None:
    source = open_source(str(video), width=wanted[0], height=wanted[1])
    source.grab()
    assert source.retrieve().shape == (size[1], size[0], 3)


def test_other_proportions_show_the_middle_undistorted(video: Path) -> None:
    source = open_source(str(video), width=48, height=48)  # 8 pixels less left and right
    source.grab()
    picture = source.retrieve()
    assert picture[24, 4, 0] > 200  # of 16 red columns 8 are left
    assert picture[24, 14, 0] < 100


@pytest.mark.parametrize(('suffix', 'rate_hz'), [('.png', 0.0), ('.jpg', 7.0)])
def test_photo(tmp_path: Path, astronaut: NDArray[np.uint8], suffix: str, rate_hz: float) -> None:
    path = tmp_path / f'photo{suffix}'
    cv2.imwrite(str(path), cv2.cvtColor(astronaut, cv2.COLOR_RGB2BGR))
    source = open_source(str(path), rate_hz, loop=False, height=256)
    assert isinstance(source, MovedPhoto)
    assert source.rate_hz == (rate_hz or 30.0)
    expected = MovedPhoto(astronaut, source.rate_hz, 256, 256)
    for each in (source, expected):
        each.grab()
    difference = source.retrieve().astype(int) - expected.retrieve()
    assert np.abs(difference).mean() < (0.001 if suffix == '.png' else 5)


def test_builtin_photograph(astronaut: NDArray[np.uint8]) -> None:
    source, expected = open_source(''), MovedPhoto(astronaut, 30.0, 512, 512)
    for each in (source, expected):
        each.grab()
    np.testing.assert_array_equal(source.retrieve(), expected.retrieve())


@pytest.mark.parametrize(
    ('name', 'content', 'complaint'),
    [
        ('missing.mp4', None, 'missing.mp4: no such file; wanted a video'),
        ('', None, 'no such file'),  # a folder
        ('text.mp4', b'no video', 'text.mp4: neither a photograph nor a video'),
        ('empty.jpg', b'', 'empty.jpg: neither a photograph nor a video'),
    ],
)
def test_errors(tmp_path: Path, name: str, content: bytes | None, complaint: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=complaint):
        open_source(str(path))


def test_truncated_video(tmp_path: Path, video: Path) -> None:
    path = tmp_path / 'truncated.mp4'
    path.write_bytes(video.read_bytes()[:200])
    with pytest.raises(SourceError, match='nor a video that OpenCV can read'):
        open_source(str(path))


def test_absent_webcam() -> None:
    with pytest.raises(SourceError, match='webcam 987 gives no picture; is it connected'):
        open_source('987')
