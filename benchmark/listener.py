# SPDX-License-Identifier: Apache-2.0
"""The process of the subscriber: topics in, when the message of which stamp arrived out."""

from __future__ import annotations

from functools import partial
from importlib import import_module
import json
import struct
import sys
from threading import Thread
import time
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from worker import serve

from pose_ros.node.allocator import tune_allocator

DEPTH = 10
TIMEOUT_S = 10.0


class Listener:
    """Notes each message's stamp and time of arrival, both in nanoseconds."""

    def __init__(self, topics: list[dict[str, Any]]) -> None:
        """
        Subscribe.

        :param topics: each with name, type and stamp_at: where in the serialized message its stamp
            is, in bytes, or null to take the message apart as a Python program does
        """
        self._node = rclpy.create_node('listener')
        self._topics = topics
        self.take()
        for topic in topics:
            package, _, name = topic['type'].split('/')
            raw = topic['stamp_at'] is not None
            self._node.create_subscription(
                getattr(import_module(f'{package}.msg'), name),
                topic['name'],
                partial(self._note_raw if raw else self._note, topic),
                QoSProfile(depth=DEPTH),
                raw=raw,
            )

    def _note(self, topic: dict[str, Any], message: Any) -> None:
        now_ns, stamp = time.time_ns(), message.header.stamp
        self._arrivals[topic['name']].append((stamp.sec * 10**9 + stamp.nanosec, now_ns))

    def _note_raw(self, topic: dict[str, Any], message: bytes) -> None:
        now_ns = time.time_ns()
        sec, nanosec = struct.unpack_from('<iI', message, topic['stamp_at'])
        self._arrivals[topic['name']].append((sec * 10**9 + nanosec, now_ns))

    def take(self) -> dict[str, list[tuple[int, int]]]:
        """Return what arrived since the last call."""
        taken = getattr(self, '_arrivals', {})
        self._arrivals: dict[str, list[tuple[int, int]]] = {
            topic['name']: [] for topic in self._topics
        }
        return taken

    def deactivate(self, node: str) -> bool:
        """Deactivate a lifecycle node; say whether it worked."""
        client = self._node.create_client(ChangeState, f'{node}/change_state')
        request = ChangeState.Request()
        request.transition.id = Transition.TRANSITION_DEACTIVATE
        if not client.wait_for_service(TIMEOUT_S):
            return False
        future = client.call_async(request)
        end_s = time.monotonic() + TIMEOUT_S
        while not future.done() and time.monotonic() < end_s:
            time.sleep(0.01)
        return future.done() and future.result().success

    def spin(self, serving: Thread) -> None:
        """Take messages while requests are served."""
        executor = SingleThreadedExecutor()
        executor.add_node(self._node)
        while serving.is_alive():
            executor.spin_once(timeout_sec=0.2)
        self._node.destroy_node()


def main() -> None:
    tune_allocator()
    rclpy.init()
    listener = Listener(json.loads(sys.argv[1]))

    def handle(command: str, **arguments: Any) -> Any:
        return {'take': listener.take, 'deactivate': listener.deactivate}[command](**arguments)

    serving = Thread(target=serve, args=(handle,), daemon=True)
    serving.start()
    listener.spin(serving)
    rclpy.shutdown()


if __name__ == '__main__':
    main()
