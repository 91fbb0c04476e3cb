# SPDX-License-Identifier: Apache-2.0
"""Brings together the picture, the landmarks and the mask that have the same stamp."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

__all__ = ['Kind', 'Pairing', 'Together']

PICTURE, LANDMARKS, MASK = 'picture', 'landmarks', 'mask'
Kind = str
Part = TypeVar('Part', bound=Sized)

# What waits: pictures for landmarks that take this many frame times, as far as memory allows.
KEPT = 45
KEPT_BYTES = 64_000_000
ALONE_AFTER_S = 2.0  # pictures are shown by themselves when no landmarks came for so long
ALONE_PERIOD_S = 0.1  # and then this often


@dataclass(frozen=True)
class Together(Generic[Part]):
    """
    What has one stamp.

    :param parts: by kind; a kind that did not come is missing
    """

    stamp_ns: int
    parts: dict[Kind, Part] = field(default_factory=dict)


class Pairing(Generic[Part]):
    """
    Takes parts in any order, on any thread, and gives out each stamp once.

    A stamp is given out when all wanted kinds have come, or when a newer one is complete: then
    what lacks a part is too late to be shown, and only its landmarks are.
    """

    def __init__(
        self,
        give: Callable[[Together[Part]], None],
        wanted: Iterable[Kind] = (PICTURE, LANDMARKS),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """
        Wait for the first part.

        :param give: is called on the thread that brought the last part
        :param wanted: the kinds to wait for
        :param clock: returns seconds
        """
        self._give, self._clock = give, clock
        self._wanted = frozenset(wanted)
        self._waiting: OrderedDict[int, dict[Kind, Part]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()
        self._landmarks_s = self._alone_s = -ALONE_AFTER_S

    def want(self, kinds: Iterable[Kind]) -> None:
        """Wait for these kinds from now on; for none, forget what waits."""
        with self._lock:
            self._wanted = frozenset(kinds)
            if not self._wanted:
                self._waiting.clear()
                self._bytes = 0

    def put(self, kind: Kind, stamp_ns: int, part: Part) -> None:
        """Take a part."""
        with self._lock:
            ready = self._put(kind, stamp_ns, part)
        if ready is not None:
            self._give(ready)

    def _put(self, kind: Kind, stamp_ns: int, part: Part) -> Together[Part] | None:
        if not self._wanted:
            return None
        now_s = self._clock()
        if kind == LANDMARKS:
            self._landmarks_s = now_s
        parts = self._waiting.setdefault(stamp_ns, {})
        self._bytes += len(part) - len(parts.get(kind, ()))
        parts[kind] = part
        if self._wanted <= parts.keys():
            return self._take(stamp_ns)
        if kind == PICTURE and self._is_alone(now_s):
            self._alone_s = now_s
            return Together(stamp_ns, {PICTURE: part})
        if len(self._waiting) > KEPT or self._bytes > KEPT_BYTES:
            oldest = self._pop_oldest()
            return oldest if LANDMARKS in oldest.parts else None
        return None

    def _is_alone(self, now_s: float) -> bool:
        return (
            LANDMARKS not in self._wanted or now_s - self._landmarks_s > ALONE_AFTER_S
        ) and now_s - self._alone_s > ALONE_PERIOD_S

    def _take(self, stamp_ns: int) -> Together[Part]:
        """Return what has the stamp; what came before it is forgotten."""
        while (oldest := self._pop_oldest()).stamp_ns != stamp_ns:
            pass
        return oldest

    def _pop_oldest(self) -> Together[Part]:
        stamp_ns, parts = self._waiting.popitem(last=False)
        self._bytes -= sum(map(len, parts.values()))
        return Together(stamp_ns, parts)
