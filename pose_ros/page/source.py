# SPDX-License-Identifier: Apache-2.0
"""Subscribes to one pose node and its camera, while somebody looks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.msg import PoseLandmarksArray
from pose_ros.page.graph import COMPRESSED, LANDMARKS_TOPIC, Inputs, inputs_of
from pose_ros.page.pairing import LANDMARKS, MASK, PICTURE, Pairing, Together
from pose_ros.page.pictures import InstanceMask, Picture
from pose_ros.page.topic_stream import TopicStream, has_publisher

__all__ = ['CAMERA_INFO', 'Bundle', 'Looker', 'Source', 'Words']

MASK_TOPIC = '/instance_mask'
CAMERA_INFO = 'camera_info'
HISTORY = 180  # diagnostics: three minutes
Part = Picture | InstanceMask | bytes
Bundle = Together[Part]


@dataclass(frozen=True)
class Words:
    """
    What a node says about itself in its diagnostics.

    :param level: 0 OK, 1 WARN, 2 ERROR
    :param arrival_ns: when it came
    :param whole: the message that says it
    """

    stamp_ns: int
    level: int
    message: str
    values: dict[str, str]
    arrival_ns: int
    whole: DiagnosticArray


@dataclass(eq=False)
class Looker:
    """
    Who looks at a source.

    :param give: takes what belongs together, on any thread; must not wait
    :param masks: whether masks are wanted
    """

    give: Callable[[Bundle], None]
    masks: bool = False


@dataclass(frozen=True)
class _Wanted:
    """A topic to be subscribed to, and who takes its messages with their stamps."""

    topic: str
    message_type: type
    take: Callable[[int, bytes], None]


@dataclass(eq=False)
class Source:
    """
    One pose node, or what was recorded of one. All methods run on the node's thread.

    :param node: that subscribes
    :param name: of the pose node, fully qualified
    :param quality: of the JPEGs
    :ivar words: what the node said of itself, the newest last
    :ivar inputs: the topics that it takes
    :ivar has_camera: whether somebody publishes the images that the node takes
    :ivar camera_info: the newest, while somebody looks
    :ivar is_closed: whether the pose node is gone; another one of this name is another source
    """

    node: Node
    name: str
    quality: int
    words: deque[Words] = field(default_factory=lambda: deque(maxlen=HISTORY))
    inputs: Inputs = field(default_factory=Inputs)
    has_camera: bool = False
    camera_info: CameraInfo | None = None
    is_closed: bool = False

    def __post_init__(self) -> None:
        """Subscribe to nothing yet."""
        self._lookers: list[Looker] = []
        self._streams: dict[str, TopicStream] = {}
        self._pairing: Pairing[Part] = Pairing(self._give)
        self._camera_info = b''

    @property
    def is_watched(self) -> bool:
        """Whether somebody looks."""
        return bool(self._lookers)

    def add(self, looker: Looker) -> None:
        """Let somebody look; nobody at a source that is closed."""
        if self.is_closed:
            return
        self._lookers = [*self._lookers, looker]
        self.follow()

    def remove(self, looker: Looker) -> None:
        """Let somebody look away; the last one ends the subscriptions."""
        self._lookers = [each for each in self._lookers if each is not looker]
        self.follow()

    def hear(self, status: DiagnosticStatus, whole: DiagnosticArray) -> None:
        """
        Take what the node says about itself.

        :param whole: the message in which the status came
        """
        stamp = whole.header.stamp
        self.words.append(
            Words(
                stamp.sec * 1_000_000_000 + stamp.nanosec,
                status.level[0],
                status.message,
                {each.key: each.value for each in status.values},
                time.time_ns(),
                whole,
            )
        )

    def follow(self) -> None:
        """Subscribe to what is wanted and there, and to nothing else; to be called repeatedly."""
        stated = self.words[-1].values.get('image topic', '') if self.words else ''
        self.inputs = inputs_of(self.node, self.name, stated)
        image = self.inputs.image
        self.has_camera = any(
            has_publisher(self.node, topic) for topic in (image, image + COMPRESSED) if image
        )
        wanted = self._wanted() if self.is_watched else {}
        self._pairing.want(set(wanted) - {CAMERA_INFO})
        for kind, stream in list(self._streams.items()):
            if kind not in wanted or not stream.fits(self.node, wanted[kind].topic):
                self._streams.pop(kind).end()
        for kind, topic in wanted.items():
            if kind not in self._streams:
                self._streams[kind] = TopicStream(
                    self.node, topic.message_type, topic.topic, topic.take
                )
        if self._camera_info:
            self.camera_info = deserialize_message(self._camera_info, CameraInfo)
            self._camera_info = b''

    def close(self) -> None:
        """Look away from everything, for ever."""
        self.is_closed = True
        self._lookers = []
        self.follow()

    def _wanted(self) -> dict[str, _Wanted]:
        put, image = self._pairing.put, self.inputs.image

        def landmarks(stamp_ns: int, data: bytes) -> None:
            put(LANDMARKS, stamp_ns, data)

        def mask(stamp_ns: int, data: bytes) -> None:
            put(MASK, stamp_ns, InstanceMask(data))

        def raw(stamp_ns: int, data: bytes) -> None:
            put(PICTURE, stamp_ns, Picture(Image, data, self.quality))

        def compressed(stamp_ns: int, data: bytes) -> None:
            put(PICTURE, stamp_ns, Picture(CompressedImage, data, self.quality))

        wanted = {LANDMARKS: _Wanted(self.name + LANDMARKS_TOPIC, PoseLandmarksArray, landmarks)}
        if image and has_publisher(self.node, image + COMPRESSED):
            wanted[PICTURE] = _Wanted(image + COMPRESSED, CompressedImage, compressed)
        elif image:
            wanted[PICTURE] = _Wanted(image, Image, raw)
        if any(each.masks for each in self._lookers):
            wanted[MASK] = _Wanted(self.name + MASK_TOPIC, Image, mask)
        if self.inputs.camera_info:
            wanted[CAMERA_INFO] = _Wanted(
                self.inputs.camera_info, CameraInfo, self._on_camera_info
            )
        return wanted

    def _on_camera_info(self, _: int, data: bytes) -> None:
        self._camera_info = data

    def _give(self, together: Bundle) -> None:
        for looker in self._lookers:
            looker.give(together)
