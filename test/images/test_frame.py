# SPDX-License-Identifier: Apache-2.0
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
import re
import struct
import sys

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.images.frame import FrameError, require_cv_bridge, to_frame

Samples = NDArray[np.int64]  # (H, W, channels)

HEIGHT, WIDTH = 7, 10


def from_bayer(pattern: str) -> Callable[[Samples], Samples]:
    """Return a bilinear demosaicing; the border repeats the pixels beside it."""

    def around(plane: Samples) -> Samples:
        padded = np.pad(plane, 1)
        return sum(padded[y : y + HEIGHT, x : x + WIDTH] for y in range(3) for x in range(3))

    def convert(samples: Samples) -> Samples:
        mosaic = samples[..., 0]
        rgb = []
        for color in 'rgb':
            tile = np.array(
                [[name == color for name in pattern[:2]], [name == color for name in pattern[2:]]],
                int,
            )
            here = np.tile(tile, (HEIGHT, WIDTH))[:HEIGHT, :WIDTH]
            count = around(here)
            mean = (around(mosaic * here) + count // 2) // count
            rgb.append(np.pad(np.where(here, mosaic, mean)[1:-1, 1:-1], 1, 'edge'))
        return np.dstack(rgb)

    return convert


def from_yuv422(order: str) -> Callable[[Samples], Samples]:
    """Return ITU-R BT.601's conversion from studio range, in OpenCV's 20 bit fixed point."""
    one = 2**20

    def convert(samples: Samples) -> Samples:
        quads = samples.reshape(HEIGHT, WIDTH // 2, 4)
        u, v = (quads[..., order.index(name)].repeat(2, axis=1) - 128 for name in 'uv')
        luma = quads[..., [at for at, name in enumerate(order) if name == 'y']]
        y = np.maximum(luma.reshape(HEIGHT, WIDTH) - 16, 0) * int(1.164 * one) + one // 2
        rgb = [
            y + int(1.596 * one) * v,
            y - int(0.813 * one) * v - int(0.391 * one) * u,
            y + int(2.018 * one) * u,
        ]
        return np.clip(np.dstack(rgb) // one, 0, 255)

    return convert


TO_RGB: dict[str, tuple[int, Callable[[Samples], Samples]]] = {
    'rgb8': (3, lambda samples: samples),
    'bgr8': (3, lambda samples: samples[..., ::-1]),
    'rgba8': (4, lambda samples: samples[..., :3]),
    'bgra8': (4, lambda samples: samples[..., 2::-1]),
    'mono8': (1, lambda samples: samples.repeat(3, axis=2)),
    'bayer_rggb8': (1, from_bayer('rggb')),
    'bayer_bggr8': (1, from_bayer('bggr')),
    'bayer_gbrg8': (1, from_bayer('gbrg')),
    'bayer_grbg8': (1, from_bayer('grbg')),
}
TO_RGB |= {name.replace('8', '16'): how for name, how in TO_RGB.items()}
TO_RGB |= {
    '8UC1': TO_RGB['mono8'],
    '8UC3': TO_RGB['bgr8'],
    '8UC4': TO_RGB['bgra8'],
    '16UC1': TO_RGB['mono16'],
    'uyvy': (2, from_yuv422('uyvy')),
    'yuv422': (2, from_yuv422('uyvy')),
    'yuyv': (2, from_yuv422('yuyv')),
    'yuv422_yuy2': (2, from_yuv422('yuyv')),
}


def message(samples: NDArray[np.generic], encoding: str, padding: int = 0, **fields: int) -> Image:
    """Return samples (H, W, channels) as a message that went over the wire."""
    height, width = samples.shape[:2]
    rows = np.ascontiguousarray(samples).view(np.uint8).reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=0xA5)
    image = Image(
        height=height,
        width=width,
        encoding=encoding,
        step=rows.shape[1],
        data=array('B', rows.tobytes()),
        **fields,
    )
    image.header.stamp.sec, image.header.stamp.nanosec = 1_700_000_001, 23
    image.header.frame_id = 'camera_optical_frame'
    return deserialize_message(serialize_message(image), Image)


def compressed(data: bytes, text: str = 'jpeg') -> CompressedImage:
    image = CompressedImage(format=text, data=array('B', data))
    return deserialize_message(serialize_message(image), CompressedImage)


def encoded(extension: str, pixels: NDArray[np.generic]) -> bytes:
    return cv2.imencode(extension, pixels)[1].tobytes()


@pytest.mark.parametrize('big', [0, 1])
@pytest.mark.parametrize('padding', [0, 1, 24])
@pytest.mark.parametrize('encoding', TO_RGB)
def test_converts_every_encoding_in_every_layout(encoding: str, padding: int, big: int) -> None:
    channels, to_rgb = TO_RGB[encoding]
    bits = 16 if '16' in encoding else 8
    samples = np.random.default_rng(7).integers(0, 2**bits, (HEIGHT, WIDTH, channels))
    wire = samples.astype(f'{"<>"[big]}u{bits // 8}')
    image = message(wire, encoding, padding, is_bigendian=big)
    expected = to_rgb(samples if bits == 8 else np.rint(samples * (255 / 65535)).astype(int))

    frame = to_frame(image)

    np.testing.assert_array_equal(frame.rgb, expected)
    assert frame.rgb.dtype == np.uint8
    assert frame.rgb.flags.c_contiguous

    del image.data[len(image.data) - padding :]
    np.testing.assert_array_equal(to_frame(image).rgb, frame.rgb)


def test_16_bits_are_scaled_and_rounded() -> None:
    samples = np.arange(2**16, dtype=np.uint16).reshape(256, 256, 1)
    rgb = to_frame(message(samples, 'mono16')).rgb
    np.testing.assert_array_equal(rgb[..., :1], (samples.astype(int) + 128) // 257)


def test_keeps_header_and_stamp(astronaut: NDArray[np.uint8]) -> None:
    image = message(astronaut, 'rgb8')
    frame = to_frame(image)
    assert frame.header is image.header
    assert frame.stamp_ns == 1_700_000_001_000_000_023


def test_tight_rgb8_is_not_copied_and_no_frame_can_be_written(
    astronaut: NDArray[np.uint8],
) -> None:
    image = message(astronaut, 'rgb8')
    rgb = to_frame(image).rgb
    assert np.shares_memory(rgb, np.frombuffer(image.data, np.uint8))
    for frame in (rgb, to_frame(message(astronaut, 'bgr8')).rgb):
        with pytest.raises(ValueError, match='read-only'):
            frame[0, 0, 0] = 1


@pytest.mark.parametrize(
    ('fields', 'text'),
    [
        ({'width': 0}, 'picture: wanted at least 1x1 pixels, got 0x4'),
        ({'height': 0}, 'picture: wanted at least 1x1 pixels, got 6x0'),
        ({'encoding': ''}, "encoding: wanted one of rgb8, .*; got ''"),
        ({'encoding': '32FC1'}, "encoding: .* got '32FC1'"),
        ({'encoding': 'RGB8'}, "encoding: .* got 'RGB8'"),
        ({'step': 17}, 'step: wanted at least 18 bytes for 6 pixels in bgr8, got 17'),
        ({'step': 0}, 'step: .* got 0'),
        ({'encoding': 'bgra8'}, 'step: wanted at least 24 .*'),
        ({'encoding': 'rgb16'}, 'step: wanted at least 36 .*'),
        ({'width': 2**32 - 1}, 'step: .* got 20'),
        ({'step': 21}, 'data: wanted 84 bytes for 4 rows of 21, got 80'),
        ({'step': 19}, 'data: wanted 76 bytes for 4 rows of 19, got 80'),
        ({'height': 5}, 'data: wanted 100 bytes for 5 rows of 20, got 80'),
        ({'height': 3}, 'data: wanted 60 bytes for 3 rows of 20, got 80'),
        ({'height': 2**32 - 1, 'step': 2**32 - 1}, 'data: .* got 80'),
        ({'data': array('B')}, 'data: .* got 0'),
        ({'data': array('B', bytes(77))}, 'data: .* got 77'),
        ({'encoding': 'yuyv', 'width': 5}, 'width: wanted an even number in yuyv, got 5'),
    ],
)
def test_refuses_contradictions(fields: dict[str, object], text: str) -> None:
    image = message(np.zeros((4, 6, 3), np.uint8), 'bgr8', padding=2)
    for name, value in fields.items():
        setattr(image, name, value)
    with pytest.raises(FrameError, match=f'^{text}$') as caught:
        to_frame(image)
    assert '\n' not in str(caught.value)


def test_refuses_an_empty_message() -> None:
    with pytest.raises(FrameError, match=r'^picture: .* got 0x0$'):
        to_frame(Image())


def test_nothing_but_frame_error_comes_of_random_fields() -> None:
    random = np.random.default_rng(1)
    converted = 0
    for _ in range(2000):
        height, width, step, size = (int(number) for number in random.integers(0, 9, 4))
        image = Image(
            height=height,
            width=width,
            step=step,
            is_bigendian=int(random.integers(2)),
            encoding=str(random.choice(list(TO_RGB))),
            data=array('B', bytes(height * step if size else size)),
        )
        try:
            assert to_frame(image).rgb.shape == (height, width, 3)
            converted += 1
        except FrameError:
            pass
    assert converted > 100


@pytest.mark.parametrize(
    ('extension', 'pixels'),
    [
        ('.png', lambda bgr: bgr),
        ('.png', lambda bgr: bgr[..., 1]),
        ('.png', lambda bgr: np.dstack([bgr, bgr[..., 0]])),
        ('.png', lambda bgr: bgr * np.uint16(257)),
        ('.png', lambda bgr: bgr[..., 1] * np.uint16(257) - (bgr[..., 1] > 0) * np.uint16(128)),
        ('.bmp', lambda bgr: bgr),
    ],
)
def test_decodes_lossless_pictures(
    extension: str,
    pixels: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
    astronaut: NDArray[np.uint8],
) -> None:
    given = pixels(astronaut[..., ::-1])
    rgb = to_frame(compressed(encoded(extension, given), extension[1:])).rgb
    expected = astronaut if given.ndim == 3 else astronaut[..., 1:2].repeat(3, axis=2)
    np.testing.assert_array_equal(rgb, expected)
    assert rgb.flags.c_contiguous


def exif(payload: bytes) -> bytes:
    return b'\xff\xe1' + struct.pack('>H', len(payload) + 8) + b'Exif\0\0' + payload


@pytest.fixture(scope='module')
def jpeg(astronaut: NDArray[np.uint8]) -> bytes:
    return encoded('.jpg', astronaut[:400, :, ::-1])


def test_decodes_jpeg_as_opencv_does(jpeg: bytes, astronaut: NDArray[np.uint8]) -> None:
    rgb = to_frame(compressed(jpeg, 'bgr8; jpeg compressed bgr8')).rgb
    np.testing.assert_array_equal(rgb, cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1)[..., ::-1])
    assert np.abs(rgb.astype(int) - astronaut[:400]).mean() < 3


def test_leaves_a_jpeg_as_the_sensor_saw_it(jpeg: bytes) -> None:
    quarter_turn = struct.pack('<2sHIHHHIII', b'II', 42, 8, 1, 0x0112, 3, 1, 6, 0)
    turned = jpeg[:2] + exif(quarter_turn) + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR).shape == (512, 400, 3)
    np.testing.assert_array_equal(to_frame(compressed(turned)).rgb, to_frame(compressed(jpeg)).rgb)


def test_a_padded_or_progressive_jpeg_is_whole(jpeg: bytes, astronaut: NDArray[np.uint8]) -> None:
    assert to_frame(compressed(jpeg + bytes(100))).rgb.shape == (400, 512, 3)
    progressive = cv2.imencode('.jpg', astronaut, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert to_frame(compressed(progressive)).rgb.shape == (512, 512, 3)
    with pytest.raises(FrameError):
        to_frame(compressed(progressive[:-2]))


@pytest.mark.parametrize('share', [0.999, 0.5, 0.02, 0.001])
def test_refuses_a_truncated_jpeg(
    share: float,
    jpeg: bytes,
    astronaut: NDArray[np.uint8],
) -> None:
    part = jpeg[: int(len(jpeg) * share)]
    thumbnail = exif(encoded('.jpg', astronaut[::8, ::8]))
    for data in (part, part[:2] + thumbnail + part[2:]):
        with pytest.raises(FrameError, match=f'^data: .* a whole JPEG or PNG, got {len(data)} '):
            to_frame(compressed(data))


@pytest.mark.parametrize(
    ('data', 'kind', 'text'),
    [
        (b'', 'jpeg', "data: wanted a whole JPEG or PNG, got 0 bytes .*, format 'jpeg'"),
        (bytes(1000), 'png', 'data: .* got 1000 bytes .*'),
        (b'\xff\xd8', '', 'data: .* got 2 bytes .*'),
        (b'no picture at all', '', 'data: .* got 17 bytes .*'),
        (encoded('.png', np.zeros((9, 9), np.uint8))[:-5], 'png', 'data: .*'),
        (encoded('.tiff', np.zeros((9, 9, 3), np.float32)), 'tiff', 'data: .* got float32'),
        (
            bytes(12) + encoded('.png', np.zeros((9, 9), np.uint16)),
            '16UC1; compressedDepth png',
            "format: wanted a colour image, got depth: '16UC1; compressedDepth png'",
        ),
    ],
)
def test_refuses_what_is_no_picture(data: bytes, kind: str, text: str) -> None:
    with pytest.raises(FrameError, match=f'^{text}$') as caught:
        to_frame(compressed(data, kind))
    assert '\n' not in str(caught.value)


@pytest.fixture
def other_cv_bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield the folder of an empty package that is found in place of the installed cv_bridge."""
    for name in [name for name in sys.modules if name.split('.')[0] == 'cv_bridge']:
        monkeypatch.delitem(sys.modules, name)
    folder = tmp_path / 'cv_bridge'
    (folder / 'boost').mkdir(parents=True)
    (folder / '__init__.py').touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    require_cv_bridge.cache_clear()
    yield folder
    require_cv_bridge.cache_clear()


def test_the_installed_cv_bridge_works() -> None:
    assert require_cv_bridge() is require_cv_bridge()


@pytest.mark.skipif(np.__version__ < '2', reason='NumPy 1 runs modules built for either')
def test_a_cv_bridge_built_for_numpy_1_is_refused_under_numpy_2(other_cv_bridge: Path) -> None:
    library = other_cv_bridge / 'boost' / 'cv_bridge_boost.so'
    library.write_bytes(b'\x7fELF numpy.core._multiarray_umath')
    with pytest.raises(ImportError, match=r'was built for NumPy 1 .* "Install on ROS 2"'):
        require_cv_bridge()
    assert 'cv_bridge' not in sys.modules
    library.write_bytes(b'\x7fELF numpy._core._multiarray_umath')
    with pytest.raises(ImportError, match='cv_bridge does not work'):
        require_cv_bridge()


def test_a_cv_bridge_that_fails_is_refused_in_one_line(other_cv_bridge: Path) -> None:
    (other_cv_bridge / '__init__.py').write_text('raise AttributeError("first\\nsecond")')
    image = message(np.zeros((4, 6, 3), np.uint8), 'bgr8')
    with pytest.raises(ImportError, match=r'AttributeError.* "Install on ROS 2"') as caught:
        to_frame(image)
    assert '\n' not in str(caught.value)


@pytest.mark.usefixtures('other_cv_bridge')
def test_a_missing_cv_bridge_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, 'path', [])
    with pytest.raises(ImportError, match=re.escape("No module named 'cv_bridge'")):
        require_cv_bridge()
