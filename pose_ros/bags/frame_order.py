# SPDX-License-Identifier: Apache-2.0
"""Puts the messages of a recording into the order in which they are worked on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sensor_msgs.msg import CameraInfo, Image

from pose_ros.bags.cameras import IMAGE_TYPES, Camera
from pose_ros.bags.recording import Record
from pose_ros.images.frame import Frame, FrameError, FrameReader
from pose_ros.images.picture_size import MAX_IMAGE_PIXELS
from pose_ros.stream.serialized import read_message

__all__ = ['CameraFrame', 'Damaged', 'Original', 'SideInput', 'in_order']


@dataclass(frozen=True, eq=False)
class CameraFrame:
    """The next picture of a camera, and when it was recorded, in nanoseconds."""

    camera: Camera
    frame: Frame
    log_ns: int


@dataclass(frozen=True, eq=False)
class SideInput:
    """What is known of a camera from here on: a CameraInfo, or a depth image."""

    camera: Camera
    message: Any
    is_depth: bool


@dataclass(frozen=True)
class Damaged:
    """A message that holds no picture, and why."""

    camera: Camera
    reason: str


@dataclass(frozen=True)
class Original:
    """A message of the recording, to be written as it is."""

    record: Record


Event = CameraFrame | SideInput | Damaged | Original


def in_order(
    records: Iterable[Record],
    cameras: Iterable[Camera],
    depth_slop_ns: int,
    originals: set[str],
    max_pixels: int = MAX_IMAGE_PIXELS,
) -> Iterator[Event]:
    """
    Yield what is to be done, one thing after the other.

    A picture waits for the depth image of its instant, where its camera has depth: until one
    comes that is not older, or the recording is so much further on that none can fit any more.

    :param depth_slop_ns: nanoseconds that an image and its depth image may be apart
    :param originals: topics whose messages are also yielded as they are
    :param max_pixels: the most pixels that a picture may have
    """
    lines = [_CameraLine(each, depth_slop_ns, max_pixels) for each in cameras]
    for record in records:
        for line in lines:
            yield from line.before(record.log_ns)
        if record.channel.topic in originals:
            yield Original(record)
        for line in lines:
            yield from line.take(record)
    for line in lines:
        yield from line.rest()


class _CameraLine:
    """Reads the pictures of one camera, and keeps those that wait for depth."""

    def __init__(self, camera: Camera, depth_slop_ns: int, max_pixels: int) -> None:
        self._camera, self._slop_ns = camera, depth_slop_ns
        # One for all pictures: the brightness of 16 bit samples depends on those before.
        self._reader = FrameReader(max_pixels)
        self._waiting: deque[CameraFrame] = deque()
        self._newest_depth_ns = -1

    def take(self, record: Record) -> Iterator[Event]:
        """Yield what a message leads to."""
        topic = record.channel.topic
        if topic == self._camera.image.topic:
            yield from self._picture(record)
        elif topic == self._camera.camera_info:
            yield from self._side_input(record, CameraInfo)
        elif topic == self._camera.depth:
            for event in self._side_input(record, Image):
                yield event
                if isinstance(event, SideInput):
                    yield from self._up_to(event.message)

    def before(self, log_ns: int) -> Iterator[Event]:
        """Yield the pictures for which no depth image can come from this time on."""
        while self._waiting and log_ns > self._waiting[0].log_ns + self._slop_ns:
            yield self._waiting.popleft()

    def rest(self) -> Iterator[Event]:
        """Yield all that wait."""
        while self._waiting:
            yield self._waiting.popleft()

    def _picture(self, record: Record) -> Iterator[Event]:
        try:
            message = read_message(record.data, IMAGE_TYPES[record.channel.message_type])
            frame = CameraFrame(self._camera, self._reader.read(message), record.log_ns)
        except FrameError as error:
            yield Damaged(self._camera, str(error))
            return
        if self._camera.depth and frame.frame.stamp_ns > self._newest_depth_ns:
            self._waiting.append(frame)
        else:
            yield frame

    def _side_input(self, record: Record, message_type: type) -> Iterator[Event]:
        try:
            message = read_message(record.data, message_type)
            yield SideInput(self._camera, message, message_type is Image)
        except FrameError as error:
            yield Damaged(self._camera, str(error))

    def _up_to(self, depth: Any) -> Iterator[Event]:
        stamp = depth.header.stamp
        self._newest_depth_ns = stamp.sec * 10**9 + stamp.nanosec
        while self._waiting and self._waiting[0].frame.stamp_ns <= self._newest_depth_ns:
            yield self._waiting.popleft()
