# SPDX-License-Identifier: Apache-2.0
"""
A `.task` file -> the assurance that MediaPipe can use it; two networks -> a `.task` file.

A bundle is a zip, nothing in it compressed, of two TensorFlow Lite networks. They are told by the
shapes of what they take and give, for which MediaPipe's graph is written, and not by their
weights: a retrained network of the same shapes is welcome.

write_bundle() borrows MediaPipe's flatbuffer classes, the one use of mediapipe outside
landmarker.py, and imports them when called: the import takes 2 s, and checking needs none of it.
"""

import os
from pathlib import Path
import struct
from typing import BinaryIO
import zipfile

__all__ = ['DETECTOR', 'LANDMARKER', 'ModelError', 'check_bundle', 'write_bundle']

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


ZIP_HEADER_BYTES = 30  # before a member's name
# What zipfile raises at nonsense, beside its own error: wild offsets, names, versions, flags.
UNREADABLE_ZIP = (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError)


class ModelError(RuntimeError):
    """No usable model bundle. One line: which file, what is wrong, what mends it."""


def check_bundle(path: Path) -> None:
    """
    Check that a file is a whole bundle: its members, their checksums, their inputs and outputs.

    Takes about a millisecond a megabyte.

    :param path: the file
    :raises ModelError: when it is not; one line, which file and what is wrong
    """
    try:
        with path.open('rb') as file:
            _check_zip(file)
    except FileNotFoundError:
        raise ModelError(f'{path}: no such file') from None
    except IsADirectoryError:
        raise ModelError(f'{path}: a folder, wanted a .task file') from None
    except OSError as error:
        raise ModelError(f'{path}: cannot be read: {error.strerror or error}') from error
    except ModelError as error:
        raise ModelError(f'{path}: {error}') from error


def write_bundle(path: Path, detector: bytes, landmarker: bytes) -> None:
    """
    Write a bundle of the two networks as MediaPipe's packages publish them.

    The detector goes in as it is. The landmarker lacks the note, which MediaPipe asks for, of how
    colours become its input (0-255 to 0-1), and gets it.

    :param path: the file to write
    :param detector: a package's pose_detection.tflite
    :param landmarker: a package's pose_landmark_*.tflite
    :raises ImportError: when MediaPipe is not installed
    """
    networks = {DETECTOR: detector, LANDMARKER: _with_normalization(landmarker)}
    with path.open('wb') as file, zipfile.ZipFile(file, 'w') as archive:
        for name, network in networks.items():
            member = zipfile.ZipInfo(name)
            # To an address divisible by four: elsewhere TensorFlow Lite complains, and copies.
            padding = -(file.tell() + ZIP_HEADER_BYTES + len(name)) % 4
            member.extra = struct.pack('<HH', 0xD935, padding) + bytes(padding)
            archive.writestr(member, network)


def _check_zip(file: BinaryIO) -> None:
    """Check a bundle; the error's message is what is wrong with it."""
    start = file.read(8)
    size = file.seek(0, os.SEEK_END)
    if not start:
        raise ModelError('empty')
    try:
        with zipfile.ZipFile(file) as archive:
            for name, wanted in NETWORKS.items():
                found = _shapes(_read_member(archive, name))
                if found != wanted:
                    raise ModelError(
                        f'{name} is a foreign network, its input and outputs are '
                        f'{_text(found)}, wanted {_text(wanted)}'
                    )
    except ModelError:
        raise
    except UNREADABLE_ZIP as error:
        if start.startswith(b'PK\x03\x04'):
            raise ModelError(f'truncated or damaged, {size} bytes: {error}') from error
        raise ModelError(
            f'not a bundle: wanted a zip, but its {size} bytes begin with {start!r}'
        ) from error


def _read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        member = archive.getinfo(name)
    except KeyError:
        names = ', '.join(archive.namelist()[:3]) or 'nothing'
        raise ModelError(f'not a pose landmarker bundle: no {name} in it, but {names}') from None
    if member.compress_type != zipfile.ZIP_STORED:
        raise ModelError(f'{name} is compressed, MediaPipe wants it stored (zip -0)')
    return archive.read(member)


