# SPDX-License-Identifier: Apache-2.0
"""Holds what the landmarker found in a frame."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses

__all__ = ['FrameResult']


@dataclass(frozen=True)
class FrameResult:
    """
    What the landmarker found in a frame.

    :param time_ns: of the frame in nanoseconds: its stamp, or when it arrived where it has none
    :param has_masks: masks were computed
    """

    frame: Frame
    poses: Poses
    time_ns: int
    has_masks: bool
