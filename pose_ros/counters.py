"""What happened to the frames of a stream, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

__all__ = ['Counters', 'Drop']


class Drop(Enum):
    """Why a frame was not processed."""

    INVALID = 'invalid'  # the message contradicts itself or cannot be decoded
    REPEATED = 'repeated'  # the stamp of the frame before
    LATE = 'late'  # older than the frame before
    BUSY = 'busy'  # MediaPipe dropped it (live_stream)
    FAILED = 'failed'  # MediaPipe could not process it


@dataclass
class Counters:
    """Frames since the node was configured."""

    received: int = 0
    processed: int = 0
    restarts: int = 0
    dropped: Counter[Drop] = field(default_factory=Counter)
