# SPDX-License-Identifier: Apache-2.0
"""
Builds a finder beside the one that runs, and shows it frames until it can take over.

MediaPipe fixes some options when a landmarker is built, and a new one knows nobody: it would find
people by its detector, and smooth their landmarks from the beginning. So it is shown the same
frames for a while, on a thread of its own, while the running one goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.duplicates import SAME, likeness
from pose_ros.detection.finder import PoseFinder
from pose_ros.detection.sight import Sight, sights
from pose_ros.detection.windows import Window
from pose_ros.poses.poses import Poses

__all__ = ['WARM_UP_FRAMES', 'Successor', 'only_known']

# What a new landmarker must have seen: so many frames or, where frames come slowly, for so long.
WARM_UP_FRAMES, WARM_UP_MS = 10, 1000
PATIENCE_FRAMES = 90  # that it may see without finding the same people
MARGIN_TORSOS = 0.5  # around the landmarks of a person who is shown alone: hair, hands, feet
END_TIMEOUT_S = 10.0

# Pixels, milliseconds, and those who are shown alone; None: the whole picture is shown.
Frame = tuple[NDArray[np.uint8], int, list[Sight] | None]


class Successor:
    """
    A finder that gets ready on a thread of its own; its end is `exchange` or `close`.

    All methods but those of the thread are called on one thread.

    :ivar error: why there is no finder, or '' while there is one
    """

    def __init__(
        self, build: Callable[[], PoseFinder], enter_thread: Callable[[], None], warms_up: bool
    ) -> None:
        """
        Start the thread, which builds the finder.

        :param enter_thread: called on the thread before anything else
        :param warms_up: the finder must see frames before it can take over
        :raises RuntimeError: when the system has no thread for it
        """
        self.error = ''
        self._build, self._enter_thread, self._warms_up = build, enter_thread, warms_up
        self._finder: PoseFinder | None = None
        self._frames: SimpleQueue[Frame | None] = SimpleQueue()
        self._waits, self._over = Event(), Event()  # for a frame; the thread's end
        self._found = self._known = Poses.empty()
        self._agrees = False
        self._size = 1, 1  # width and height in pixels of the frame that it saw last
        self._seen = 0
        self._first_ms = self._last_ms = 0
        self._closed: Callable[[], None] = lambda: None
        self._thread = Thread(target=self._run, name='successor', daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether nothing comes of it any more: after `exchange`, `close` or an error."""
        return self._over.is_set()

    @property
    def is_waiting(self) -> bool:
        """Whether it is built, and at no frame."""
        return self._waits.is_set()

    @property
    def is_ready(self) -> bool:
        """Whether it can take over at the next frame, with the same people; see `compare`."""
        if not self._warms_up:
            return self.is_waiting
        return self.is_waiting and self._agrees and self._has_seen_enough

    @property
    def is_late(self) -> bool:
        """Whether it has seen many frames, and not found the same people in the last one."""
        return self.is_waiting and self._seen >= PATIENCE_FRAMES and not self._agrees

    @property
    def _has_seen_enough(self) -> bool:
        passed_ms = self._last_ms - self._first_ms
        return self._seen >= WARM_UP_FRAMES or (self._seen > 1 and passed_ms >= WARM_UP_MS)

    def compare(self, known: Poses) -> None:
        """
        Compare what it found with whom the running finder found; to be called before each frame.

        :param known: in the frame before
        """
        if self._warms_up and self.is_waiting:
            self._known = known
            self._agrees = self._seen > 0 and _are_same(
                _sights(self._size, known), _sights(self._size, self._found)
            )

    def look(self, rgb: NDArray[np.uint8], stamp_ms: int) -> None:
        """
        Have it look at a frame, unless it still works on the one before.

        While it does not find the same people as the running finder, it is shown them alone.

        :param rgb: uint8 (H, W, 3), C-contiguous; it must not change
        :param stamp_ms: milliseconds, larger than at every earlier call
        """
        if not self._warms_up or not self.is_waiting:
            return
        self._waits.clear()
        if not self._seen:
            self._first_ms = stamp_ms
        self._seen, self._last_ms = self._seen + 1, stamp_ms
        self._size = rgb.shape[1], rgb.shape[0]
        alone = None if self._agrees else _sights(self._size, self._known)
        self._frames.put((rgb, stamp_ms, alone))

    @property
    def finder(self) -> PoseFinder:
        """The finder, once it is built; after `exchange` the one that it replaced."""
        assert self._finder is not None
        return self._finder

    def exchange(self, running: PoseFinder, closed: Callable[[], None]) -> PoseFinder:
        """
        Return the finder, and have the thread close the one that it replaces.

        :param closed: called on the thread afterwards
        """
        new, self._finder, self._closed = self.finder, running, closed
        self._frames.put(None)
        return new

    def close(self) -> None:
        """Have the thread close the finder and end; do not wait for it."""
        self._frames.put(None)

    def wait(self) -> None:
        """Wait for the thread's end; where MediaPipe hangs, leave it behind."""
        self._thread.join(END_TIMEOUT_S)

    def _run(self) -> None:
        try:
            self._enter_thread()
            self._finder = self._build()
            self._waits.set()
            while frame := self._frames.get():
                rgb, stamp_ms, alone = frame
                shown = rgb if alone is None else only_known(rgb, alone)
                self._found = self._finder.detect(self._finder.load(shown), stamp_ms)
                self._waits.set()
        except Exception as error:  # whatever it is, the running finder goes on
            self.error = str(error) or repr(error)
        try:
            if self._finder is not None:
                self._finder.close()
        finally:
            self._over.set()
            self._closed()


def only_known(rgb: NDArray[np.uint8], people: list[Sight]) -> NDArray[np.uint8]:
    """
    Return a picture with nothing in it but people, each in the box of the visible landmarks.

    :param rgb: uint8 (H, W, 3)
    :returns: the same where nobody is known, else a copy
    """
    if not people:
        return rgb
    alone = np.empty_like(rgb)
    alone[:] = rgb[::8, ::8].reshape(-1, 3).mean(axis=0)
    for person in people:
        if not np.isfinite(person.points_px).all():
            continue
        margin = MARGIN_TORSOS * person.torso_px
        left, top, right, bottom = person.box_px()
        rows = slice(max(round(top - margin), 0), max(round(bottom + margin), 0))
        columns = slice(max(round(left - margin), 0), max(round(right + margin), 0))
        alone[rows, columns] = rgb[rows, columns]
    return alone


def _sights(size: tuple[int, int], poses: Poses) -> list[Sight]:
    width, height = size
    return sights(Window(0, 0, width, height), poses)


def _are_same(known: list[Sight], found: list[Sight]) -> bool:
    return len(known) == len(found) and all(
        any(likeness(person, other) >= SAME for other in found) for person in known
    )
