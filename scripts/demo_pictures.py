# SPDX-License-Identifier: Apache-2.0
"""Makes an annotated video, a still and a picture of the markers from what was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
import os
from pathlib import Path

import cv2
from demo_recorder import Recorded
import numpy as np
from numpy.typing import NDArray

from pose_ros.msg import Landmark, PoseLandmarksArray
from pose_ros.outputs.overlay import OverlayLooks, OverlayMask, draw
from pose_ros.poses.poses import Poses

__all__ = ['annotated', 'write_still', 'write_video']

VIDEO_RATE_HZ = 10.0  # about; VP8 takes 40 ms a picture
CODECS = (('VP80', '.webm'), ('mp4v', '.mp4'))  # what browsers play, else what every OpenCV has


def annotated(frame: Recorded) -> NDArray[np.uint8]:
    """Return the image with what the messages say drawn over it, uint8 (H, W, 3)."""
    assert frame.poses is not None
    result = _result(frame.poses, frame.instance_mask())
    return draw(frame.rgb(), result, OverlayLooks(overlay_mask=OverlayMask.TINT.value))


def _result(message: PoseLandmarksArray, instances: NDArray[np.uint8] | None) -> Poses:
    """Return what the overlay is drawn from."""

    def table(points: Sequence[Landmark]) -> list[tuple[float, ...]]:
        return [(p.x, p.y, p.z, p.visibility, p.presence) for p in points]

    shape = (len(message.poses), 33, 5)
    return Poses(
        np.array([table(pose.landmarks) for pose in message.poses], np.float32).reshape(shape),
        np.array([table(pose.world_landmarks) for pose in message.poses], np.float32).reshape(
            shape
        ),
        masks=()
        if instances is None
        else tuple(
            (instances == 1 + index).astype(np.float32) for index in range(len(message.poses))
        ),
        track_ids=np.array([pose.track_id for pose in message.poses], np.int32),
    )


def write_still(path: Path, frame: Recorded) -> None:
    """Write one annotated image."""
    cv2.imwrite(str(path), cv2.cvtColor(annotated(frame), cv2.COLOR_RGB2BGR))


def write_video(stem: Path, frames: Sequence[tuple[int, Recorded]]) -> Path:
    """
    Write the annotated images as a video that takes as long as they did.

    :param stem: path of the video without the suffix
    :param frames: stamps in nanoseconds and what belongs to them, at least one
    :returns: the path
    :raises RuntimeError: when OpenCV cannot write videos
    """
    first_ns, last_ns = frames[0][0], frames[-1][0]
    rate_hz = (len(frames) - 1) / max(1e-9 * (last_ns - first_ns), 1e-3) or VIDEO_RATE_HZ
    step = max(1, round(rate_hz / VIDEO_RATE_HZ))
    frames = frames[::step]
    height, width, _ = frames[0][1].rgb().shape
    path, writer = _video_writer(stem, rate_hz / step, (width, height))
    for _, frame in frames:
        writer.write(cv2.cvtColor(annotated(frame), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def _video_writer(
    stem: Path,
    rate_hz: float,
    size: tuple[int, int],
) -> tuple[Path, cv2.VideoWriter]:
    for codec, suffix in CODECS:
        path = stem.with_suffix(suffix)
        with _no_stderr():  # FFmpeg has words about every codec but one for each format
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), rate_hz, size)
        if writer.isOpened():
            return path, writer
    raise RuntimeError(f'this OpenCV ({cv2.__version__}) cannot write videos')


@contextmanager
def _no_stderr() -> Iterator[None]:
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
