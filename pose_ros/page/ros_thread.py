# SPDX-License-Identifier: Apache-2.0
"""Runs a node on a thread of its own, and lets asyncio use it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from time import monotonic
import traceback
from typing import Any, TypeVar

import rclpy
from rclpy.client import Client
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, ShutdownException, SingleThreadedExecutor
from rclpy.node import Node

__all__ = ['RosThread', 'ServiceError']

ANSWER_TIMEOUT_S = 10.0  # a change of the model takes seconds
POLL_S = 0.05
Result = TypeVar('Result')


class ServiceError(RuntimeError):
    """A service did not answer; one line."""


class RosThread:
    """
    A node and the thread that spins it; to be closed after use.

    Whatever makes or destroys something of the node runs on that thread, through `run`.
    """

    def __init__(self, node: Node) -> None:
        """Start to spin."""
        self.node = node
        self.steady_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(node)
        self._ending = False
        self._thread = Thread(target=self._spin, name='ros', daemon=True)
        self._thread.start()

    def run(self, function: Callable[[], Result]) -> Future[Result]:
        """Have a function called on the thread; may be called on any."""
        future: Future[Result] = Future()

        def called() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function())
            except Exception as error:
                future.set_exception(error)

        self._executor.create_task(called)
        return future

    def every(self, period_s: float, function: Callable[[], None]) -> None:
        """Have a function called on the thread again and again, also without a /clock."""
        self.run(lambda: self.node.create_timer(period_s, function, clock=self.steady_clock))

    async def call(self, client: Client, request: Any, wait_s: float = ANSWER_TIMEOUT_S) -> Any:
        """
        Return a service's response.

        :param wait_s: for the service to be there and to answer
        :raises ServiceError: when there is none
        """
        end_s = monotonic() + wait_s
        while not await self.on_thread(client.service_is_ready):
            if monotonic() > end_s:
                raise ServiceError(f'{client.srv_name}: no such service now')
            await asyncio.sleep(POLL_S)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Any] = loop.create_future()

        def settle(response: Any) -> None:
            if not answered.done():
                answered.set_result(response)

        def send() -> None:
            client.call_async(request).add_done_callback(
                lambda future: loop.call_soon_threadsafe(settle, future.result())
            )

        await self.on_thread(send)
        try:
            return await asyncio.wait_for(answered, max(POLL_S, end_s - monotonic()))
        except asyncio.TimeoutError as error:
            raise ServiceError(f'{client.srv_name}: no answer within {wait_s:g} s') from error

    async def on_thread(self, function: Callable[[], Result]) -> Result:
        """Return what a function returns that is called on the thread."""
        return await asyncio.wrap_future(self.run(function))

    def close(self) -> None:
        """End the thread and destroy the node."""
        self._ending = True
        self._executor.wake()
        self._thread.join(ANSWER_TIMEOUT_S)
        self._executor.shutdown(timeout_sec=1.0)
        self.node.destroy_node()

    def _spin(self) -> None:
        while rclpy.ok(context=self.node.context) and not self._ending:
            try:
                self._executor.spin_once(timeout_sec=1.0)
            except (ExternalShutdownException, ShutdownException):
                return
            except Exception:
                self.node.get_logger().error(f'a callback failed:\n{traceback.format_exc()}')
