# SPDX-License-Identifier: Apache-2.0
"""Puts the page together, and serves it until it is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import socket
from typing import Any

from fastapi import FastAPI
from nicegui import ui
from rclpy.node import Node
import uvicorn

from pose_ros.page.desk import Desk
from pose_ros.page.guard import Guard
from pose_ros.page.layout import build_page
from pose_ros.page.options import PageOptions
from pose_ros.page.ros_thread import RosThread
from pose_ros.page.routes import add_routes
from pose_ros.page.sources import Sources

__all__ = ['PageService']

PORTS_TRIED = 21
MOST_BYTES_RECEIVED = 8_000_000  # a picture of a browser's camera; nothing else is large


class _Server(uvicorn.Server):
    """A server that leaves the process' signals alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PageService:
    """The page of one node; to be closed after use."""

    def __init__(self, node: Node, options: PageOptions) -> None:
        """
        Bind the address, and start to look for pose nodes.

        :raises OSError: when neither the port nor one of the next is free
        """
        self.options = options.with_token()
        self._listening = _bind(options.host, options.port)
        self.ros = RosThread(node)
        self.sources = Sources(self.ros, options.jpeg_quality)
        self.desk = Desk(self.ros, self.sources, self.options)
        self._server = _Server(
            uvicorn.Config(
                Guard(self._application(), options.host, self.options.token),
                log_level='warning',
                ws_max_size=MOST_BYTES_RECEIVED,
                ssl_certfile=options.certificate or None,
                ssl_keyfile=options.key or None,
                timeout_graceful_shutdown=1,
            )
        )

    @property
    def address(self) -> str:
        """What a visitor opens."""
        host, port = self._listening.getsockname()[:2]
        host = socket.gethostname() if host in ('0.0.0.0', '::') else host
        host = f'[{host}]' if ':' in host else host
        token = f'/?token={self.options.token}' if self.options.token else ''
        return f'{self.options.scheme}://{host}:{port}{token}'

    async def run(self) -> None:
        """Serve until `end`."""
        looking = asyncio.create_task(self.desk.look())
        try:
            await self._server.serve(sockets=[self._listening])
        finally:
            looking.cancel()

    def end(self) -> None:
        """Have `run` return."""
        self._server.should_exit = True

    def close(self) -> None:
        """End the node's thread and all subscriptions."""
        self.desk.recordings.close()
        self.ros.run(self.sources.close).result(timeout=10)
        self.ros.close()

    def _application(self) -> FastAPI:
        application = FastAPI(openapi_url=None)
        add_routes(application, self.desk)
        ui.run_with(
            application,
            root=lambda: build_page(self.desk),
            title='pose_ros',
            dark=None,
            reconnect_timeout=10.0,
            show_welcome_message=False,
            tailwind=False,
        )
        return application


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to the address, or to the next free port."""
    for candidate in range(port, port + PORTS_TRIED):
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, candidate))
            bound.listen()  # whoever opens the page at once waits instead of being refused
        except OSError as error:
            bound.close()
            failure: Any = error
            continue
        return bound
    raise OSError(
        f'{host}: wanted a free port from {port} to {port + PORTS_TRIED - 1}, got none '
        f'({failure}); choose another: -p port:=...'
    )
