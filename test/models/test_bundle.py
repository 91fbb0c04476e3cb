# SPDX-License-Identifier: Apache-2.0
"""check_bundle() on a real bundle, whole, broken in every way, and retrained."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
import zipfile

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.models.bundle import DETECTOR, LANDMARKER, ModelError, check_bundle


def networks(bundle: bytes) -> dict[str, bytes]:
    """Return the members of a bundle."""
    with zipfile.ZipFile(BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in (DETECTOR, LANDMARKER)}


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip of members."""
    file = BytesIO()
    with zipfile.ZipFile(file, 'w', compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def flipped(data: bytes, at: int) -> bytes:
    """Return the data with the bits of one byte turned over."""
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


@pytest.fixture(scope='module')
def bundle(models: dict[str, Path]) -> bytes:
    return models['full'].read_bytes()


@pytest.mark.parametrize('name', ['lite', 'full', 'heavy'])
def test_accepts_the_published_models(models: dict[str, Path], name: str) -> None:
    check_bundle(models[name])


def test_accepts_other_weights(tmp_path: Path, bundle: bytes) -> None:
    members = networks(bundle)
    middle = len(members[LANDMARKER]) // 2
    path = tmp_path / 'retrained.task'
    path.write_bytes(zipped(members | {LANDMARKER: flipped(members[LANDMARKER], middle)}))
    check_bundle(path)


@pytest.mark.parametrize(
    ('spoil', 'message'),
    [
        (lambda whole: b'', 'empty'),
        (lambda whole: whole[:100], 'truncated or damaged, 100 bytes'),
        (lambda whole: whole[:-1], 'truncated or damaged'),
        (lambda whole: whole[: len(whole) // 2], 'truncated or damaged'),
        (lambda whole: flipped(whole, len(whole) // 2), 'truncated or damaged.*CRC'),
        (lambda whole: whole[5000:], 'not a bundle: wanted a zip'),
        (
            lambda whole: b'<html>404',
            r"not a bundle: wanted a zip.*9 bytes begin with b'<html>40'",
        ),
        (lambda whole: zipped({}), f'no {DETECTOR} in it, but nothing'),
        (
            lambda whole: zipped({'hand_detector.tflite': b''}),
            f'no {DETECTOR} in it, but hand_detector.tflite',
        ),
        (
            lambda whole: zipped({DETECTOR: networks(whole)[DETECTOR]}),
            f'no {LANDMARKER} in it, but {DETECTOR}',
        ),
        (
            lambda whole: zipped(networks(whole), zipfile.ZIP_DEFLATED),
            'compressed.*wants it stored',
        ),
        (
            lambda whole: zipped(networks(whole) | {LANDMARKER: b'no network at all'}),
            'not a TensorFlow Lite network',
        ),
        (
            lambda whole: zipped(networks(whole) | {LANDMARKER: networks(whole)[LANDMARKER][:64]}),
            'damaged network',
        ),
        (
            lambda whole: zipped(networks(whole) | {LANDMARKER: networks(whole)[DETECTOR]}),
            f'{LANDMARKER} is a foreign network, .* 1x224x224x3 -> .*, '
            'wanted 1x256x256x3 -> 1x195 ',
        ),
    ],
)
def test_says_what_is_wrong(
    tmp_path: Path,
    bundle: bytes,
    spoil: Callable[[bytes], bytes],
    message: str,
) -> None:
    path = tmp_path / 'spoilt.task'
    path.write_bytes(spoil(bundle))
    with pytest.raises(ModelError, match=message) as caught:
        check_bundle(path)
    assert str(caught.value).startswith(f'{path}: ')
    assert '\n' not in str(caught.value)


def test_a_list_of_countless_members_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / 'many.task'
    path.write_bytes(zipped({f'member {index}': b'' for index in range(3000)}))
    with pytest.raises(ModelError, match='wanted a zip of few members'):
        check_bundle(path)


def test_an_endless_list_in_a_network_is_not_read(tmp_path: Path, bundle: bytes) -> None:
    """A vector in a FlatBuffer begins with its length; here that of the graph's inputs."""
    network = bytearray(networks(bundle)[LANDMARKER] + bytes(100 << 20))
    graph = vector_of(network, int.from_bytes(network[:4], 'little'), 2) + 4
    graph += int.from_bytes(network[graph : graph + 4], 'little')
    inputs = vector_of(network, graph, 1)
    network[inputs : inputs + 4] = (20 << 20).to_bytes(4, 'little')
    path = tmp_path / 'endless.task'
    path.write_bytes(zipped(networks(bundle) | {LANDMARKER: bytes(network)}))
    with pytest.raises(ModelError, match='a damaged network: a list of 20971520 entries'):
        check_bundle(path)


def vector_of(data: bytearray, table: int, field: int) -> int:
    """Return where the vector in a table's field of a FlatBuffer begins."""
    fields = table - int.from_bytes(data[table : table + 4], 'little', signed=True)
    at = fields + 4 + 2 * field
    place = table + int.from_bytes(data[at : at + 2], 'little')
    return place + int.from_bytes(data[place : place + 4], 'little')


def test_says_that_a_photograph_is_none(tmp_path: Path, astronaut: NDArray[np.uint8]) -> None:
    path = tmp_path / 'photograph.task'
    path.write_bytes(cv2.imencode('.jpg', astronaut)[1].tobytes())
    with pytest.raises(ModelError, match=r"not a bundle: wanted a zip.* begin with b'\\xff\\xd8"):
        check_bundle(path)


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        ('nowhere.task', 'no such file'),
        ('.', 'a folder, wanted a .task file'),
        ('file/below.task', 'cannot be read: Not a directory'),
    ],
)
def test_says_that_there_is_no_file(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(ModelError, match=message):
        check_bundle(tmp_path / path)
