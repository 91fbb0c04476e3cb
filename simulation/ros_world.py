# SPDX-License-Identifier: Apache-2.0
"""Runs nodes in the test's own process, over real DDS, with every wait bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import gc
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header

WAIT_S = 60.0  # beyond the 20 s after which Fast DDS forgets a participant that fell silent


def image_message(
    rgb: NDArray[np.uint8],
    stamp_ns: int,
    frame_id: str = 'camera_optical_frame',
    encoding: str = 'rgb8',
) -> Image:
    """Return the Image of an rgb picture."""
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, 1_000_000_000)
    return Image(
        header=header,
        height=rgb.shape[0],
        width=rgb.shape[1],
        encoding=encoding,
        step=rgb.shape[1] * 3,
        data=rgb.tobytes(),
    )


def parameters(**values: Any) -> list[Parameter]:
    """Return ROS parameters as a node's `parameter_overrides`."""
    return [Parameter(name, value=value) for name, value in values.items()]


class World:
    """Some nodes on one executor; the tested one and the test's own."""

    def __init__(self) -> None:
        """Start with the test's own node."""
        self.executor = SingleThreadedExecutor()
        self.node = self.add(Node('test_client'))

    def add(self, node: Any) -> Any:
        """Spin this node too; it is destroyed at the end."""
        self.executor.add_node(node)
        return node

    def until(
        self, condition: Callable[[], Any], timeout_s: float = WAIT_S, what: str = 'in vain'
    ) -> Any:
        """Spin until the condition holds, and return its value; fail when it never does."""
        end = time.monotonic() + timeout_s
        while not (value := condition()):
            assert time.monotonic() < end, f'waited {timeout_s} s {what}'
            self.executor.spin_once(timeout_sec=0.05)
        return value

    def spin(self, seconds: float) -> None:
        """Spin for some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)

    def collect(self, kind: type, topic: str, depth: int = 50) -> list[Any]:
        """Subscribe, wait for the publisher, and return the list that fills."""
        messages: list[Any] = []
        subscription = self.node.create_subscription(
            kind, topic, messages.append, QoSProfile(depth=depth)
        )
        self.until(
            lambda: self.node.count_publishers(subscription.topic_name) > 0,
            what=f'for the discovery of {topic}',
        )
        self.spin(0.2)
        return messages

    def collect_later(self, kind: type, topic: str, depth: int = 50) -> list[Any]:
        """Subscribe to a topic that nobody publishes yet, and return the list that fills."""
        messages: list[Any] = []
        self.node.create_subscription(kind, topic, messages.append, QoSProfile(depth=depth))
        return messages

    def call(self, kind: type, name: str, request: Any) -> Any:
        """Call a service and return its response."""
        client = self.node.create_client(kind, name)
        self.until(client.service_is_ready, what=f'for the discovery of {name}')
        self.spin(0.1)  # a server that has not heard of the client yet would answer into the void
        future = client.call_async(request)
        self.until(future.done, what=f'for the discovery of the client of {name}, or its answer')
        self.node.destroy_client(client)
        return future.result()


@contextmanager
def world() -> Iterator[World]:
    """A World in a context of its own."""
    rclpy.init()
    this = World()
    try:
        yield this
    finally:
        for node in list(this.executor.get_nodes()):
            node.destroy_node()
        this.executor.shutdown()
        rclpy.shutdown()
        # A context's DDS participant goes with its last reference, and nodes are in cycles.
        del this, node
        gc.collect()
