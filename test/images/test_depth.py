# SPDX-License-Identifier: Apache-2.0
import sys
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
import pytest
from sensor_msgs.msg import Image

from pose_ros.images.depth import DepthError, depth_pixels, depths_around, weighted_medians

MILLIMETRES = np.array(((0, 1000, 65535), (1, 4321, 0)), np.uint16)
METRES = np.array(((np.nan, 1.0, np.inf), (0.001, 4.321, 0.0)), np.float32)
FOREIGN: Literal['>', '<'] = '>' if sys.byteorder == 'little' else '<'


def message(pixels: NDArray[Any], encoding: str, padding: int = 0, foreign: bool = False) -> Image:
    """Return an Image with `padding` bytes of noise after each row, in this byte order or not."""
    if foreign:
        pixels = pixels.astype(pixels.dtype.newbyteorder(FOREIGN))
    rows = pixels.view(np.uint8).reshape(len(pixels), -1)
    noise = np.full((len(rows), padding), 77, np.uint8)
    return Image(
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        is_bigendian=(sys.byteorder == 'big') ^ foreign,
        step=rows.shape[1] + padding,
        data=np.hstack((rows, noise)).tobytes(),
    )


@pytest.mark.parametrize('foreign', [False, True])
@pytest.mark.parametrize('padding', [0, 1, 6])
@pytest.mark.parametrize('encoding', ['16UC1', 'mono16', '32FC1'])
def test_metres_of_every_layout(encoding: str, padding: int, foreign: bool) -> None:
    pixels, wanted = (METRES, METRES) if encoding == '32FC1' else (MILLIMETRES, MILLIMETRES / 1000)
    image = message(pixels, encoding, padding, foreign)
    depth, unit_m = depth_pixels(image)
    assert np.shares_memory(depth, np.frombuffer(image.data, np.uint8))
    np.testing.assert_allclose(depth * np.float32(unit_m), wanted, rtol=1e-6)


@pytest.mark.parametrize('foreign', [False, True])
def test_millimetres_around_a_point_become_metres(foreign: bool) -> None:
    depth, unit_m = depth_pixels(message(np.full((60, 80), 2345, np.uint16), '16UC1', 6, foreign))
    depth_m = depths_around(depth, np.array(((0.5, 0.5),)), np.array((2.0,)), 500.0, unit_m)
    assert depth_m.dtype == np.float32
    assert depth_m.dtype.isnative
    assert depth_m[0] == pytest.approx(2.345)


def test_the_last_row_may_lack_its_padding() -> None:
    image = message(METRES, '32FC1', padding=8)
    image.data = image.data[:-8]
    np.testing.assert_array_equal(depth_pixels(image)[0], METRES)


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        ({'encoding': 'rgb8'}, ['16UC1 or 32FC1', "'rgb8'"]),
        ({'encoding': '32FC1'}, ['at least 12 bytes for 3 pixels in 32FC1', 'got 6']),
        ({'height': 3}, ['18 bytes for 3 rows', 'got 12']),
        ({'step': 5}, ['at least 6 bytes', 'got 5']),
        ({'width': 0}, ['0x2']),
        ({'height': 0}, ['3x0']),
    ],
)
def test_contradictions_are_refused(fields: dict[str, Any], words: list[str]) -> None:
    image = message(MILLIMETRES, '16UC1')
    for name, value in fields.items():
        setattr(image, name, value)
    with pytest.raises(DepthError) as error:
        depth_pixels(image)
    assert all(word in str(error.value) for word in words), error.value


def around(depth_m: NDArray[np.float32], x: float, y: float, expected_m: float = 2.0) -> float:
    """Return the depth around one point, of a camera with a focal length of 500 pixels."""
    points, expected = np.array(((x, y),)), np.array((expected_m,))
    return float(depths_around(depth_m, points, expected, 500.0)[0])


def test_the_median_of_what_is_there() -> None:
    depth_m = np.full((60, 80), 2.0, np.float32)
    depth_m[:, :40] = 3.0
    assert around(depth_m, 0.3, 0.5) == 3
    assert around(depth_m, 0.7, 0.5) == 2
    for hole in (np.nan, 0.0, np.inf, -np.inf, -1.0):
        torn = depth_m.copy()
        torn[:, 50:58] = hole  # 10 pixels to either side of column 56 are looked at
        assert around(torn, 0.7, 0.5) == 2
        torn[:, 44:] = hole
        assert np.isnan(around(torn, 0.7, 0.5))


def test_the_square_is_of_a_size_in_metres() -> None:
    """A post of 6 cm fills the square from near and from far, one of 3 cm does not."""
    for metres in (1.0, 2.0, 4.0):
        for post_m, found in ((0.06, metres), (0.03, 9.0)):
            depth_m = np.full((100, 100), 9.0, np.float32)
            half = int(post_m / 2 * 500 / metres)
            depth_m[:, 50 - half : 50 + half + 1] = metres
            assert around(depth_m, 0.505, 0.505, metres) == pytest.approx(found), (metres, post_m)


@pytest.mark.parametrize(('x', 'y'), [(0, 0), (1, 1), (0, 1), (1, 0.5), (-0.5, 3)])
def test_points_at_the_edge_and_beyond(x: float, y: float) -> None:
    assert around(np.full((60, 80), 2.0, np.float32), x, y) == 2


@pytest.mark.parametrize('expected_m', [0.0, -3.0, 1e-9])
def test_what_is_expected_behind_the_camera_does_not_break(expected_m: float) -> None:
    assert around(np.full((60, 80), 2.0, np.float32), 0.5, 0.5, expected_m) == 2


def test_many_people_at_once() -> None:
    depth_m = np.arange(1, 81, dtype=np.float32) * np.ones((60, 1), np.float32)
    points = np.random.default_rng(0).uniform(0.3, 0.7, (3, 33, 2))
    expected = np.full((3, 33), 2.0)
    depths = depths_around(depth_m, points, expected, 100.0)
    assert depths.shape == (3, 33)
    np.testing.assert_allclose(depths, points[:, :, 0] * 80 + 0.5, atol=0.6)


@pytest.mark.parametrize(
    ('values', 'weights', 'median'),
    [
        ((3, 1, 2), (1, 1, 1), 2),
        ((3, 1, 2), (5, 1, 1), 3),
        ((3, 1, 2), (0, 1, 0), 1),
        ((1, 2, 3, 4), (1, 1, 1, 1), 2),
        ((9, 1, 1.5), (0.9, 0.5, 0.5), 1.5),
    ],
)
def test_weighted_medians(values: Any, weights: Any, median: float) -> None:
    rows = np.array((values, values), float), np.array((weights, weights), float)
    assert weighted_medians(*rows).tolist() == [median, median]
