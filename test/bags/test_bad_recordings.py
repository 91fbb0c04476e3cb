# SPDX-License-Identifier: Apache-2.0
"""Recordings that are damaged, foreign, huge or hostile: a clear line, and the rest is read."""

from collections.abc import Callable
from dataclasses import dataclass
import os
from pathlib import Path
import random
import sqlite3
import struct
from zlib import compress, crc32

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rosbags.rosbag2 import Reader
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.bags.annotate import annotate
from pose_ros.bags.job import Job
from pose_ros.bags.opening import open_recording
from pose_ros.bags.recording import RecordingError
from pose_ros.bags.whole_folder import part_folder
from simulation.bag_files import Message, jpeg, write_bag

MakeJob = Callable[..., Job]


@dataclass(frozen=True)
class Bad:
    """
    A recording that something is wrong with.

    :param make: writes it into a folder, out of good messages
    :param words: of the one line that the user gets
    :param frames: how many pictures can be saved
    """

    make: Callable[[Path, list[Message]], Path]
    words: str
    frames: int | range = 0


def cut(kind: str, share: float) -> Callable[[Path, list[Message]], Path]:
    """Return what writes a bag and cuts its file."""

    def make(folder: Path, messages: list[Message]) -> Path:
        bag = write_bag(folder / 'cut', kind, messages)
        path = bag if bag.is_file() else next(bag.glob('*.[md][cb]*'))
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        return path

    return make


def content(name: str, data: bytes) -> Callable[[Path, list[Message]], Path]:
    """Return what writes a file."""

    def make(folder: Path, _: list[Message]) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return make


def flipped(folder: Path, messages: list[Message]) -> Path:
    """Write an MCAP file with damage in the middle, in a compressed chunk."""
    path = next(write_bag(folder / 'flipped', 'mcap_zstd', messages).glob('*.mcap'))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(data)
    return path


def huge_chunk(folder: Path, messages: list[Message]) -> Path:
    """Write an MCAP file whose first chunk says that it unpacks to 2^60 bytes."""
    path = next(write_bag(folder / 'huge', 'mcap_zstd', messages).glob('*.mcap'))
    with Reader(path) as reader:
        size = reader.storage.chunks[0].uncompressed_size
    path.write_bytes(path.read_bytes().replace(struct.pack('<Q', size), struct.pack('<Q', 2**60)))
    return path


def broken_metadata(folder: Path, messages: list[Message]) -> Path:
    bag = write_bag(folder / 'metadata', 'mcap', messages)
    (bag / 'metadata.yaml').write_text('rosbag2_bagfile_information: {version: [')
    return bag


def newer_metadata(folder: Path, messages: list[Message]) -> Path:
    bag = write_bag(folder / 'newer', 'sqlite3', messages)
    text = (bag / 'metadata.yaml').read_text()
    (bag / 'metadata.yaml').write_text(text.replace('version: 8', 'version: 99'))
    return bag


def no_metadata(folder: Path, messages: list[Message]) -> Path:
    bag = write_bag(folder / 'without', 'mcap', messages)
    (bag / 'metadata.yaml').unlink()
    return bag


def missing_file(folder: Path, messages: list[Message]) -> Path:
    bag = write_bag(folder / 'missing', 'mcap', messages)
    next(bag.glob('*.mcap')).unlink()
    return bag


def no_images(folder: Path, messages: list[Message]) -> Path:
    return write_bag(folder / 'none', 'mcap', [Message('/header', 1, Header(frame_id='a'))])


def several_bags(folder: Path, messages: list[Message]) -> Path:
    for name in ('a', 'b'):
        bag = write_bag(folder / f'bag_{name}', 'mcap', messages[:1])
        next(bag.glob('*.mcap')).rename(folder / f'{name}.mcap')
    return folder


def contradicting(folder: Path, messages: list[Message]) -> Path:
    """Write images of which every second one claims a billion rows."""
    for each in messages[::2]:
        each.content.height = 10**9
    return write_bag(folder / 'contradicting', 'mcap', messages)


def foreign_tables(folder: Path, _: list[Message]) -> Path:
    path = folder / 'foreign.db3'
    with sqlite3.connect(path) as database:
        database.execute('CREATE TABLE songs (name TEXT)')
    return path


