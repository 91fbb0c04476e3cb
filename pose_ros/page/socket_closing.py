# SPDX-License-Identifier: Apache-2.0
"""Closes a WebSocket with words that fit."""

from __future__ import annotations

from fastapi import WebSocket

__all__ = ['close']

MOST_BYTES = 123  # RFC 6455, 5.5: a control frame has 125 at most, and two are the code


async def close(socket: WebSocket, code: int, text: str) -> None:
    """
    Close it.

    :param code: says the reason to a program
    :param text: says it to the visitor; what is too long for a WebSocket is cut off
    """
    words = text.encode(errors='replace')[:MOST_BYTES].decode(errors='ignore')
    await socket.close(code, words)
