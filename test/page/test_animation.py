# SPDX-License-Identifier: Apache-2.0
"""The animated picture of a recording."""

from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip('PIL', reason='needs Pillow')

from PIL import Image

from pose_ros.page.animation import write_animation
from pose_ros.page.recording import Recorded


def recorded(shown: list[bytes]) -> list[Recorded]:
    return [Recorded(10**9 + index * 10**8, b'', b'', each) for index, each in enumerate(shown)]


def pictures(count: int) -> list[bytes]:
    grey = [np.full((30, 40, 3), 80 * index, np.uint8) for index in range(count)]
    return [cv2.imencode('.jpg', each)[1].tobytes() for each in grey]


def test_a_damaged_picture_is_left_out(tmp_path: Path) -> None:
    one, two, three = pictures(3)
    write_animation(tmp_path / 'a.webp', recorded([one, b'\xff\xd8 no JPEG', two, three]))
    with Image.open(tmp_path / 'a.webp') as picture:
        assert getattr(picture, 'n_frames', 1) == 3


def test_without_a_picture_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='at least one picture'):
        write_animation(tmp_path / 'a.webp', recorded([b'', b'\xff\xd8 no JPEG']))