def no_jpegs(folder: Path, messages: list[Message]) -> Path:
    damaged = [
        Message(
            '/c', each.log_ns, CompressedImage(header=each.content.header, data=b'\xff\xd8abc')
        )
        for each in messages[:3]
    ]
    whole = [Message('/c', each.log_ns, jpeg(each.content)) for each in messages[3:]]
    return write_bag(folder / 'jpegs', 'mcap', damaged + whole)


def cut_video(folder: Path, messages: list[Message]) -> Path:
    path = folder / 'video.avi'
    image = messages[0].content
    writer = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*'MJPG'), 30.0, (image.width, image.height)
    )
    for each in messages:
        rgb = np.frombuffer(each.content.data, np.uint8).reshape(image.height, image.width, 3)
        writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    writer.release()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def odd_topic(folder: Path, messages: list[Message]) -> Path:
    """Write images on a topic whose name leads out of a folder."""
    moved = [Message('/../../../image', each.log_ns, each.content) for each in messages]
    return write_bag(folder / 'odd', 'mcap', moved)


def no_picture(folder: Path, messages: list[Message]) -> Path:
    pictures = folder / 'pictures'
    pictures.mkdir()
    (pictures / '1.png').write_bytes(b'\x89PNG\r\n\x1a\n' + bytes(20))
    return pictures


