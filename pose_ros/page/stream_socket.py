# SPDX-License-Identifier: Apache-2.0
"""
Sends a source's bundles to one browser, never more than it has drawn.

The browser asks for each bundle; what comes meanwhile is replaced by what comes next. So a slow or
a sleeping browser holds one bundle, and costs nothing else.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from sensor_msgs.msg import CameraInfo

from pose_ros.page.pairing import LANDMARKS, MASK, PICTURE
from pose_ros.page.ros_thread import RosThread
from pose_ros.page.socket_closing import close
from pose_ros.page.source import Bundle, Looker, Source
from pose_ros.page.wire import pack, schema, skeleton

__all__ = ['GONE', 'serve_stream']

STATUS_PERIOD_S = 1.0
GONE = 4404  # a code that WebSockets leave to applications
MOST_ASKED_FOR = 2  # one on the way, one being drawn


class _Slot:
    """Holds the newest bundle, and how many the browser has asked for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._newest: Bundle | None = None
        self._asked_for = 0

    def put(self, bundle: Bundle) -> None:
        """Take a bundle, on any thread."""
        with suppress(RuntimeError):  # the loop ended meanwhile
            self._loop.call_soon_threadsafe(self._replace, bundle)

    def ask(self) -> None:
        """Count that the browser has room for one more."""
        self._asked_for = min(self._asked_for + 1, MOST_ASKED_FOR)
        self._changed.set()

    async def take(self) -> Bundle:
        """Return the newest bundle when there is one and the browser wants it."""
        while self._newest is None or not self._asked_for:
            self._changed.clear()
            await self._changed.wait()
        bundle, self._newest = self._newest, None
        self._asked_for -= 1
        return bundle

    def _replace(self, bundle: Bundle) -> None:
        self._newest = bundle
        self._changed.set()


async def serve_stream(socket: WebSocket, ros: RosThread, source: Source) -> None:
    """
    Send until the browser leaves or the node is gone.

    The browser sends `next` for each bundle, `masks` and `no masks`.
    """
    await socket.accept()
    slot = _Slot()
    looker = Looker(slot.put)
    await ros.on_thread(lambda: source.add(looker))
    tasks = [
        asyncio.create_task(work)
        for work in (
            _send_bundles(socket, slot),
            _send_status(socket, source),
            _listen(socket, ros, source, looker, slot),
        )
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await ros.on_thread(lambda: source.remove(looker))
    with suppress(RuntimeError, WebSocketDisconnect):  # the browser left first
        await close(socket, GONE, f'{source.name} is gone')


async def _send_bundles(socket: WebSocket, slot: _Slot) -> None:
    while True:
        bundle = await slot.take()
        await socket.send_bytes(await asyncio.to_thread(_packed, bundle))


def _packed(bundle: Bundle) -> bytes:
    parts: dict[str, Any] = bundle.parts
    picture, mask = (parts[kind].encoded() if kind in parts else b'' for kind in (PICTURE, MASK))
    return pack(bundle.stamp_ns, parts.get(LANDMARKS, b''), picture, mask)


async def _send_status(socket: WebSocket, source: Source) -> None:
    """
    Send what rarely changes, until the node is gone: the fields of the landmarks, the camera.

    A browser that is left then asks again, and finds the node when it is back.
    """
    await socket.send_json({'schema': schema(), 'skeleton': skeleton()})
    sent: dict[str, Any] | None = None
    while not source.is_closed:
        status = {'camera': _camera(source.camera_info), 'image_topic': source.inputs.image}
        if status != sent:
            await socket.send_json(status)
            sent = status
        await asyncio.sleep(STATUS_PERIOD_S)


def _camera(info: CameraInfo | None) -> dict[str, float] | None:
    """Return what the browser draws the camera from; None when it is not calibrated."""
    if info is None or not info.k[0] > 0 or not info.width:
        return None
    return {
        'width': info.width,
        'height': info.height,
        'fx': info.k[0],
        'fy': info.k[4],
        'cx': info.k[2],
        'cy': info.k[5],
    }


async def _listen(
    socket: WebSocket, ros: RosThread, source: Source, looker: Looker, slot: _Slot
) -> None:
    with suppress(WebSocketDisconnect):
        while True:
            word = await socket.receive_text()
            if word == 'next':
                slot.ask()
            elif word in ('masks', 'no masks'):
                looker.masks = word == 'masks'
                await ros.on_thread(source.follow)
