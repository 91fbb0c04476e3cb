# SPDX-License-Identifier: Apache-2.0
"""Writes a recording as a bag: pictures, landmarks, camera_info and diagnostics."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore
from sensor_msgs.msg import CameraInfo

from pose_ros.page.graph import COMPRESSED, LANDMARKS_TOPIC, Inputs
from pose_ros.page.pairing import LANDMARKS, PICTURE
from pose_ros.page.recording import Recorded
from pose_ros.page.source import CAMERA_INFO, Source

__all__ = ['typestore', 'write_bag']

DIAGNOSTICS = 'diagnostics'
DIAGNOSTICS_BEFORE_NS = 1_500_000_000  # a node says how it is once a second
MESSAGES = ('Landmark', 'PoseLandmarks', 'PoseLandmarksArray')
TYPES = {
    PICTURE: 'sensor_msgs/msg/CompressedImage',
    LANDMARKS: 'pose_ros/msg/PoseLandmarksArray',
    CAMERA_INFO: 'sensor_msgs/msg/CameraInfo',
    DIAGNOSTICS: 'diagnostic_msgs/msg/DiagnosticArray',
}


def write_bag(folder: Path, source: Source, inputs: Inputs, frames: deque[Recorded]) -> Path:
    """
    Write a bag, and return its one file (MCAP).

    :param folder: to be created
    :param source: has the name, the camera_info and the diagnostics
    :param inputs: the topics that the node took
    :param frames: at least one
    """
    types = typestore()
    topics = {
        PICTURE: inputs.image + COMPRESSED,
        LANDMARKS: source.name + LANDMARKS_TOPIC,
        CAMERA_INFO: inputs.camera_info,
        DIAGNOSTICS: f'/{DIAGNOSTICS}',
    }
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = {
            kind: writer.add_connection(topic, TYPES[kind], typestore=types)
            for kind, topic in topics.items()
            if topic not in ('', COMPRESSED)
        }
        for arrival_ns, kind, data in sorted(_messages(source, frames), key=itemgetter(0)):
            if data and kind in connections:
                writer.write(connections[kind], arrival_ns, data)
    return next(folder.glob('*.mcap'))


def _messages(source: Source, frames: deque[Recorded]) -> Iterator[tuple[int, str, bytes]]:
    """Yield arrival, kind and serialized message of all that was recorded."""
    for frame in frames:
        yield frame.arrival_ns, PICTURE, frame.picture
        yield frame.arrival_ns, LANDMARKS, frame.landmarks
        if frame.picture and source.camera_info is not None:
            info = _with_stamp_of(frame.picture, source.camera_info)
            yield frame.arrival_ns, CAMERA_INFO, info
    # The newest before the recording belongs to it: what it says was so then.
    begin_ns, end_ns = frames[0].arrival_ns - DIAGNOSTICS_BEFORE_NS, frames[-1].arrival_ns
    for words in list(source.words):
        if begin_ns <= words.arrival_ns <= end_ns:
            yield words.arrival_ns, DIAGNOSTICS, serialize_message(words.whole)


def typestore() -> Typestore:
    """Return the types of ROS 2 and of this package."""
    types = get_typestore(Stores.LATEST)
    folder = Path(get_package_share_directory('pose_ros'), 'msg')
    for name in MESSAGES:
        text = (folder / f'{name}.msg').read_text()
        types.register(get_types_from_msg(text, f'pose_ros/msg/{name}'))
    return types


def _with_stamp_of(picture: bytes, info: CameraInfo) -> bytes:
    """Return the calibration as it would have come with a picture."""
    serialized = bytearray(serialize_message(info))
    serialized[4:12] = picture[4:12]  # the stamp, behind the encapsulation
    return bytes(serialized)
