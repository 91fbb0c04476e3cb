# SPDX-License-Identifier: Apache-2.0
"""The process of the subscriber: says when the message of which stamp arrived on which topic."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
import json
import struct
import sys
from threading import Thread
import time
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile

from benchmark.processes import serve
from benchmark.topics import Topic, message_class
from pose_ros.node.allocator import tune_allocator

DEPTH = 10
TIMEOUT_S = 20.0
STAMP = struct.Struct('<iI')


class Listener:
    """Notes each message's stamp and time of arrival, both in nanoseconds."""

    def __init__(self, topics: list[Topic]) -> None:
        """Subscribe."""
        self._node = rclpy.create_node('listener')
        self._clients: dict[tuple[type, str], Any] = {}
        self._arrivals: dict[str, list[tuple[int, int]]] = {}
        self._subscriptions: dict[str, Any] = {}
        for topic in topics:
            self.subscribe(topic, wanted=True)

    def subscribe(self, topic: Topic, wanted: bool) -> None:
        """Subscribe to a topic, or no more."""
        if not wanted and topic.name in self._subscriptions:
            self._node.destroy_subscription(self._subscriptions.pop(topic.name))
        if not wanted or topic.name in self._subscriptions:
            return
        raw = topic.stamp_at is not None
        self._arrivals.setdefault(topic.name, [])
        self._subscriptions[topic.name] = self._node.create_subscription(
            message_class(topic.type),
            topic.name,
            partial(self._note_raw if raw else self._note, topic),
            QoSProfile(depth=DEPTH),
            raw=raw,
        )

    def _note(self, topic: Topic, message: Any) -> None:
        now_ns, stamp = time.time_ns(), message.header.stamp
        self._arrivals[topic.name].append((stamp.sec * 10**9 + stamp.nanosec, now_ns))

    def _note_raw(self, topic: Topic, message: bytes) -> None:
        now_ns, stamp_at = time.time_ns(), topic.stamp_at or 0
        if len(message) >= stamp_at + STAMP.size:  # an empty MarkerArray has no stamp
            sec, nanosec = STAMP.unpack_from(message, stamp_at)
            self._arrivals[topic.name].append((sec * 10**9 + nanosec, now_ns))

    def take(self) -> dict[str, list[tuple[int, int]]]:
        """Return what arrived since the last call."""
        taken, self._arrivals = self._arrivals, {name: [] for name in self._arrivals}
        return taken

    def change_state(self, node: str, transition: int) -> bool:
        """
        Ask a lifecycle node for a transition; say whether it worked.

        :param transition: one of lifecycle_msgs/msg/Transition
        """
        request = ChangeState.Request()
        request.transition.id = transition
        answer = self._call(ChangeState, f'{node}/change_state', request)
        return answer is not None and answer.success

    def set_parameter(self, node: str, name: str, value: Any) -> bool:
        """Set a parameter of a node; say whether it worked."""
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        answer = self._call(SetParameters, f'{node}/set_parameters', request)
        return answer is not None and answer.results[0].successful

    def _call(self, service_type: type, name: str, request: Any) -> Any:
        """Return the answer of a service; None when none comes."""
        if (service_type, name) not in self._clients:
            client = self._node.create_client(service_type, name)
            self._clients[service_type, name] = client
        client = self._clients[service_type, name]
        if not client.wait_for_service(TIMEOUT_S):
            return None
        future = client.call_async(request)
        end_s = time.monotonic() + TIMEOUT_S
        while not future.done() and time.monotonic() < end_s:
            time.sleep(0.01)
        return future.result() if future.done() else None

    def spin(self, serving: Thread) -> None:
        """Take messages while requests are served."""
        executor = SingleThreadedExecutor()
        executor.add_node(self._node)
        while serving.is_alive():
            executor.spin_once(timeout_sec=0.2)
        self._node.destroy_node()


def main() -> None:
    """Serve requests to the end of standard input."""
    tune_allocator()
    rclpy.init()
    listener = Listener([Topic(**topic) for topic in json.loads(sys.argv[1])])
    commands: dict[str, Callable[..., Any]] = {
        'take': listener.take,
        'subscribe': lambda topic, wanted: listener.subscribe(Topic(**topic), wanted),
        'change_state': listener.change_state,
        'set_parameter': listener.set_parameter,
    }

    def handle(command: str, **arguments: Any) -> Any:
        return commands[command](**arguments)

    serving = Thread(target=serve, args=(handle,), daemon=True)
    serving.start()
    listener.spin(serving)
    rclpy.shutdown()


if __name__ == '__main__':
    main()
