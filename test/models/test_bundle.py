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
