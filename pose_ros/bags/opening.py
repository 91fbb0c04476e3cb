# SPDX-License-Identifier: Apache-2.0
"""Opens a recording of any format, damaged ones as far as they can be read."""

from __future__ import annotations

import os
from pathlib import Path
import re

from pose_ros.bags.bag_recording import ROS1_SUFFIX, BagRecording
from pose_ros.bags.pictures import PictureFolder, Video, pictures_in
from pose_ros.bags.recording import Recording, RecordingError
from pose_ros.bags.salvage import SalvagedBag
from pose_ros.images.picture_size import MAX_IMAGE_PIXELS

__all__ = ['open_recording']

METADATA = 'metadata.yaml'
BAG_SUFFIXES = ('.mcap', '.db3')
SPLIT_NAME = re.compile(r'(.*)_(\d+)')

WANTED = (
    f'a rosbag2 folder, a file {", ".join((*BAG_SUFFIXES, ROS1_SUFFIX))}, a video or a folder of '
    'pictures'
)


def open_recording(path: Path, max_pixels: int = MAX_IMAGE_PIXELS) -> Recording:
    """
    Open a recording.

    :param path: a rosbag2 folder (with or without its metadata.yaml), a file .mcap, .db3 or .bag
        (.bag.active too), a video, or a folder of pictures
    :param max_pixels: a larger picture of a folder is not decoded
    :raises RecordingError: when it is something else, or nothing of it can be read
    """
    try:
        if path.is_dir():
            return _open_folder(path, max_pixels)
        if not path.exists():
            raise RecordingError(f'{path}: no such file or folder; wanted {WANTED}')
        if not path.is_file():
            raise RecordingError(f'{path}: a device or a pipe; wanted {WANTED}')
        if path.stat().st_size == 0:
            raise RecordingError(f'{path}: the file is empty; wanted {WANTED}')
        is_active = path.name.endswith(f'{ROS1_SUFFIX}.active')
        if is_active or path.suffix in (*BAG_SUFFIXES, ROS1_SUFFIX):
            return _open_bag(path, [path])
        return Video(path)
    except OSError as error:
        raise RecordingError(f'{path}: {error.strerror or error}') from error


def _open_folder(path: Path, max_pixels: int) -> Recording:
    files = [each for each in path.iterdir() if each.suffix in BAG_SUFFIXES]
    for each in (*files, path / METADATA):
        # Whoever opened a pipe would wait for ever.
        if os.path.lexists(each) and not each.is_file():
            raise RecordingError(
                f'{path}: wanted files, but {each.name} is a folder, a device, a pipe or a broken '
                'link: remove it'
            )
    if files or (path / METADATA).exists():
        return _open_bag(path, _in_order(path, files))
    if pictures_in(path):
        return PictureFolder(path, max_pixels)
    raise RecordingError(f'{path}: wanted {WANTED}; it is a folder with neither bag nor pictures')


def _in_order(folder: Path, files: list[Path]) -> list[Path]:
    """
    Return the files of one bag, that with the lowest number first.

    :raises RecordingError: when they are bags of their own
    """
    matches = [SPLIT_NAME.fullmatch(each.stem) for each in files]
    is_split = all(matches) and len({match[1] for match in matches if match}) == 1
    if len(files) > 1 and not is_split and not (folder / METADATA).exists():
        raise RecordingError(
            f'{folder}: wanted one recording, got a folder of {len(files)}; name the files: '
            f'{folder}/*{files[0].suffix}'
        )

    def key(path: Path) -> tuple[int, str]:
        match = SPLIT_NAME.fullmatch(path.stem)
        return int(match[2]) if match else -1, path.name

    return sorted(files, key=key)


def _open_bag(path: Path, files: list[Path]) -> Recording:
    try:
        has_metadata = path.is_file() or (path / METADATA).exists()
        return BagRecording(path if has_metadata or len(files) != 1 else files[0])
    except RecordingError as error:
        if not files:
            raise
        reason = str(error).removeprefix(f'{path}: ')
        return SalvagedBag(path, files, f'read without its index ({reason})')
