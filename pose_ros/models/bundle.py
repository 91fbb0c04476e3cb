# SPDX-License-Identifier: Apache-2.0
"""
Checks that a `.task` file is a bundle that MediaPipe's Pose Landmarker can use.

A bundle is a zip, nothing in it compressed, of two TensorFlow Lite networks. They are told by the
shapes of their inputs and outputs, for which MediaPipe's graph is written, and not by their
weights: a retrained network of the same shapes is welcome.
"""

from collections.abc import Container
import hashlib
from io import BytesIO
from pathlib import Path
import struct
import zipfile

from pose_ros.models.model_file import ModelError, read_model

__all__ = ['DETECTOR', 'LANDMARKER', 'ModelError', 'check_bundle', 'check_content']

DETECTOR = 'pose_detector.tflite'
LANDMARKER = 'pose_landmarks_detector.tflite'

Shapes = tuple[tuple[int, ...], ...]

# Shapes of the inputs and of the outputs. The detector gives boxes with keypoints, and scores; the
# landmarker 39 landmarks (33 and 6 for its own use) of x, y, z, visibility and presence, a score,
# a mask, a heatmap, and the 39 in metres.
NETWORKS: dict[str, tuple[Shapes, Shapes]] = {
    DETECTOR: (((1, 224, 224, 3),), ((1, 2254, 12), (1, 2254, 1))),
    LANDMARKER: (
        ((1, 256, 256, 3),),
        ((1, 195), (1, 1), (1, 256, 256, 1), (1, 64, 64, 39), (1, 117)),
    ),
}

MAX_DIRECTORY_BYTES = 1 << 16  # of the list of a zip's members
# Of a network. The published ones have one graph, fewer than a thousand tensors, and five outputs.
MAX_GRAPHS, MAX_TENSORS, MAX_DIMENSIONS, MAX_PORTS = 16, 1 << 16, 8, 64

# What zipfile raises at nonsense, beside its own error: wild offsets, names, versions, flags.
UNREADABLE_ZIP = (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError)


def check_bundle(path: Path, known: Container[str] = ()) -> str:
    """
    Check that a file is a whole bundle: its members, their checksums, their inputs and outputs.

    Takes about two milliseconds a megabyte.

    :param path: the file
    :param known: SHA-256 of bundles that are whole, hexadecimal
    :returns: its SHA-256, hexadecimal
    :raises ModelError: when it is not; one line, which file and what is wrong
    """
    return check_content(path, read_model(path), known)


def check_content(path: Path, data: bytes, known: Container[str] = ()) -> str:
    """
    Check what was read from a file, as check_bundle() does.

    :param path: the file, for the message
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 in known:
        return sha256
    try:
        _check_zip(data)
    except ModelError as error:
        raise ModelError(f'{path}: {error}') from error
    return sha256


def _check_zip(data: bytes) -> None:
    """Check a bundle; the error's message is what is wrong with it."""
    if not data:
        raise ModelError('empty')
    try:
        _check_directory(data)
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for name, wanted in NETWORKS.items():
                found = _shapes(_read_member(archive, name))
                if found != wanted:
                    raise ModelError(
                        f'{name} is a foreign network, its input and outputs are '
                        f'{_text(found)}, wanted {_text(wanted)}'
                    )
    except UNREADABLE_ZIP as error:
        if isinstance(error, ModelError):
            raise
        if data.startswith(b'PK\x03\x04'):
            raise ModelError(f'truncated or damaged, {len(data)} bytes: {error}') from error
        raise ModelError(
            f'not a bundle: wanted a zip, but its {len(data)} bytes begin with {data[:8]!r}'
        ) from error


def _check_directory(data: bytes) -> None:
    """Refuse a zip that lists so many members that reading the list takes gigabytes."""
    end = data.rfind(b'PK\x05\x06')
    if end >= 0:
        (size,) = struct.unpack_from('<I', data.ljust(end + 16, b'\0'), end + 12)
        if size > MAX_DIRECTORY_BYTES or data[end - 20 : end - 16] == b'PK\x06\x07':  # zip64
            raise ModelError('not a pose landmarker bundle: wanted a zip of few members')


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        member = archive.getinfo(name)
    except KeyError:
        names = ', '.join(map(_printable, archive.namelist()[:3])) or 'nothing'
        raise ModelError(f'not a pose landmarker bundle: no {name} in it, but {names}') from None
    if member.compress_type != zipfile.ZIP_STORED:
        raise ModelError(f'{name} is compressed, MediaPipe wants it stored (zip -0)')
    return archive.read(member)


def _printable(name: str) -> str:
    return ''.join(letter if letter.isprintable() else '?' for letter in name[:80])


def _text(shapes: tuple[Shapes, Shapes]) -> str:
    return ' -> '.join(' '.join('x'.join(map(str, shape)) for shape in side) for side in shapes)


def _shapes(network: bytes) -> tuple[Shapes, Shapes]:
    """Return the shapes of the inputs and of the outputs of a TensorFlow Lite network."""
    if network[4:8] != b'TFL3':
        raise ModelError(f'not a TensorFlow Lite network, a member begins with {network[:8]!r}')
    try:
        graph = _tables(network, _uint32(network, 0), 2, MAX_GRAPHS)[0]
        tensors = _tables(network, graph, 0, MAX_TENSORS)
        shapes = [_integers(network, tensor, 0, MAX_DIMENSIONS) for tensor in tensors]
        inputs, outputs = (_integers(network, graph, side, MAX_PORTS) for side in (1, 2))
        return tuple(shapes[i] for i in inputs), tuple(shapes[i] for i in outputs)
    except (IndexError, struct.error) as error:
        raise ModelError(f'a damaged network: {error}') from error


# The file format is FlatBuffers, of which _shapes() needs this: a table begins with the distance
# back to the list of its fields' places, a vector with its length, and distances name the rest.


def _uint32(data: bytes, at: int) -> int:
    return int(struct.unpack_from('<I', data, at)[0])


def _vector(data: bytes, table: int, field: int, most: int) -> tuple[int, int]:
    """
    Return where the vector in a table's field begins, and its length; 0 without the field.

    :raises IndexError: when it is longer than `most`
    """
    fields = table - struct.unpack_from('<i', data, table)[0]
    (size,) = struct.unpack_from('<H', data, fields)
    entry = 4 + 2 * field
    place = struct.unpack_from('<H', data, fields + entry)[0] if entry < size else 0
    if not place:
        return 0, 0
    vector = table + place + _uint32(data, table + place)
    length = _uint32(data, vector)
    if length > most:
        raise IndexError(f'a list of {length} entries, wanted at most {most}')
    return vector + 4, length


def _integers(data: bytes, table: int, field: int, most: int) -> tuple[int, ...]:
    start, length = _vector(data, table, field, most)
    return struct.unpack_from(f'<{length}i', data, start)


def _tables(data: bytes, table: int, field: int, most: int) -> list[int]:
    start, length = _vector(data, table, field, most)
    distances = struct.unpack_from(f'<{length}I', data, start)
    return [start + 4 * index + distance for index, distance in enumerate(distances)]
