# SPDX-License-Identifier: Apache-2.0
"""Pictures that are too large are refused before anything is decoded or converted."""

from array import array
import struct
from typing import Any
import zlib

import cv2
import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.images.frame import FrameError, to_frame
from pose_ros.images.picture_size import MAX_IMAGE_PIXELS, MAX_SIDE_PX, picture_size


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack('>I', len(data)) + name + data + struct.pack('>I', zlib.crc32(name + data))


def png(width: int, height: int) -> bytes:
    """Return a whole PNG of zeros, one bit a pixel."""
    rows = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b''.join(rows.compress(row) for _ in range(height)) + rows.flush()
    header = struct.pack('>IIBBBBB', width, height, 1, 0, 0, 0, 0)
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        (chunk(b'IHDR', header), chunk(b'IDAT', data), chunk(b'IEND', b''))
    )


def jpeg(width: int, height: int) -> bytes:
    """Return a JPEG of few bytes whose header states a size."""
    data = cv2.imencode('.jpg', np.zeros((8, 8), np.uint8))[1].tobytes()
    at = data.index(b'\xff\xc0') + 5
    return data[:at] + struct.pack('>HH', height, width) + data[at + 4 :]


def bmp(width: int, height: int) -> bytes:
    data = cv2.imencode('.bmp', np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    return data[:18] + struct.pack('<ii', width, height) + data[26:]


def tiff(width: int, height: int, order: str = '<') -> bytes:
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8)]
    return (
        (b'II*\0' if order == '<' else b'MM\0*')
        + struct.pack(f'{order}IH', 8, 3)
        + b''.join(
            struct.pack(f'{order}HHI', tag, kind, 1)
            + struct.pack(f'{order}I' if kind == 4 else f'{order}Hxx', value)
            for tag, kind, value in entries
        )
    )


def compressed(data: bytes) -> CompressedImage:
    return CompressedImage(format='jpeg', data=array('B', data))


@pytest.fixture
def no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail when something is decoded: it would take the machine's memory."""

    def decoded(*_: Any) -> None:
        raise AssertionError('decoded')

    monkeypatch.setattr(cv2, 'imdecode', decoded)


@pytest.mark.parametrize('name', [b'IHDR', b'IDAT', b'IEND', b'tEXt'])
@pytest.mark.usefixtures('no_decoder')
def test_a_png_with_a_wrong_checksum_is_not_decoded(name: bytes) -> None:
    whole = png(64, 48)
    whole = whole[:33] + chunk(b'tEXt', b'by\0me') + whole[33:]
    assert picture_size(whole) == (64, 48)
    checksum = whole.index(name) + 4
    checksum += struct.unpack_from('>I', whole, checksum - 8)[0]
    damaged = bytearray(whole)
    damaged[checksum] ^= 1
    with pytest.raises(FrameError, match='wanted a whole JPEG or PNG'):
        to_frame(compressed(bytes(damaged)))


@pytest.mark.parametrize('extension', ['.jpg', '.png', '.tiff', '.bmp'])
@pytest.mark.parametrize('size', [(1, 1), (640, 480), (3, 1000)])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_the_header_has_the_size_of_the_picture(
    extension: str, size: tuple[int, int], dtype: type[Any]
) -> None:
    width, height = size
    if dtype is np.uint16 and extension in {'.jpg', '.bmp'}:
        pytest.skip('8 bits only')
    pixels = np.random.default_rng(3).integers(0, 255, (height, width, 3)).astype(dtype)
    assert picture_size(cv2.imencode(extension, pixels)[1].tobytes()) == size


def test_the_header_of_a_jpeg_lies_behind_other_segments() -> None:
    data = jpeg(1234, 567)
    thumbnail = jpeg(12, 34)
    segment = b'\xff\xe1' + struct.pack('>H', len(thumbnail) + 2) + thumbnail
    assert picture_size(data[:2] + b'\xff' * 9 + segment[1:] + data[2:]) == (1234, 567)
    # libjpeg skips what is no marker.
    assert picture_size(data[:2] + segment + b'\xc0\0\x11\x08\0\x10\0\x10' + data[2:]) == (
        1234,
        567,
    )
    assert picture_size(data[:2] + b'\xff\xfe\0\x02' * 20_000 + data[2:]) is None


