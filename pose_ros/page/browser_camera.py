# SPDX-License-Identifier: Apache-2.0
"""Publishes what a visitor's camera films: image_raw, image_raw/compressed and camera_info."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import WebSocket, WebSocketDisconnect
import numpy as np
from numpy.typing import NDArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.images.image_cdr import serialize_image
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.page.graph import COMPRESSED
from pose_ros.page.ros_thread import RosThread
from pose_ros.page.socket_closing import close
from pose_ros.page.uploads import decode_upload

__all__ = ['BrowserCameras', 'camera_info']

FRAME_ID = 'camera_optical_frame'
QOS = QoSProfile(depth=2)
LONGEST_SIDE_PX = 4096
MOST_CAMERAS = 4  # each takes a fifth of a core, and the network
TAKEN, REFUSED, TOO_MANY = 4409, 4400, 4429


def camera_info(width: int, height: int, fov_deg: float, header: Header) -> CameraInfo:
    """
    Return the calibration of an ideal camera.

    :param fov_deg: between the left and the right edge of the picture
    :raises ValueError: when it is not above 0 and below 180
    """
    lens = Intrinsics.from_fov(width, height, fov_deg)
    k = [lens.fx, 0.0, lens.cx, 0.0, lens.fy, lens.cy, 0.0, 0.0, 1.0]
    return CameraInfo(
        header=header,
        width=width,
        height=height,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=k,
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0],
    )


@dataclass(frozen=True)
class _Publishers:
    """The topics of one camera."""

    image: Publisher
    jpeg: Publisher
    info: Publisher

    @classmethod
    def create(cls, node: Node, topic: str) -> _Publishers:
        """
        Create them.

        :raises ValueError: when it cannot be the name of a topic
        """
        before, slash, _ = topic.rpartition('/')
        return cls(
            node.create_publisher(Image, topic, QOS),
            node.create_publisher(CompressedImage, topic + COMPRESSED, QOS),
            node.create_publisher(CameraInfo, f'{before}{slash}camera_info', QOS),
        )

    def destroy(self, node: Node) -> None:
        """Destroy them."""
        for publisher in (self.image, self.jpeg, self.info):
            node.destroy_publisher(publisher)

    def publish(self, node: Node, jpeg: bytes, fov_deg: float) -> None:
        """
        Publish a picture, stamped now.

        :raises ValueError: when it is no picture, or too large
        """
        header = Header(stamp=node.get_clock().now().to_msg(), frame_id=FRAME_ID)
        rgb = _decoded(jpeg)
        height, width, _ = rgb.shape
        self.info.publish(camera_info(width, height, fov_deg, header))
        if self.image.get_subscription_count():
            self.image.publish(serialize_image(rgb, header, 'rgb8'))
        if self.jpeg.get_subscription_count():
            message = CompressedImage(header=header, format='rgb8; jpeg compressed bgr8')
            message.data.frombytes(jpeg)
            self.jpeg.publish(message)


class BrowserCameras:
    """The cameras of all visitors; a topic has one at a time."""

    def __init__(self, ros: RosThread) -> None:
        """Publish nothing yet."""
        self._ros = ros
        self._topics: set[str] = set()

    async def serve(self, socket: WebSocket, topic: str, fov_deg: float) -> None:
        """Publish the pictures that come, until the visitor leaves; each is answered `next`."""
        await socket.accept()
        if topic in self._topics:
            await close(socket, TAKEN, f'another camera publishes on {topic} already')
            return
        if len(self._topics) >= MOST_CAMERAS:
            await close(socket, TOO_MANY, f'{MOST_CAMERAS} cameras are on already')
            return
        node = self._ros.node
        self._topics.add(topic)
        try:
            publishers = await self._ros.on_thread(lambda: _Publishers.create(node, topic))
        except Exception as error:  # rclpy has several kinds for a name that is none
            self._topics.discard(topic)
            await close(socket, REFUSED, f'{topic}: {str(error).splitlines()[0]}')
            return
        try:
            while True:
                jpeg = await socket.receive_bytes()
                await asyncio.to_thread(publishers.publish, node, jpeg, fov_deg)
                await socket.send_text('next')
        except (WebSocketDisconnect, KeyError):
            pass  # it left, or sent something else than a picture
        except ValueError as error:
            await close(socket, REFUSED, str(error))
        finally:
            self._topics.discard(topic)
            await self._ros.on_thread(lambda: publishers.destroy(node))


def _decoded(jpeg: bytes) -> NDArray[np.uint8]:
    rgb = decode_upload(jpeg)
    if rgb is None or max(rgb.shape) > LONGEST_SIDE_PX:
        raise ValueError(f'wanted a JPEG of at most {LONGEST_SIDE_PX} pixels a side')
    return rgb
