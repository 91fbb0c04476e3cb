# SPDX-License-Identifier: Apache-2.0
"""Draws what was recorded as an animated picture (WebP)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rclpy.serialization import deserialize_message

from pose_ros.msg import PoseLandmarksArray
from pose_ros.outputs.overlay import OverlayLooks, draw
from pose_ros.page.recording import Recorded
from pose_ros.poses.poses import COLUMNS, Poses
from pose_ros.poses.skeleton import Landmark

__all__ = ['poses_of', 'write_animation']

RATE_HZ = 10.0
WIDTH_PX = 480
QUALITY = 70


def write_animation(path: Path, frames: Sequence[Recorded]) -> None:
    """
    Write the pictures with their people; those that are damaged are left out.

    :raises ValueError: when there is no picture
    """
    drawn = ((each, _drawn(each)) for each in _thinned([each for each in frames if each.shown]))
    chosen = [(frame.arrival_ns, picture) for frame, picture in drawn if picture is not None]
    if not chosen:
        raise ValueError('wanted at least one picture, got none')
    durations_ms = [
        max(20, round((after_ns - before_ns) / 1e6))
        for (before_ns, _), (after_ns, _) in pairwise(chosen)
    ]
    first, *rest = (Image.fromarray(picture) for _, picture in chosen)
    first.save(
        path,
        save_all=True,
        append_images=rest,
        duration=[*durations_ms, round(1e3 / RATE_HZ)],
        loop=0,
        quality=QUALITY,
        method=2,
    )


def poses_of(message: PoseLandmarksArray) -> Poses:
    """Return the people in a message, as far as drawing needs them."""

    def table(people: Iterable[Any]) -> NDArray[np.float32]:
        values = [[[getattr(p, name) for name in COLUMNS] for p in points] for points in people]
        return np.array(values, np.float32).reshape(-1, len(Landmark), len(COLUMNS))

    return Poses(
        table(each.landmarks for each in message.poses),
        table(each.world_landmarks for each in message.poses),
        track_ids=np.array([each.track_id for each in message.poses], np.int32),
    )


def _thinned(frames: Sequence[Recorded]) -> Iterable[Recorded]:
    due_ns = 0
    for frame in frames:
        if frame.arrival_ns >= due_ns:
            due_ns = max(due_ns, frame.arrival_ns - 10**8) + round(1e9 / RATE_HZ)
            yield frame


def _drawn(frame: Recorded) -> NDArray[np.uint8] | None:
    """Return the picture with its people; None when it is damaged."""
    bgr = cv2.imdecode(np.frombuffer(frame.shown, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    height = max(1, round(bgr.shape[0] * WIDTH_PX / bgr.shape[1]))
    rgb = cv2.cvtColor(cv2.resize(bgr, (WIDTH_PX, height)), cv2.COLOR_BGR2RGB)
    if not frame.landmarks:
        return rgb
    message = deserialize_message(frame.landmarks, PoseLandmarksArray)
    return draw(rgb, poses_of(message), OverlayLooks())
