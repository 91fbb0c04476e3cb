# SPDX-License-Identifier: Apache-2.0
"""
Reads the size of a compressed picture from its header, and refuses pictures that are too large.

A few hundred bytes can say that they are a picture of 30000x30000 pixels, and a decoder believes
them. Accepted are only formats whose header is read here as OpenCV's decoders read it.
"""

from __future__ import annotations

import re
import struct
import zlib

from pose_ros.images.rows import ImageError

__all__ = ['MAX_IMAGE_PIXELS', 'MAX_SIDE_PX', 'picture_size', 'require_size']

# OpenCV's remap, with which MediaPipe cuts out what its networks see, has coordinates of 16 bits.
# It ends the process at a picture with a side above 32766. For its masks, a picture may be widened
# to a multiple of four.
MAX_SIDE_PX = 32764
MAX_IMAGE_PIXELS = 50_000_000  # the default of the parameter: 8K has 33 million

JPEG, PNG, BMP = b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n', b'BM'
TIFF = {b'II*\0': '<', b'MM\0*': '>'}

# Fill bytes and a marker. What is before them is skipped, as libjpeg does.
JPEG_MARKER = re.compile(rb'\xff+([^\x00\xff])', re.DOTALL)
JPEG_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF0 and so on
JPEG_SCAN, JPEG_END = 0xDA, 0xD9
MAX_JPEG_SEGMENTS = 10_000
PNG_CHUNK_BYTES = 12  # length, name and checksum, beside the content
MAX_PNG_CHUNKS = 100_000  # libpng writes a chunk for each 8 KB
TIFF_WIDTH, TIFF_HEIGHT, TIFF_TILE_WIDTH = 256, 257, 322
TIFF_FORMATS = {3: 'H', 4: 'I'}
MAX_TIFF_ENTRIES = 1000


def require_size(width: int, height: int, max_pixels: int) -> None:
    """
    Check the size of a picture before anything is decoded or converted.

    :param max_pixels: the most pixels that are accepted
    :raises ImageError: when it has none or too many, or a side that MediaPipe cannot take
    """
    if width == 0 or height == 0:
        raise ImageError(f'picture: wanted at least 1x1 pixels, got {width}x{height}')
    if max(width, height) > MAX_SIDE_PX:
        raise ImageError(
            f'picture: wanted sides of at most {MAX_SIDE_PX} pixels, which is all that MediaPipe '
            f'takes, got {width}x{height}'
        )
    if width * height > max_pixels:
        raise ImageError(
            f'picture: wanted at most {max_pixels} pixels, got {width}x{height}: make it smaller, '
            'or raise max_image_pixels'
        )


def picture_size(data: bytes) -> tuple[int, int] | None:
    """
    Return the width and height that the header of a JPEG, PNG, TIFF or BMP states.

    :returns: None when the header is of another format, cut off or damaged
    """
    try:
        if data.startswith(JPEG):
            return _jpeg_size(data)
        if data.startswith(PNG):
            return _png_size(data)
        if data.startswith(BMP):
            return _bmp_size(data)
        if data[:4] in TIFF:
            return _tiff_size(data, TIFF[data[:4]])
    except struct.error:
        return None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    for _ in range(MAX_JPEG_SEGMENTS):
        found = JPEG_MARKER.search(data, at)
        if not found:
            return None
        marker, at = found[1][0], found.end()
        if marker in JPEG_WITHOUT_LENGTH:
            continue
        if marker in {JPEG_SCAN, JPEG_END}:
            return None
        (length,) = struct.unpack_from('>H', data, at)
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from('>HH', data, at + 3)
            return width, height
        at += length
    return None


def _png_size(data: bytes) -> tuple[int, int] | None:
    """
    Return the size if the chunks are whole and have their checksums.

    OpenCV reserves what the length of a chunk promises, and libpng writes a line to stderr for
    each checksum that is wrong.
    """
    if data[12:16] != b'IHDR':
        return None
    view, at = memoryview(data), len(PNG)
    for _ in range(MAX_PNG_CHUNKS):
        length, name = struct.unpack_from('>I4s', data, at)
        begin, at = at + 4, at + PNG_CHUNK_BYTES + length
        if at > len(data) or zlib.crc32(view[begin : at - 4]) != _uint32(data, at - 4):
            return None
        if name == b'IEND':
            return struct.unpack_from('>II', data, 16)
    return None


def _uint32(data: bytes, at: int) -> int:
    return int(struct.unpack_from('>I', data, at)[0])


def _bmp_size(data: bytes) -> tuple[int, int]:
    (header_size,) = struct.unpack_from('<I', data, 14)
    if header_size == 12:  # of OS/2
        return struct.unpack_from('<HH', data, 18)
    width, height = struct.unpack_from('<ii', data, 18)
    return abs(width), abs(height)  # a negative height: the top row comes first


def _tiff_size(data: bytes, order: str) -> tuple[int, int] | None:
    """Return the size of the first picture; None where a decoder could take it for another."""
    (at,) = struct.unpack_from(f'{order}I', data, 4)
    (entries,) = struct.unpack_from(f'{order}H', data, at)
    if entries > MAX_TIFF_ENTRIES:
        return None
    sizes: dict[int, int] = {}
    for index in range(entries):
        entry = at + 2 + 12 * index
        tag, kind, count = struct.unpack_from(f'{order}HHI', data, entry)
        if tag == TIFF_TILE_WIDTH or tag in sizes:  # tiles have sizes of their own
            return None
        if tag in {TIFF_WIDTH, TIFF_HEIGHT}:
            if kind not in TIFF_FORMATS or count != 1:
                return None
            (sizes[tag],) = struct.unpack_from(f'{order}{TIFF_FORMATS[kind]}', data, entry + 8)
    if len(sizes) < 2:
        return None
    return sizes[TIFF_WIDTH], sizes[TIFF_HEIGHT]