def _text(shapes: tuple[Shapes, Shapes]) -> str:
    return ' -> '.join(' '.join('x'.join(map(str, shape)) for shape in side) for side in shapes)


def _shapes(network: bytes) -> tuple[Shapes, Shapes]:
    """Return the shapes of the inputs and of the outputs of a TensorFlow Lite network."""
    if network[4:8] != b'TFL3':
        raise ModelError(f'not a TensorFlow Lite network, a member begins with {network[:8]!r}')
    try:
        graph = _tables(network, _uint32(network, 0), 2)[0]
        shapes = [_integers(network, tensor, 0) for tensor in _tables(network, graph, 0)]
        inputs, outputs = (_integers(network, graph, side) for side in (1, 2))
        return tuple(shapes[i] for i in inputs), tuple(shapes[i] for i in outputs)
    except (IndexError, struct.error) as error:
        raise ModelError(f'a damaged network: {error}') from error


# The file format is FlatBuffers, of which _shapes() needs this: a table begins with the distance
# back to the list of its fields' places, a vector with its length, and distances name the rest.


def _uint32(data: bytes, at: int) -> int:
    return int(struct.unpack_from('<I', data, at)[0])


def _vector(data: bytes, table: int, field: int) -> tuple[int, int]:
    """Return where the vector in a table's field begins, and its length; 0 without the field."""
    fields = table - struct.unpack_from('<i', data, table)[0]
    (size,) = struct.unpack_from('<H', data, fields)
    entry = 4 + 2 * field
    place = struct.unpack_from('<H', data, fields + entry)[0] if entry < size else 0
    if not place:
        return 0, 0
    vector = table + place + _uint32(data, table + place)
    return vector + 4, _uint32(data, vector)


def _integers(data: bytes, table: int, field: int) -> tuple[int, ...]:
    start, length = _vector(data, table, field)
    return struct.unpack_from(f'<{length}i', data, start)


def _tables(data: bytes, table: int, field: int) -> list[int]:
    start, length = _vector(data, table, field)
    distances = struct.unpack_from(f'<{length}I', data, start)
    return [start + 4 * index + distance for index, distance in enumerate(distances)]


def _with_normalization(network: bytes) -> bytes:
    """Return a TensorFlow Lite network with the metadata that its input is a colour / 255."""
    # Imported here for the reason given at the top.
    import flatbuffers  # noqa: PLC0415
    from mediapipe.tasks.metadata import metadata_schema_py_generated as notes  # noqa: PLC0415
    from mediapipe.tasks.metadata import schema_py_generated as schema  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    normalization = notes.NormalizationOptionsT()
    normalization.mean, normalization.std = [0.0], [255.0]
    unit = notes.ProcessUnitT()
    unit.optionsType = notes.ProcessUnitOptions.NormalizationOptions
    unit.options = normalization
    content = notes.ContentT()
    content.contentPropertiesType = notes.ContentProperties.ImageProperties
    content.contentProperties = notes.ImagePropertiesT()
    content.contentProperties.colorSpace = notes.ColorSpaceType.RGB
    image = notes.TensorMetadataT()
    image.processUnits, image.content = [unit], content
    graph = notes.SubGraphMetadataT()
    graph.inputTensorMetadata = [image]
    note = notes.ModelMetadataT()
    note.subgraphMetadata = [graph]

    def packed(table: notes.ModelMetadataT | schema.ModelT, identifier: bytes) -> bytes:
        builder = flatbuffers.Builder()
        builder.Finish(table.Pack(builder), identifier)
        return bytes(builder.Output())

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(network))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(packed(note, b'M001'), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = 'TFLITE_METADATA', len(model.buffers)
    model.buffers.append(buffer)
    model.metadata.append(entry)
    return packed(model, b'TFL3')
