# SPDX-License-Identifier: Apache-2.0
"""Says what the page answers beside NiceGUI: streams, stills, cameras and recordings."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import FileResponse

from pose_ros.page.desk import Desk
from pose_ros.page.socket_closing import close
from pose_ros.page.stills import MOST_BYTES, StillError
from pose_ros.page.stream_socket import GONE, serve_stream

__all__ = ['add_routes']

READ_ONLY = 'this page is read-only: start it with -p control:=true'
BODY_TIMEOUT_S = 60.0  # for 20 MB: a slow network
FORBIDDEN = 4403  # a code that WebSockets leave to applications


def add_routes(application: FastAPI, desk: Desk) -> None:
    """Add all routes; names of nodes and topics begin with a slash."""

    @application.websocket('/stream{name:path}')
    async def stream(socket: WebSocket, name: str) -> None:
        source = desk.sources.by_name.get(name)
        if source is None:
            await socket.accept()
            await close(socket, GONE, f'no pose node {name} now')
            return
        await serve_stream(socket, desk.ros, source)

    @application.websocket('/camera{topic:path}')
    async def camera(socket: WebSocket, topic: str, fov: float = 60.0) -> None:
        if not desk.options.may_control:
            await socket.accept()
            await close(socket, FORBIDDEN, READ_ONLY)
            return
        await desk.cameras.serve(socket, topic, fov)

    @application.post('/stills{name:path}')
    async def stills(request: Request, name: str) -> Response:
        if not desk.options.may_control:
            raise HTTPException(403, READ_ONLY)
        client = desk.client(name)
        if client is None:
            raise HTTPException(404, f'no pose node {name} now')
        try:
            with desk.stills.place():
                packed = await desk.stills.find(client, await _body(request))
        except StillError as error:
            raise HTTPException(422, str(error)) from error
        return Response(packed, media_type='application/octet-stream')

    @application.get('/recordings/{folder}/{name}')
    async def recording(folder: str, name: str) -> FileResponse:
        path = desk.recordings.file(folder, name)
        if path is None:
            raise HTTPException(404, 'this recording is gone; only the newest are kept')
        return FileResponse(path, filename=name)


async def _body(request: Request) -> bytes:
    """
    Return what was sent.

    :raises StillError: when it takes too long
    """
    try:
        return await asyncio.wait_for(_received(request), BODY_TIMEOUT_S)
    except asyncio.TimeoutError as error:
        raise StillError(f'wanted the picture within {BODY_TIMEOUT_S:g} s') from error


async def _received(request: Request) -> bytes:
    """
    Return what was sent.

    :raises StillError: as soon as it is too much; no more is read then
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise StillError(f'wanted at most {MOST_BYTES // 10**6} MB, got more')
    return bytes(body)
