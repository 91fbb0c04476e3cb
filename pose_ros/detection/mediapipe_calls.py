# SPDX-License-Identifier: Apache-2.0
"""Chooses how a task is called: by MediaPipe's C library where that is proved, else publicly."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.mediapipe_c import DifferenceError, DirectCalls, compare
from pose_ros.detection.mediapipe_package import Image, ImageFormat, vision
from pose_ros.detection.options import RunningMode

__all__ = ['PUBLIC_SWITCH', 'Calls', 'PackageCalls', 'choose_calls']

PUBLIC_SWITCH = 'POSE_ROS_PUBLIC_MEDIAPIPE'  # environment variable; set: public calls only

# The probe's picture. Not of one colour, so that rows and channels in a wrong order are seen.
PATTERN = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
PROBE_STAMPS_MS = -2, -1  # before any stream: its stamps begin at 0


class PackageCalls:
    """
    A task's own methods, in any version of MediaPipe.

    :ivar description: what is called, and why, for a log
    """

    def __init__(self, task: vision.PoseLandmarker, reason: str) -> None:
        """
        Take a task's methods.

        :param reason: why the C library is not called directly
        """
        self.detect, self.detect_for_video = task.detect, task.detect_for_video
        self.description = f'through its Python package ({reason})'

    @staticmethod
    def image(rgb: NDArray[np.uint8]) -> Image:
        """Return a copy of uint8 (H, W, 3), C-contiguous, for MediaPipe."""
        return Image(ImageFormat.SRGB, rgb)


Calls = DirectCalls | PackageCalls


def choose_calls(task: vision.PoseLandmarker, running_mode: RunningMode) -> tuple[Calls, bool]:
    """
    Return the faster way to a task's calls where it gives what the task's own gives, else its own.

    The first time in a process and running mode, a picture without people goes through the task
    in both ways; that takes about 25 ms. What has landmarks is compared when somebody is found.

    :param task: has seen no frame yet
    :returns: the calls, and whether the task must be built again because it remembers the probe
    """
    if os.environ.get(PUBLIC_SWITCH):
        return PackageCalls(task, f'{PUBLIC_SWITCH} is set'), False
    if DirectCalls.distrusted:
        return PackageCalls(task, DirectCalls.distrusted), False
    try:
        direct = DirectCalls(task)
    except AttributeError:
        return PackageCalls(task, 'this version has no other way'), False
    remembers = False
    if running_mode not in DirectCalls.proved:
        try:
            remembers = _probe(direct, PackageCalls(task, ''), running_mode)
        except Exception as error:
            DirectCalls.distrust(error)
            return PackageCalls(task, DirectCalls.distrusted), True
        DirectCalls.proved |= {running_mode}
    return direct, remembers


def _probe(direct: DirectCalls, package: PackageCalls, running_mode: RunningMode) -> bool:
    """
    Compare both ways.

    :returns: whether somebody was found where nobody is (with confidences near 0), and is tracked
    :raises Exception: whatever goes wrong
    """
    picture = direct.image(PATTERN)
    if not np.array_equal(picture.numpy_view(), PATTERN):
        raise DifferenceError('a picture came out of its memory as another one')
    if running_mode is RunningMode.IMAGE:
        ours, theirs = direct.detect(picture), package.detect(picture)
    elif running_mode is RunningMode.VIDEO:
        first_ms, second_ms = PROBE_STAMPS_MS
        theirs = package.detect_for_video(picture, first_ms)
        ours = direct.detect_for_video(picture, second_ms)
    else:
        return False  # live_stream uses the picture only
    if len(theirs.pose_landmarks):  # tracking makes the second another one
        return True
    compare(ours, theirs)
    return False
