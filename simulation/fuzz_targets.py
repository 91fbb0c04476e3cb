# SPDX-License-Identifier: Apache-2.0
"""
Gives hostile bytes to what reads images and model bundles, and holds what must be true of it.

Each target returns when the bytes were read or refused in words, and raises anything else. Tests
call the targets with a small corpus and with bytes that hypothesis makes, scripts/fuzz.py with
those that a coverage-guided fuzzer finds.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
import contextlib
from pathlib import Path
import tempfile

import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.images.frame import FrameError, to_frame
from pose_ros.images.picture_size import picture_size
from pose_ros.models.bundle import check_bundle
from pose_ros.models.model_file import ModelError
from pose_ros.stream.serialized import read_message

__all__ = ['CORPUS', 'TARGETS']

CORPUS = Path(__file__).parent.parent / 'test/fuzz_corpus'
MAX_PIXELS = 250_000  # so that no input takes long


def fuzz_picture(data: bytes) -> None:
    """Decode a compressed image: what comes out has the size that its header stated."""
    try:
        frame = to_frame(CompressedImage(data=array('B', data)), MAX_PIXELS)
    except FrameError as error:
        _require_one_line(error)
        return
    height, width = frame.rgb.shape[:2]
    if picture_size(data) != (width, height):
        raise AssertionError(f'{width}x{height} came of a header of {picture_size(data)}')
    _require_rgb(frame.rgb)


def fuzz_image(data: bytes) -> None:
    """Read a serialized Image and convert it."""
    try:
        frame = to_frame(read_message(data, Image), MAX_PIXELS)
    except FrameError as error:
        _require_one_line(error)
        return
    _require_rgb(frame.rgb)


def fuzz_bundle(data: bytes) -> None:
    """Check a model bundle."""
    with tempfile.TemporaryDirectory(dir=_quick_folder()) as folder:
        path = Path(folder, 'model.task')
        path.write_bytes(data)
        with contextlib.suppress(ModelError):
            check_bundle(path)


TARGETS: dict[str, Callable[[bytes], None]] = {
    'pictures': fuzz_picture,
    'images': fuzz_image,
    'bundles': fuzz_bundle,
}


def _require_rgb(rgb: np.ndarray) -> None:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.flags.c_contiguous:
        raise AssertionError(f'not a picture in RGB: {rgb.dtype} {rgb.shape}')
    int(rgb.max())  # every byte can be read


def _require_one_line(error: Exception) -> None:
    if '\n' in str(error) or len(str(error)) > 2000:
        raise AssertionError(f'not one line: {error}')


def _quick_folder() -> str | None:
    return '/dev/shm' if Path('/dev/shm').is_dir() else None
