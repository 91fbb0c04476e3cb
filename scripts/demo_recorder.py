# SPDX-License-Identifier: Apache-2.0
"""Records the topics of a camera and the pose node, and joins what belongs to each image."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from pose_ros.msg import PoseLandmarksArray

__all__ = ['Recorded', 'Recorder']

QOS = QoSProfile(depth=10)
MIN_VISIBILITY = 0.5

Picture = Future[NDArray[np.uint8]]  # JPEG or PNG


@dataclass
class Recorded:
    """
    What was published for one image, as far as it has come.

    :param latency_ms: from the header stamp to the arrival of the landmarks
    """

    jpeg: Picture | None = None
    poses: PoseLandmarksArray | None = None
    latency_ms: float = 0.0
    markers: MarkerArray | None = None
    instance_mask_png: Picture | None = None

    @property
    def complete(self) -> bool:
        """Whether everything has come."""
        return None not in (self.jpeg, self.poses, self.markers, self.instance_mask_png)

    @property
    def people(self) -> int:
        """How many people were found in it."""
        return len(self.poses.poses) if self.poses else 0

    @property
    def visible_landmarks(self) -> int:
        """How many landmarks of people are visible in it."""
        return sum(
            landmark.visibility >= MIN_VISIBILITY and 0 <= landmark.x <= 1 and 0 <= landmark.y <= 1
            for pose in (self.poses.poses if self.poses else [])
            for landmark in pose.landmarks
        )

    def rgb(self) -> NDArray[np.uint8]:
        """Return the image, uint8 (H, W, 3)."""
        assert self.jpeg is not None
        return cv2.cvtColor(cv2.imdecode(self.jpeg.result(), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    def instance_mask(self) -> NDArray[np.uint8] | None:
        """Return 1 + the index of the person at each pixel, else 0: uint8 (H, W)."""
        if self.instance_mask_png is None:
            return None
        return cv2.imdecode(self.instance_mask_png.result(), cv2.IMREAD_GRAYSCALE)


class Recorder(Node):
    """
    Records the topics. Pictures are compressed on a thread: landmarks must not wait behind them.

    :ivar frames: by the header stamps in nanoseconds
    :ivar images: how many came
    :ivar poses: for how many of them landmarks came
    :ivar people: how many there were in the latest
    :ivar diagnostics: the pose node's latest figures about itself
    """

    def __init__(self) -> None:
        """Subscribe."""
        super().__init__('demo_recorder')
        self._compressor = ThreadPoolExecutor(1)
        self.diagnostics: dict[str, str] = {}
        self.begin()
        for kind, topic, callback in (
            (Image, 'image_raw', self._on_image),
            (PoseLandmarksArray, 'pose/landmarks', self._on_poses),
            (Image, 'pose/instance_mask', self._on_instance_mask),
            (MarkerArray, 'pose/markers', self._on_markers),
            (DiagnosticArray, '/diagnostics', self._on_diagnostics),
        ):
            self.create_subscription(kind, topic, callback, QOS)

    def begin(self) -> None:
        """Forget what was recorded, and record images from now on with what belongs to them."""
        self.frames: dict[int, Recorded] = {}
        self._taking, self._begin_ns = True, self.get_clock().now().nanoseconds
        self.images = self.poses = self.people = 0

    def end(self) -> None:
        """Take no more images, but what belongs to those that came."""
        self._taking = False

    def _frame(self, header: Header) -> Recorded | None:
        """Return the image's record, a new one while images are being taken."""
        stamp_ns = header.stamp.sec * 1_000_000_000 + header.stamp.nanosec
        if self._taking and stamp_ns >= self._begin_ns:
            return self.frames.setdefault(stamp_ns, Recorded())
        return self.frames.get(stamp_ns)

    def _on_image(self, message: Image) -> None:
        if self._taking and (frame := self._frame(message.header)):
            self.images += 1
            frame.jpeg = self._compressor.submit(_jpeg, message)

    def _on_poses(self, message: PoseLandmarksArray) -> None:
        now_ns = self.get_clock().now().nanoseconds
        if frame := self._frame(message.header):
            stamp = message.header.stamp
            self.poses, self.people = self.poses + 1, len(message.poses)
            frame.poses = message
            frame.latency_ms = (now_ns - stamp.sec * 1_000_000_000 - stamp.nanosec) / 1e6

    def _on_instance_mask(self, message: Image) -> None:
        if frame := self._frame(message.header):
            frame.instance_mask_png = self._compressor.submit(_png, message)

    def _on_markers(self, message: MarkerArray) -> None:
        header = next((marker.header for marker in message.markers), None)
        if header and (frame := self._frame(header)):
            frame.markers = message

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        self.diagnostics = {
            entry.key: entry.value for status in message.status for entry in status.values
        }


def _jpeg(message: Image) -> NDArray[np.uint8]:
    rgb = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]


def _png(message: Image) -> NDArray[np.uint8]:
    grey = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width)
    return cv2.imencode('.png', grey, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
