# SPDX-License-Identifier: Apache-2.0
from array import array
from collections.abc import Callable
import struct

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.images.encodings import ENCODINGS
from pose_ros.images.frame import FrameError, FrameReader, to_frame

Samples = NDArray[np.int64]  # (H, W, channels)

HEIGHT, WIDTH = 7, 10


def from_bayer(pattern: str) -> Callable[[Samples], Samples]:
    """Return a bilinear demosaicing; the border repeats the pixels beside it."""

    def around(plane: Samples) -> Samples:
        padded = np.pad(plane, 1)
        shifted = [padded[y : y + HEIGHT, x : x + WIDTH] for y in range(3) for x in range(3)]
        return np.sum(shifted, axis=0)

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


def from_yuv(y: Samples, u: Samples, v: Samples) -> Samples:
    """Return ITU-R BT.601's conversion from studio range, in OpenCV's 20 bit fixed point."""
    one = 2**20
    u, v = u - 128, v - 128
    y = np.maximum(y - 16, 0) * int(1.164 * one) + one // 2
    rgb = [
        y + int(1.596 * one) * v,
        y - int(0.813 * one) * v - int(0.391 * one) * u,
        y + int(2.018 * one) * u,
    ]
    return np.clip(np.dstack(rgb) // one, 0, 255)


def from_yuv422(order: str) -> Callable[[Samples], Samples]:
    """Return the conversion of two pixels that share u and v."""

    def convert(samples: Samples) -> Samples:
        quads = samples.reshape(HEIGHT, WIDTH // 2, 4)
        u, v = (quads[..., order.index(name)].repeat(2, axis=1) for name in 'uv')
        luma = quads[..., [at for at, name in enumerate(order) if name == 'y']]
        return from_yuv(luma.reshape(HEIGHT, WIDTH), u, v)

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

# How the planes of 4:2:0 follow one another: rows of bytes from u and v, (H / 2, W / 2).
CHROMA_ROWS: dict[str, Callable[[Samples, Samples], Samples]] = {
    'nv12': lambda u, v: np.dstack((u, v)).reshape(len(u), -1),
    'nv21': lambda u, v: np.dstack((v, u)).reshape(len(u), -1),
    'i420': lambda u, v: np.concatenate((u, v)),
}
CHROMA_ROWS['yuv420'] = CHROMA_ROWS['i420']


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


@pytest.mark.parametrize('padding', [0, 2, 24])
@pytest.mark.parametrize('encoding', CHROMA_ROWS)
def test_converts_planes(encoding: str, padding: int) -> None:
    rng = np.random.default_rng(8)
    y = rng.integers(0, 256, (6, WIDTH))
    u, v = rng.integers(0, 256, (2, 3, WIDTH // 2))
    chroma = CHROMA_ROWS[encoding](u, v)
    gap = padding * chroma.shape[1] // WIDTH  # of a row that is half as long
    rows = [np.pad(y, ((0, 0), (0, padding))), np.pad(chroma, ((0, 0), (0, gap)))]
    image = message(np.zeros((6, WIDTH + padding, 1), np.uint8), encoding)
    image.width = WIDTH
    image.data = array('B', b''.join(row.astype(np.uint8).tobytes() for row in rows))

    rgb = to_frame(image).rgb

    wide = [plane.repeat(2, axis=0).repeat(2, axis=1) for plane in (u, v)]
    np.testing.assert_array_equal(rgb, from_yuv(y, *wide))
    assert rgb.flags.c_contiguous


def test_every_encoding_has_a_reference_conversion() -> None:
    assert set(ENCODINGS) == set(TO_RGB) | set(CHROMA_ROWS)


@pytest.mark.parametrize('encoding', CHROMA_ROWS)
@pytest.mark.parametrize('height', [1, 5])
def test_planes_want_an_even_height(encoding: str, height: int) -> None:
    image = message(np.zeros((height, 6, 2), np.uint8), encoding)
    with pytest.raises(FrameError, match=f'^height: wanted an even number .*, got {height}$'):
        to_frame(image)


@pytest.mark.parametrize('bits', range(8, 17))
def test_16_bit_images_are_scaled_by_the_bits_in_use(bits: int) -> None:
    samples = np.linspace(0, 2**bits - 1, 100).astype(np.uint16).reshape(10, 10, 1)
    frame = to_frame(message(samples, 'mono16'))
    assert frame.rgb.min() == 0
    assert frame.rgb.max() == 255
    assert (f'{bits} bits are used' in frame.remark) == (bits < 16)


def test_the_scale_of_16_bit_images_is_held() -> None:
    reader = FrameReader()

    def read(brightest: int, encoding: str = 'mono16') -> tuple[int, str]:
        frame = reader.read(message(np.full((4, 4, 1), brightest, np.uint16), encoding))
        return int(frame.rgb.max()), frame.remark

    assert read(1000)[0] == 249
    assert read(500) == (125, '')  # darker, by the same scale
    bright, remark = read(4095)
    assert bright == 255
    assert '12 bits' in remark
    assert read(1000) == (62, '')
    assert read(1000, '16UC1')[0] == 249  # another camera


def test_a_16_bit_png_is_scaled_like_a_16_bit_image() -> None:
    samples = np.full((4, 4), 1023, np.uint16)
    assert to_frame(compressed(encoded('.png', samples), 'png')).rgb.max() == 255


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
        ({'width': 32764}, 'step: .* got 20'),
        ({'step': 21}, 'data: wanted 84 bytes for 4 rows of 21, got 80'),
        ({'step': 19}, 'data: wanted 76 bytes for 4 rows of 19, got 80'),
        ({'height': 5}, 'data: wanted 100 bytes for 5 rows of 20, got 80'),
        ({'height': 3}, 'data: wanted 60 bytes for 3 rows of 20, got 80'),
        ({'height': 32764, 'step': 2**32 - 1}, 'data: .* got 80'),
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


def test_opencv_says_nothing_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    """It would write lines for each damaged picture, as often as they come."""
    damaged = encoded('.bmp', np.zeros((9, 9, 3), np.uint8))
    damaged = damaged[:30] + b'\xff' * 4 + damaged[34:]
    with pytest.raises(FrameError):
        to_frame(compressed(damaged))
    assert capfd.readouterr().err == ''


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
