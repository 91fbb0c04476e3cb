# SPDX-License-Identifier: Apache-2.0
"""Writes bags of every format with real pictures, and reads bags, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message
from rosbags.highlevel import AnyReader
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.bags.cdr import serialize
from pose_ros.bags.transforms import TF_MESSAGE, TFMessage
from pose_ros.msg import PoseLandmarksArray
from simulation.recordings import recording
from simulation.ros_world import image_message
from simulation.video import read_frames

__all__ = [
    'FORMATS',
    'Message',
    'camera_info',
    'contents',
    'depth_image',
    'files',
    'jpeg',
    'landmarks',
    'pictures',
    'stamped',
    'type_name',
    'write_bag',
]

FORMATS = ('mcap', 'mcap_zstd', 'sqlite3', 'sqlite3_file_zstd', 'ros1')
START_NS = 1_700_000_000 * 10**9


@dataclass(frozen=True)
class Message:
    """One message for a bag: its topic, when it was recorded, and itself."""

    topic: str
    log_ns: int
    content: Any


def pictures(
    count: int, width: int = 480, height: int = 270, first: int = 80
) -> Iterator[NDArray[np.uint8]]:
    """Yield frames of the recording `walk`, rgb uint8 (height, width, 3); its people move."""
    for index, rgb in read_frames(recording('walk'), first=first):
        if index >= first + count:
            return
        yield cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)


def stamped(rgb_frames: Iterable[NDArray[np.uint8]], topic: str = '/image_raw') -> list[Message]:
    """Return pictures as messages of 30 Hz, recorded 5 ms after their stamps."""
    return [
        Message(topic, stamp_ns + 5_000_000, image_message(rgb, stamp_ns))
        for index, rgb in enumerate(rgb_frames)
        for stamp_ns in [START_NS + round(index * 1e9 / 30)]
    ]


def jpeg(image: Image) -> CompressedImage:
    """Return an rgb8 image as a camera driver compresses it."""
    rgb = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)
    _, data = cv2.imencode('.jpg', rgb[:, :, ::-1])
    return CompressedImage(header=image.header, format='jpeg', data=data.tobytes())


def camera_info(image: Image, focal_px: float = 400.0) -> CameraInfo:
    """Return the calibration of an ideal camera that could have taken an image."""
    k = [focal_px, 0.0, image.width / 2, 0.0, focal_px, image.height / 2, 0.0, 0.0, 1.0]
    return CameraInfo(header=image.header, width=image.width, height=image.height, k=k)


def depth_image(image: Image, depth_m: float) -> Image:
    """Return a depth image of a wall, registered to an image."""
    pixels = np.full((image.height, image.width), depth_m * 1000, np.uint16)
    return Image(
        header=deepcopy(image.header),
        height=image.height,
        width=image.width,
        encoding='16UC1',
        step=image.width * 2,
        data=pixels.tobytes(),
    )


def write_bag(path: Path, kind: str, messages: Iterable[Message]) -> Path:
    """
    Write a bag and return its path.

    :param path: without suffix; a folder, but for ROS 1
    :param kind: one of FORMATS
    """
    if kind == 'ros1':
        return _write_ros1(path.with_suffix('.bag'), messages)
    storage = StoragePlugin.MCAP if kind.startswith('mcap') else StoragePlugin.SQLITE3
    writer = Writer(path, version=8, storage_plugin=storage)
    if kind.endswith('zstd'):
        mode = CompressionMode.FILE if 'file' in kind else CompressionMode.STORAGE
        writer.set_compression(mode, CompressionFormat.ZSTD)
    store = get_typestore(Stores.ROS2_JAZZY)
    with writer:
        connections: dict[str, Any] = {}
        for each in messages:
            if each.topic not in connections:
                connections[each.topic] = writer.add_connection(
                    each.topic, type_name(type(each.content)), typestore=store
                )
            data = serialize(each.content, type_name(type(each.content)))
            writer.write(connections[each.topic], each.log_ns, data)
    return path


def _write_ros1(path: Path, messages: Iterable[Message]) -> Path:
    store, ros2_store = get_typestore(Stores.ROS1_NOETIC), get_typestore(Stores.ROS2_JAZZY)
    if TF_MESSAGE not in store.fielddefs:
        store.register({TF_MESSAGE: ros2_store.fielddefs[TF_MESSAGE]})
    with Ros1Writer(path) as writer:
        connections: dict[str, Any] = {}
        for each in messages:
            kind = type_name(type(each.content))
            if each.topic not in connections:
                connections[each.topic] = writer.add_connection(each.topic, kind, typestore=store)
            data = ros2_store.cdr_to_ros1(serialize(each.content, kind), kind)
            writer.write(connections[each.topic], each.log_ns, data)
    return path


def type_name(message_type: type) -> str:
    """Return such as sensor_msgs/msg/Image."""
    if message_type is TFMessage:
        return TF_MESSAGE
    return f'{message_type.__module__.split(".")[0]}/msg/{message_type.__name__}'


def contents(folder: Path) -> dict[str, list[tuple[int, bytes]]]:
    """Return log times and data of all messages of a bag by topic."""
    found: dict[str, list[tuple[int, bytes]]] = {}
    with AnyReader([folder]) as reader:
        for connection, log_ns, data in reader.messages():
            found.setdefault(connection.topic, []).append((log_ns, bytes(data)))
    return found


def landmarks(folder: Path, topic: str = '/pose/landmarks') -> list[PoseLandmarksArray]:
    """Return the landmarks in a bag."""
    return [deserialize_message(data, PoseLandmarksArray) for _, data in contents(folder)[topic]]


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder."""

    def each() -> Iterator[tuple[str, bytes]]:
        for path in sorted(folder.rglob('*')):
            if path.is_file():
                yield str(path.relative_to(folder)), path.read_bytes()

    return dict(each())
