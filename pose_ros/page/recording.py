# SPDX-License-Identifier: Apache-2.0
"""Records the pictures and landmarks of some seconds of a source, in memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from threading import Event, Thread
import time
from typing import Any

from pose_ros.images.frame import FrameError
from pose_ros.page.pairing import LANDMARKS, PICTURE
from pose_ros.page.pictures import Picture
from pose_ros.page.source import Bundle, Looker

__all__ = ['Recorded', 'Recorder']

MOST_WAITING = 30  # bundles that are not encoded yet: a second of VGA is 28 MB
MOST_BYTES = 300_000_000  # of a recording in memory


@dataclass(frozen=True)
class Recorded:
    """
    What belongs to one stamp.

    :param arrival_ns: when it came
    :param picture: a serialized CompressedImage; empty: none
    :param landmarks: a serialized PoseLandmarksArray; empty: none
    :param shown: the picture, to be drawn
    """

    arrival_ns: int
    picture: bytes
    landmarks: bytes
    shown: bytes


@dataclass
class Recorder:
    """
    Takes what a source gives, and encodes it on a thread of its own.

    :ivar frames: what was recorded
    :ivar dropped: how many were not: the machine is too slow, or the memory is full
    """

    frames: deque[Recorded] = field(default_factory=deque)
    dropped: int = 0

    def __post_init__(self) -> None:
        """Start the thread."""
        self.looker = Looker(self._give)
        self._waiting: Queue[tuple[int, Bundle]] = Queue(MOST_WAITING)
        self._ended = Event()
        self._bytes = 0
        self._thread = Thread(target=self._run, name='recorder', daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Encode what waits, and end; nothing may be given any more."""
        self._ended.set()
        self._thread.join()

    def _give(self, bundle: Bundle) -> None:
        try:
            self._waiting.put_nowait((time.time_ns(), bundle))
        except Full:
            self.dropped += 1

    def _run(self) -> None:
        while not self._ended.is_set() or not self._waiting.empty():
            try:
                arrival_ns, bundle = self._waiting.get(timeout=0.1)
            except Empty:
                continue
            try:
                self._keep(arrival_ns, bundle.parts)
            except FrameError:
                self.dropped += 1

    def _keep(self, arrival_ns: int, parts: dict[str, Any]) -> None:
        picture: Picture | None = parts.get(PICTURE)
        compressed = picture.compressed() if picture else b''
        shown = picture.encoded() if picture else b''
        self._bytes += 2 * len(compressed)
        if self._bytes > MOST_BYTES:
            self.dropped += 1
            return
        self.frames.append(Recorded(arrival_ns, compressed, parts.get(LANDMARKS, b''), shown))
