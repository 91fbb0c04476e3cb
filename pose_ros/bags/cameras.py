# SPDX-License-Identifier: Apache-2.0
"""Chooses which topics of a recording are cameras, and what belongs to each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
import re
from typing import Any

from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.bags.recording import Channel, Record, Recording, RecordingError, first_record
from pose_ros.images.frame import FrameError
from pose_ros.stream.serialized import read_message

__all__ = ['IMAGE_TYPES', 'Camera', 'TopicChoice', 'choose_cameras', 'first_message']

IMAGE_TYPES: dict[str, type] = {
    'sensor_msgs/msg/Image': Image,
    'sensor_msgs/msg/CompressedImage': CompressedImage,
}
CAMERA_INFO_TYPE = 'sensor_msgs/msg/CameraInfo'
LANDMARKS_TYPE = 'pose_ros/msg/PoseLandmarksArray'
MESSAGE_TYPES = {**IMAGE_TYPES, CAMERA_INFO_TYPE: CameraInfo}

DEPTH_ENCODINGS = ('16UC1', '32FC1')
COMPRESSED = '/compressed'


@dataclass(frozen=True)
class TopicChoice:
    """
    What the user named.

    :param images: topics; empty: all that are found by their type
    :param camera_info: topic; '': the one beside the images
    :param depth: topic; '': one whose frame is the images', if there is just one
    :param prefers_compressed: of a topic that was recorded both ways
    """

    images: tuple[str, ...] = ()
    camera_info: str = ''
    depth: str = ''
    prefers_compressed: bool = False


@dataclass(frozen=True)
class Camera:
    """
    One camera of a recording.

    :param name: for tables and names of files
    :param namespace: of the node that would have been its own: '' or /front
    :param image: its images
    :param camera_info: a topic, '' when there is none
    :param depth: likewise
    """

    name: str
    namespace: str
    image: Channel
    camera_info: str = ''
    depth: str = ''


def choose_cameras(recording: Recording, choice: TopicChoice) -> list[Camera]:
    """
    Return the cameras of a recording.

    Without names every topic of images counts that holds no depth, and is no output of a pose
    node. A topic that was recorded raw and compressed counts once.

    :raises RecordingError: when there is none, or a topic that was named is not there
    """
    images = [
        each for each in recording.channels if each.message_type in IMAGE_TYPES and each.count
    ]
    first = {each.topic: first_message(recording, each.topic) for each in images}
    depths = [each.topic for each in images if _is_depth(first[each.topic])]
    if choice.images:
        colour = [_named(recording, topic, tuple(IMAGE_TYPES)) for topic in choice.images]
    else:
        colour = _without_twins(
            [
                each
                for each in images
                if each.topic not in depths and not _is_output(each, recording.channels)
            ],
            choice.prefers_compressed,
        )
    _check(recording, colour, choice)
    names = _names(colour)
    return [
        Camera(
            *names[each.topic],
            each,
            _camera_info(recording, each, choice.camera_info),
            _depth(recording, first.get(each.topic), depths, choice.depth),
        )
        for each in colour
    ]


def first_message(recording: Recording, topic: str) -> Any:
    """Return the first message of a topic; None when none can be read."""
    record = first_record(recording, topic)
    return None if record is None else _read(record)


def _read(record: Record) -> Any:
    try:
        return read_message(record.data, MESSAGE_TYPES[record.channel.message_type])
    except FrameError:
        return None


def _named(recording: Recording, topic: str, types: tuple[str, ...]) -> Channel:
    for channel in recording.channels:
        if channel.topic == topic and channel.message_type in types:
            return channel
    raise RecordingError(
        f'{recording.path}: wanted {topic} ({" or ".join(types)}), got {_listed(recording)}'
    )


def _listed(recording: Recording) -> str:
    channels = [
        f'{each.topic} ({each.message_type}{"" if each.count else ", no message"})'
        for each in recording.channels
    ]
    return ', '.join(channels) or 'nothing'


def _check(recording: Recording, colour: list[Channel], choice: TopicChoice) -> None:
    if not colour:
        raise RecordingError(
            f'{recording.path}: wanted a topic of images, got {_listed(recording)}'
        )
    if len(colour) > 1 and (choice.camera_info or choice.depth):
        raise RecordingError(
            f'{recording.path}: with a named camera_info or depth, name one topic of images too; '
            f'found {", ".join(each.topic for each in colour)}'
        )


def _is_depth(message: Any) -> bool:
    if message is None:
        return False
    if isinstance(message, CompressedImage):
        return 'compressedDepth' in message.format or message.format.startswith(DEPTH_ENCODINGS)
    return message.encoding in DEPTH_ENCODINGS


def _is_output(channel: Channel, channels: Sequence[Channel]) -> bool:
    """Say whether a pose node published a topic: landmarks lie beside it."""
    beside = {f'{channel.topic.rsplit("/", levels)[0]}/landmarks' for levels in (1, 2)}
    return any(each.topic in beside and each.message_type == LANDMARKS_TYPE for each in channels)


def _base(channel: Channel) -> str:
    return channel.topic.removesuffix(COMPRESSED)


def _without_twins(channels: list[Channel], prefers_compressed: bool) -> list[Channel]:
    chosen: dict[str, Channel] = {}
    for each in channels:
        is_compressed = each.message_type != 'sensor_msgs/msg/Image'
        if _base(each) not in chosen or is_compressed == prefers_compressed:
            chosen[_base(each)] = each
    return list(chosen.values())


def _names(channels: list[Channel]) -> dict[str, tuple[str, str]]:
    """Return name and namespace of each topic's camera."""
    bases = {each.topic: _base(each) for each in channels}
    parents = {topic: base.rsplit('/', 1)[0] for topic, base in bases.items()}
    distinct = len(set(parents.values())) == len(channels) and all(parents.values())
    spaces = parents if distinct else bases
    names: dict[str, str] = {}
    for topic, space in spaces.items():
        name = re.sub(r'[^\w.-]', '_', space.strip('/')) or 'camera'
        while name in names.values():  # /a/b and /a_b
            name += '_'
        names[topic] = name
    return {
        topic: (names[topic], '' if len(channels) == 1 else f'/{space.strip("/")}')
        for topic, space in spaces.items()
    }


def _camera_info(recording: Recording, image: Channel, named: str) -> str:
    if named:
        return _named(recording, named, (CAMERA_INFO_TYPE,)).topic
    infos = [each.topic for each in recording.channels if each.message_type == CAMERA_INFO_TYPE]
    beside = f'{_base(image).rsplit("/", 1)[0]}/camera_info'
    return beside if beside in infos else ''


def _depth(recording: Recording, image: Any, depths: list[str], named: str) -> str:
    """
    Return the topic of depth images that are registered to the images.

    As REP 118 has it, such depth images are in the frame of the images.
    """
    if named:
        return _named(recording, named, ('sensor_msgs/msg/Image',)).topic
    if image is None:
        return ''
    registered = [
        topic
        for topic in depths
        if (message := first_message(recording, topic)) is not None
        and not isinstance(message, CompressedImage)
        and message.header.frame_id == image.header.frame_id
    ]
    return registered[0] if len(registered) == 1 else ''
