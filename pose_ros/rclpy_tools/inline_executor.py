# SPDX-License-Identifier: Apache-2.0
"""Calls in, what became of them out, as from an executor with threads, but without any."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

__all__ = ['InlineExecutor']


class InlineExecutor(Executor):
    """Has done what is submitted when submit() returns, on the thread of its caller."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return what became of the call."""
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
