# SPDX-License-Identifier: Apache-2.0
"""Who may not, stays outside: other sites, other machines, visitors without the token."""

import asyncio
from typing import Any

import pytest

from pose_ros.page.guard import COOKIE, Guard

HERE, ANYWHERE = '127.0.0.1', '0.0.0.0'
PAGE = {'host': '127.0.0.1:8080'}
TOKEN = 'abc-123'
WITH_TOKEN = f'token={TOKEN}'


def answer(
    host: str, token: str, headers: dict[str, str], query: str = '', kind: str = 'GET'
) -> tuple[bool, list[Any]]:
    """Return whether a request came through, and what was sent back."""
    came, sent = [], []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        came.append(scope)
        await send({'type': 'http.response.start', 'status': 200, 'headers': []})

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        'type': 'websocket' if kind == 'WS' else 'http',
        'method': kind,
        'query_string': query.encode(),
        'headers': [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(Guard(inside, host, token)(scope, None, send))  # type: ignore[arg-type]
    return bool(came), sent


@pytest.mark.parametrize('kind', ['GET', 'POST', 'WS'])
@pytest.mark.parametrize('host', ['127.0.0.1:8080', 'localhost:8080', '[::1]:8080'])
def test_the_own_page_comes_through(kind: str, host: str) -> None:
    assert answer(HERE, '', {'host': host, 'origin': f'http://{host}'}, kind=kind)[0]


@pytest.mark.parametrize('kind', ['POST', 'WS'])
def test_other_sites_do_not(kind: str) -> None:
    came, sent = answer(HERE, '', {**PAGE, 'origin': 'https://elsewhere.example'}, kind=kind)
    assert not came
    assert sent[0].get('status') == 403 or sent[0]['type'] == 'websocket.close'


@pytest.mark.parametrize('kind', ['GET', 'WS'])
def test_a_name_that_was_bent_to_this_machine_does_not(kind: str) -> None:
    """What DNS rebinding does: another site's name with the address 127.0.0.1."""
    assert not answer(HERE, '', {'host': 'elsewhere.example:8080'}, kind=kind)[0]


@pytest.mark.parametrize('kind', ['GET', 'POST', 'WS'])
def test_a_token_is_asked_for(kind: str) -> None:
    page = {'host': 'robot:8080'}
    assert not answer(ANYWHERE, TOKEN, page, kind=kind)[0]
    assert not answer(ANYWHERE, TOKEN, page, 'token=abc-124', kind)[0]
    assert answer(ANYWHERE, TOKEN, page, WITH_TOKEN, kind)[0]


@pytest.mark.parametrize('kind', ['GET', 'POST', 'WS'])
@pytest.mark.parametrize(
    'headers',
    [
        {'host': '[::1'},
        {**PAGE, 'origin': 'http://['},
        {'host': 'robot:8080', 'cookie': f'{COOKIE}=\xff'},
        {'host': 'robot:8080', 'cookie': '\xff\x00;;=;'},
        {},
    ],
)
def test_what_is_no_header_is_refused(kind: str, headers: dict[str, str]) -> None:
    assert answer(ANYWHERE, TOKEN, headers, 'token=%ff\xff', kind)[0] is False
    only_looks = kind == 'GET' and 'origin' in headers
    assert answer(HERE, '', headers, kind=kind)[0] is only_looks


def test_cookies_of_other_programs_on_the_machine_do_no_harm() -> None:
    cookies = f'a/b=1; c@d="; {COOKIE}={TOKEN}'
    assert answer(ANYWHERE, TOKEN, {'host': 'robot:8080', 'cookie': cookies})[0]


def test_the_token_is_remembered() -> None:
    page = {'host': 'robot:8080'}
    _, sent = answer(ANYWHERE, TOKEN, page, WITH_TOKEN)
    cookie = dict(sent[0]['headers'])[b'set-cookie'].decode().split(';')[0]
    assert cookie == f'{COOKIE}={TOKEN}'
    for kind in ('GET', 'WS'):
        assert answer(ANYWHERE, TOKEN, {**page, 'cookie': cookie}, kind=kind)[0]
        assert not answer(ANYWHERE, TOKEN, {**page, 'cookie': f'{COOKIE}=x'}, kind=kind)[0]
