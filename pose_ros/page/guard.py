# SPDX-License-Identifier: Apache-2.0
"""
Lets in only who may: every request and WebSocket passes here first.

On this machine's own address no token is asked for, but other sites that the user visits must not
reach the page through the user's browser: the host of a request, and the origin of whatever
changes something, must be the page's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
import secrets
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from starlette.requests import cookie_parser

from pose_ros.page.options import is_loopback

__all__ = ['COOKIE', 'Guard']

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = 'pose_page_token'
ANY_BYTES = 'latin-1'  # headers may hold any
HARMLESS = ('GET', 'HEAD')
POLICY_VIOLATION = 1008  # RFC 6455, 7.4.1


class Guard:
    """An ASGI application around another."""

    def __init__(self, inside: Application, host: str, token: str) -> None:
        """
        Guard an application.

        :param host: address that the page listens on
        :param token: what a visitor must know; empty: nothing
        """
        self._inside, self._token = inside, token
        self._only_this_machine = is_loopback(host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope['type'] not in ('http', 'websocket'):
            await self._inside(scope, receive, send)
            return
        headers = {
            name.decode(ANY_BYTES).lower(): value.decode(ANY_BYTES)
            for name, value in scope['headers']
        }
        if reason := self._refused(scope, headers):
            await _refuse(scope, send, reason)
        elif self._token and self._token_in_address(scope):
            await self._inside(scope, receive, self._with_cookie(send))
        else:
            await self._inside(scope, receive, send)

    def _refused(self, scope: Scope, headers: dict[str, str]) -> str:
        host = headers.get('host', '')
        if self._only_this_machine and not is_loopback(_split(f'//{host}').hostname or ''):
            return 'this page is for the machine that it runs on'
        changes = scope['type'] == 'websocket' or scope['method'] not in HARMLESS
        origin = headers.get('origin')
        if changes and origin is not None and (_split(origin).netloc or None) != host:
            return 'this page takes requests from itself only'
        if self._token and not self._knows_token(scope, headers):
            return (
                'the address of this page ends with ?token=...; pose_page prints it when it starts'
            )
        return ''

    def _knows_token(self, scope: Scope, headers: dict[str, str]) -> bool:
        cookie = cookie_parser(headers.get('cookie', '')).get(COOKIE, '')
        return self._token_in_address(scope) or self._is_token(cookie)

    def _token_in_address(self, scope: Scope) -> bool:
        given = parse_qs(scope['query_string'].decode(ANY_BYTES)).get('token', [''])[0]
        return self._is_token(given)

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(errors='replace'), self._token.encode())

    def _with_cookie(self, send: Send) -> Send:
        """Return a `send` that has the browser remember the token until it is closed."""

        async def sending(message: Any) -> None:
            if message['type'] == 'http.response.start':
                cookie = f'{COOKIE}={self._token}; HttpOnly; SameSite=Strict; Path=/'
                message['headers'] = [
                    *message.get('headers', []),
                    (b'set-cookie', cookie.encode()),
                ]
            await send(message)

        return sending


def _split(address: str) -> SplitResult:
    """Return the parts of an address; empty ones of what is no address."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit('')


async def _refuse(scope: Scope, send: Send, reason: str) -> None:
    if scope['type'] == 'websocket':
        await send({'type': 'websocket.close', 'code': POLICY_VIOLATION, 'reason': reason})
        return
    await send(
        {
            'type': 'http.response.start',
            'status': 403,
            'headers': [(b'content-type', b'text/plain; charset=utf-8')],
        }
    )
    await send({'type': 'http.response.body', 'body': reason.encode()})