def png_header(width: int, height: int) -> bytes:
    """Return the start and the end of a PNG, with hardly a pixel between them."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack('>I', len(data)) + name + data + struct.pack('>I', crc32(name + data))

    about = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    pixels = compress(bytes(100))
    return (
        b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', about) + chunk(b'IDAT', pixels) + chunk(b'IEND', b'')
    )


def pipe_as_bag(folder: Path, messages: list[Message]) -> Path:
    bag = write_bag(folder / 'piped', 'mcap', messages)
    os.mkfifo(bag / 'piped_1.mcap')
    return bag


def pipe_as_metadata(folder: Path, messages: list[Message]) -> Path:
    bag = no_metadata(folder, messages)
    os.mkfifo(bag / 'metadata.yaml')
    return bag


def folder_with_no_file(make: Callable[[Path], object]) -> Callable[[Path, list[Message]], Path]:
    """Return what writes a folder with a picture, and something that only has the name of one."""

    def written(folder: Path, messages: list[Message]) -> Path:
        pictures = folder_with(b'none')(folder, messages)
        (pictures / '2.jpg').unlink()
        make(pictures / '2.jpg')
        return pictures

    return written


def huge_file(path: Path) -> None:
    path.touch()
    os.truncate(path, 1 << 40)


def folder_with(data: bytes) -> Callable[[Path, list[Message]], Path]:
    """Return what writes a folder with a picture, and a file that is none."""

    def make(folder: Path, messages: list[Message]) -> Path:
        whole = jpeg(messages[0].content).data.tobytes()
        pictures = folder / 'pictures'
        pictures.mkdir()
        (pictures / '1.jpg').write_bytes(whole)
        (pictures / '2.jpg').write_bytes(data or whole[: len(whole) // 2])
        return pictures

    return make


NO_JPEG = b'\xff\xd8abc'
NOISE = random.Random(5).randbytes(5000)

BAD = {
    'empty_mcap': Bad(content('a.mcap', b''), 'the file is empty'),
    'empty_ros1': Bad(content('a.bag', b''), 'the file is empty'),
    'empty_sqlite': Bad(content('a.db3', b''), 'the file is empty'),
    'text_as_mcap': Bad(content('a.mcap', b'hello\n'), 'no message of it can be read'),
    'noise_as_mcap': Bad(content('a.mcap', NOISE), 'no message of it can be read'),
    'noise_as_sqlite': Bad(content('a.db3', NOISE), 'no message of it can be read'),
    'noise_as_ros1': Bad(content('a.bag', NOISE), 'no message of it can be read'),
    'text': Bad(content('notes.txt', b'hello\n'), 'cannot read it as a video'),
    'not_there': Bad(lambda folder, _: folder / 'none.mcap', 'no such file or folder'),
    'empty_folder': Bad(lambda folder, _: folder, 'neither bag nor pictures'),
    'several_bags': Bad(several_bags, 'name the files'),
    'no_images': Bad(no_images, 'wanted a topic of images, got /header'),
    'foreign_tables': Bad(foreign_tables, 'no message of it can be read'),
    'missing_file': Bad(missing_file, 'missing'),
    'no_picture': Bad(no_picture, '1 of 1 pictures cannot be read', 0),
    'cut_picture': Bad(folder_with(b''), '2.jpg (wanted a whole picture', 1),
    'huge_picture': Bad(folder_with(png_header(30000, 30000)), 'raise max_image_pixels', 1),
    'cut_mcap': Bad(cut('mcap', 0.5), 'up to the damage', range(3, 12)),
    'cut_mcap_index': Bad(cut('mcap', 0.9999), 'up to the damage', 12),
    'cut_mcap_to_nothing': Bad(cut('mcap', 0.00001), 'no message of it can be read'),
    'cut_ros1': Bad(cut('ros1', 0.6), 'up to the damage', range(1, 12)),
    'cut_sqlite': Bad(cut('sqlite3', 0.85), 'up to the damage', range(1, 12)),
    'flipped': Bad(flipped, '', range(2, 12)),
    'huge_chunk': Bad(huge_chunk, str(2**60), range(1, 12)),
    'pipe_as_picture': Bad(folder_with_no_file(os.mkfifo), '2.jpg (wanted a file, got', 1),
    'endless_picture': Bad(
        folder_with_no_file(lambda path: path.symlink_to('/dev/zero')), '2.jpg (wanted a file', 1
    ),
    'lost_picture': Bad(
        folder_with_no_file(lambda path: path.symlink_to('none')), 'or a broken link', 1
    ),
    'huge_picture_file': Bad(folder_with_no_file(huge_file), 'wanted at most 512 MiB', 1),
    'pipe_as_bag': Bad(pipe_as_bag, 'piped_1.mcap is a folder, a device, a pipe'),
    'pipe_as_metadata': Bad(pipe_as_metadata, 'metadata.yaml is a folder, a device, a pipe'),
    'broken_metadata': Bad(broken_metadata, 'without its index', 12),
    'newer_metadata': Bad(newer_metadata, 'version 99', 12),
    'no_metadata': Bad(no_metadata, '', 12),
    'contradicting': Bad(contradicting, 'too large|wanted', 6),
    'no_jpegs': Bad(no_jpegs, 'wanted a whole JPEG', 9),
    'cut_video': Bad(cut_video, 'ends after', range(3, 12)),
    'odd_topic': Bad(odd_topic, '', 12),
}


@pytest.mark.parametrize('name', BAD)
def test_a_line_says_what_is_wrong_and_what_can_be_read_is(
    messages: list[Message], tmp_path: Path, job: MakeJob, name: str
) -> None:
    bad = BAD[name]
    (tmp_path / 'in').mkdir()
    path = bad.make(tmp_path / 'in', messages[:12])
    one = job(path)
    wanted = bad.frames if isinstance(bad.frames, range) else range(bad.frames, bad.frames + 1)
    try:
        report = annotate(one)
    except RecordingError as error:
        frames, said = 0, str(error)
    else:
        frames, said = report.frames, f'{path}\n' + '\n'.join(report.warnings)
    assert frames in wanted, said
    assert str(path) in said
    assert not part_folder(one.folder).exists()
    assert any(words in said for words in bad.words.split('|')), said
    assert all(line.isprintable() for line in said.splitlines())


@pytest.mark.parametrize('seed', range(12))
def test_damage_anywhere_never_crashes_the_reader(
    messages: list[Message], tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    kind = chance.choice(['mcap', 'mcap_zstd', 'ros1', 'sqlite3'])
    bag = write_bag(tmp_path / 'bag', kind, messages[:4])
    path = bag if bag.is_file() else next(bag.glob('*.[md][cb]*'))
    data = bytearray(path.read_bytes())
    for _ in range(20):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data)
    try:
        recording = open_recording(path)
    except RecordingError:
        return
    topics = {each.topic for each in recording.channels}
    assert len(list(recording.records(topics))) <= 4
    recording.close()


def test_images_of_a_broken_frame_do_not_stop_the_rest(
    frames: list[NDArray[np.uint8]], messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    odd = Image(header=messages[1].content.header, height=2, width=2, encoding='magenta7')
    recorded = [messages[0], Message('/image_raw', messages[1].log_ns, odd), *messages[2:5]]
    report = annotate(job(write_bag(tmp_path / 'walk', 'mcap', recorded)))
    assert report.frames == 4
    assert '1 invalid' in report.text
    assert any('magenta7' in each for each in report.warnings)
