# SPDX-License-Identifier: Apache-2.0
"""Quotes what a message says, for the log: in one line of bounded length."""

from __future__ import annotations

__all__ = ['quoted']

MOST = 80  # characters


def quoted(text: str) -> str:
    """
    Return a text in quotation marks; of a long one its start, and how long it is.

    The strings of a message have no limit, and are repeated in the log and once a second in the
    diagnostics.
    """
    if len(text) <= MOST:
        return repr(text)
    return f'{text[:MOST]!r}... ({len(text)} characters)'
