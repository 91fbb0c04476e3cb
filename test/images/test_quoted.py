# SPDX-License-Identifier: Apache-2.0
"""What a message says is quoted in one line of bounded length."""

from collections.abc import Callable

import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.images.depth import depth_pixels
from pose_ros.images.frame import to_frame
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.images.quoted import quoted

LONG = 'long\n\x1b[2J' * 100_000


def camera_info(model: str) -> CameraInfo:
    k = [500.0, 0.0, 32.0, 0.0, 500.0, 24.0, 0.0, 0.0, 1.0]
    return CameraInfo(width=64, height=48, distortion_model=model, k=k, d=[0.1])


@pytest.mark.parametrize(
    ('text', 'wanted'),
    [
        ('rgb8', "'rgb8'"),
        ('a\n[ERROR] b\x1b[2J', r"'a\n[ERROR] b\x1b[2J'"),
        ('x' * 80, "'" + 'x' * 80 + "'"),
        ('x' * 81, "'" + 'x' * 80 + "'... (81 characters)"),
    ],
)
def test_of_a_long_text_the_start_is_quoted(text: str, wanted: str) -> None:
    assert quoted(text) == wanted


@pytest.mark.parametrize(
    'read',
    [
        lambda: to_frame(Image(width=1, height=1, encoding=LONG)),
        lambda: to_frame(CompressedImage(format=LONG, data=b'none')),
        lambda: to_frame(CompressedImage(format='compressedDepth' + LONG)),
        lambda: depth_pixels(Image(width=1, height=1, encoding=LONG)),
        lambda: Intrinsics.from_camera_info(camera_info(LONG)),
    ],
    ids=['encoding', 'format', 'compressed depth', 'depth', 'distortion model'],
)
def test_what_cannot_be_read_is_refused_in_one_short_line(read: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match='got ') as it:
        read()
    assert 'characters)' in str(it.value)
    assert len(str(it.value)) < 700
    assert str(it.value).isprintable()