@pytest.mark.usefixtures('no_decoder')
@pytest.mark.parametrize(
    'data',
    [
        png(30_000, 30_000),
        jpeg(30_000, 30_000),
        bmp(30_000, -30_000),
        tiff(30_000, 30_000),
        tiff(30_000, 30_000, '>'),
        jpeg(8000, MAX_IMAGE_PIXELS // 8000 + 1),
    ],
    ids=['png', 'jpeg', 'bmp', 'tiff', 'tiff, big-endian', 'a row too many'],
)
def test_too_many_pixels_are_refused_by_the_header(data: bytes) -> None:
    assert len(data) < 300_000
    with pytest.raises(FrameError, match=r'at most 50000000 pixels, got .*raise max_image_pixels'):
        to_frame(compressed(data))


@pytest.mark.usefixtures('no_decoder')
@pytest.mark.parametrize('size', [(1, 32_767), (40_000, 8), (65_535, 1)])
def test_a_side_that_mediapipe_cannot_take_is_refused(size: tuple[int, int]) -> None:
    width, height = size
    raw = Image(
        width=width, height=height, encoding='rgb8', step=3 * width, data=bytes(3 * width * height)
    )
    for message in (raw, *map(compressed, (jpeg(*size), png(*size)))):
        with pytest.raises(FrameError, match=f'^picture: wanted sides of at most {MAX_SIDE_PX} '):
            to_frame(message)


def test_the_limit_is_an_argument() -> None:
    raw = Image(width=10, height=10, encoding='mono8', step=10, data=bytes(100))
    assert to_frame(raw, 100).rgb.shape == (10, 10, 3)
    assert to_frame(compressed(png(10, 10)), 100).rgb.shape == (10, 10, 3)
    for message in (raw, compressed(png(10, 10))):
        with pytest.raises(FrameError, match=r'^picture: wanted at most 99 pixels, got 10x10'):
            to_frame(message, 99)


@pytest.mark.usefixtures('no_decoder')
@pytest.mark.parametrize('kind', [1, 4, 16])
def test_a_tiff_with_two_widths_is_refused(kind: int) -> None:
    """Decoders differ in which one they take, and in which types they read."""
    entries = [(256, kind, 30_000), (256, 3, 8), (257, 3, 8)]
    data = b'II*\0' + struct.pack('<IH', 8, len(entries))
    data += b''.join(struct.pack('<HHII', tag, code, 1, value) for tag, code, value in entries)
    with pytest.raises(FrameError, match='wanted a whole JPEG or PNG'):
        to_frame(compressed(data))


@pytest.mark.usefixtures('no_decoder')
@pytest.mark.parametrize(
    'data',
    [
        b'RIFF\x24\0\0\0WEBPVP8 ',
        b'P6 30000 30000 255\n',
        b'GIF89a\x30\x75\x30\x75',
        b'\0\0\0\x0cjP  \r\n\x87\n',
        jpeg(9, 9)[:20],
        png(9, 9)[:20],
        png(9, 9)[:33] + b'\x7f\xff\xff\xff' + png(9, 9)[37:],  # a chunk of 2 GB
        tiff(9, 9)[:20],
        b'II*\0\xff\xff\xff\xff',
        bmp(9, 9)[:20],
    ],
)
def test_formats_without_a_known_header_are_refused(data: bytes) -> None:
    with pytest.raises(FrameError, match=r'^data: wanted a whole JPEG or PNG, got '):
        to_frame(compressed(data))


def test_a_jpeg_of_countless_scans_is_refused() -> None:
    """Each scan of a progressive JPEG costs a pass over the picture."""
    pixels = np.random.default_rng(3).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    data = cv2.imencode('.jpg', pixels, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    assert to_frame(compressed(data)).rgb.shape == (64, 64, 3)
    last = data[data.rindex(b'\xff\xda') : -2]
    with pytest.raises(FrameError, match='wanted a whole JPEG'):
        to_frame(compressed(data[:-2] + last * 500 + data[-2:]))
