# SPDX-License-Identifier: Apache-2.0
"""What is subscribed to, and what comes of what is published there."""

from queue import Queue
import struct
from typing import Any

import pytest
from rclpy.clock import Clock, ClockType
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.node.image_input import ImageInput, SubscriptionChoice, choose
from pose_ros.rclpy_tools.topic_thread import TopicThread
from pose_ros.stream.serialized import read_message
from simulation.ros_world import World

R, B = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


@pytest.mark.parametrize(
    ('transport', 'qos', 'raw', 'compressed', 'wish'),
    [
        ('raw', 'auto', [], [], SubscriptionChoice(False, R)),
        ('raw', 'auto', [R], [B], SubscriptionChoice(False, R)),
        ('raw', 'auto', [B], [R], SubscriptionChoice(False, B)),
        ('raw', 'auto', [R, B], [], SubscriptionChoice(False, B)),
        ('raw', 'sensor_data', [R], [], SubscriptionChoice(False, B)),
        ('raw', 'reliable', [B], [], SubscriptionChoice(False, R)),
        ('compressed', 'auto', [R], [B], SubscriptionChoice(True, B)),
        ('compressed', 'auto', [R], [], SubscriptionChoice(True, R)),
        ('auto', 'auto', [], [], SubscriptionChoice(False, R)),
        ('auto', 'auto', [R], [R], SubscriptionChoice(False, R)),
        ('auto', 'auto', [], [B], SubscriptionChoice(True, B)),
    ],
)
def test_choose(
    transport: str,
    qos: str,
    raw: list[ReliabilityPolicy],
    compressed: list[ReliabilityPolicy],
    wish: SubscriptionChoice,
) -> None:
    assert choose(transport, qos, raw, compressed) == wish


class Keeping(TopicThread):
    """Puts every image into a queue."""

    def __init__(self, arrived: Queue[Any]) -> None:
        super().__init__('keeping')
        self.arrived = arrived

    def work(self) -> None:
        while taken := self.take():
            self.arrived.put(read_message(taken.serialized, taken.message_type))

    def failed(self, error: Exception) -> None:
        self.arrived.put(error)


BIG_ENDIAN = b'\0\0\0\0' + struct.pack(
    '>iII2sxxIII5s?xxII3s', 1, 2, 2, b'a', 1, 1, 5, b'rgb8', False, 3, 3, b'\7\10\11'
)


@pytest.mark.parametrize(
    ('transport', 'kind', 'published'),
    [
        ('raw', Image, Image(height=1, width=1, encoding='rgb8', step=3, data=b'\7\10\11')),
        ('raw', Image, BIG_ENDIAN),
        ('compressed', CompressedImage, CompressedImage(format='jpeg', data=b'\7\10\11')),
    ],
    ids=['raw', 'from a big-endian machine', 'compressed'],
)
def test_images_of_all_kinds_arrive(
    ros: World, transport: str, kind: type, published: Any
) -> None:
    arrived: Queue[Any] = Queue()
    clock = Clock(clock_type=ClockType.STEADY_TIME)
    images = ImageInput(ros.node, clock, Keeping(arrived), 'image', transport, 'reliable')
    publisher = ros.node.create_publisher(kind, images.topic, QoSProfile(depth=1))
    ros.until(publisher.get_subscription_count)
    publisher.publish(published)
    image = arrived.get(timeout=10.0)
    images.destroy()
    assert bytes(image.data) == b'\7\10\11'
    if kind is Image:
        assert (image.height, image.width, image.encoding, image.step) == (1, 1, 'rgb8', 3)
