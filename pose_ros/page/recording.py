# SPDX-License-Identifier: Apache-2.0
"""Records some seconds of a source: pictures, landmarks and camera_info."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread
import time
from typing import Any

from ament_index_python.packages import get_package_share_directory
from rclpy.serialization import serialize_message
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore
from sensor_msgs.msg import CameraInfo

from pose_ros.images.frame import FrameError
from pose_ros.page.graph import COMPRESSED, LANDMARKS_TOPIC
from pose_ros.page.pairing import LANDMARKS, PICTURE
from pose_ros.page.pictures import Picture
from pose_ros.page.source import Bundle, Looker, Source

__all__ = ['Recorded', 'Recorder', 'write_bag']

MOST_WAITING = 30  # bundles that are not encoded yet: a second of VGA is 28 MB
MOST_BYTES = 300_000_000  # of a recording in memory
MESSAGES = ('Landmark', 'PoseLandmarks', 'PoseLandmarksArray')
TYPES = {
    PICTURE: 'sensor_msgs/msg/CompressedImage',
    LANDMARKS: 'pose_ros/msg/PoseLandmarksArray',
    'camera_info': 'sensor_msgs/msg/CameraInfo',
}


@dataclass(frozen=True)
class Recorded:
    """
    What belongs to one stamp.

    :param arrival_ns: when it came
    :param picture: a serialized CompressedImage; empty: none
    :param landmarks: a serialized PoseLandmarksArray; empty: none
    :param shown: the picture, to be drawn
    """

    arrival_ns: int
    picture: bytes
    landmarks: bytes
    shown: bytes


@dataclass
class Recorder:
    """
    Takes what a source gives, and encodes it on a thread of its own.

    :ivar frames: what was recorded
    :ivar dropped: how many were not: the machine is too slow, or the memory is full
    """

    frames: deque[Recorded] = field(default_factory=deque)
    dropped: int = 0

    def __post_init__(self) -> None:
        """Start the thread."""
        self.looker = Looker(self._give)
        self._waiting: Queue[tuple[int, Bundle]] = Queue(MOST_WAITING)
        self._ended = Event()
        self._bytes = 0
        self._thread = Thread(target=self._run, name='recorder', daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Encode what waits, and end; nothing may be given any more."""
        self._ended.set()
        self._thread.join()

    def _give(self, bundle: Bundle) -> None:
        try:
            self._waiting.put_nowait((time.time_ns(), bundle))
        except Full:
            self.dropped += 1

    def _run(self) -> None:
        while not self._ended.is_set() or not self._waiting.empty():
            try:
                arrival_ns, bundle = self._waiting.get(timeout=0.1)
            except Empty:
                continue
            try:
                self._keep(arrival_ns, bundle.parts)
            except FrameError:
                self.dropped += 1

    def _keep(self, arrival_ns: int, parts: dict[str, Any]) -> None:
        picture: Picture | None = parts.get(PICTURE)
        compressed = picture.compressed() if picture else b''
        shown = picture.encoded() if picture else b''
        self._bytes += 2 * len(compressed)
        if self._bytes > MOST_BYTES:
            self.dropped += 1
            return
        self.frames.append(Recorded(arrival_ns, compressed, parts.get(LANDMARKS, b''), shown))


def write_bag(folder: Path, source: Source, frames: deque[Recorded]) -> Path:
    """
    Write a bag, and return its one file (MCAP).

    :param folder: to be created
    :param source: says the topics, and has the camera_info
    """
    types = typestore()
    topics = {
        PICTURE: source.inputs.image + COMPRESSED,
        LANDMARKS: source.name + LANDMARKS_TOPIC,
        'camera_info': source.inputs.camera_info,
    }
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connections = {
            kind: writer.add_connection(topic, TYPES[kind], typestore=types)
            for kind, topic in topics.items()
            if topic not in ('', COMPRESSED)
        }
        for frame in frames:
            parts = {PICTURE: frame.picture, LANDMARKS: frame.landmarks}
            if frame.picture and source.camera_info is not None:
                parts['camera_info'] = _with_stamp_of(frame.picture, source.camera_info)
            for kind, data in parts.items():
                if data and kind in connections:
                    writer.write(connections[kind], frame.arrival_ns, data)
    return next(folder.glob('*.mcap'))


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
