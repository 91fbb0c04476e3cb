# SPDX-License-Identifier: Apache-2.0
"""Finds people asynchronously (LIVE_STREAM) and keeps the results until somebody takes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions
from pose_ros.detection.picture import Widening
from pose_ros.poses.poses import Poses

__all__ = ['LiveLandmarker', 'LiveResult']

RESULT_TIMEOUT_S = 30.0  # of a frame that nothing else keeps waiting


@dataclass(frozen=True)
class LiveResult:
    """
    What was found in one frame.

    :param token: what was sent with the frame
    :param inference_s: seconds from sending the frame to its result
    :param dropped: how many frames MediaPipe dropped between the result before and this one
    """

    token: Any
    poses: Poses
    inference_s: float
    dropped: int


class LiveLandmarker:
    """
    A landmarker in LIVE_STREAM; to be closed after use.

    MediaPipe drops frames when it is busy, and brings the results on a thread of its own. They
    wait here, in order: whoever has this landmarker takes its results, and nobody else's.
    """

    def __init__(self, options: LandmarkerOptions, wake: Callable[[], None]) -> None:
        """
        Build the landmarker.

        :param wake: called on a thread of MediaPipe's when a result waits
        :raises LandmarkerError: when MediaPipe refuses
        """
        self.options = options
        self._sent: deque[tuple[int, Any, Widening, float]] = deque()  # stamp_ms, token, ..., time
        self._arrived: deque[tuple[int, Poses, float]] = deque()  # stamp_ms, poses, time
        self._came, self._wake = Event(), wake
        self._landmarker = Landmarker(options, self._keep)

    @property
    def engine(self) -> str:
        """See Landmarker.engine."""
        return self._landmarker.engine

    def load(self, rgb: NDArray[np.uint8]) -> Any:
        """Copy a frame into MediaPipe's memory, as `Landmarker.load` does."""
        return self._landmarker.load(rgb)

    def send(self, picture: Any, stamp_ms: int, token: Any) -> None:
        """
        Hand over one frame.

        :param picture: what `load` returned
        :param stamp_ms: milliseconds, larger than at every earlier call
        :param token: comes back with the result
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        self._sent.append((stamp_ms, token, picture.widening, perf_counter()))
        self._landmarker.detect_async(picture, stamp_ms)

    def detect(self, picture: Any, stamp_ms: int) -> Poses:
        """
        Find the people in one frame, and wait for that: in place of `send`, as other finders do.

        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        self._came.clear()
        self.send(picture, stamp_ms, None)
        self._came.wait(RESULT_TIMEOUT_S)
        result = self.take()
        if result is None:
            raise LandmarkerError('MediaPipe gave no result of a frame')
        return result.poses

    def take(self) -> LiveResult | None:
        """Return the oldest result that waits, or None."""
        if not self._arrived:
            return None
        stamp_ms, poses, arrived_s = self._arrived.popleft()
        dropped = 0
        while self._sent[0][0] != stamp_ms:  # results come in the order of the frames
            self._sent.popleft()
            dropped += 1
        _, token, widening, sent_s = self._sent.popleft()
        return LiveResult(token, widening.undone(poses), arrived_s - sent_s, dropped)

    @property
    def unanswered(self) -> int:
        """How many of the frames sent have no result yet, or none at all."""
        return len(self._sent) - len(self._arrived)

    def close(self) -> None:
        """Release the landmarker; frames in work are finished first. Idempotent."""
        self._landmarker.close()

    def _keep(self, stamp_ms: int, poses: Poses) -> None:
        self._arrived.append((stamp_ms, poses, perf_counter()))
        self._came.set()
        self._wake()
