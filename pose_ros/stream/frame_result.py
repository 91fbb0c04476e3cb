# SPDX-License-Identifier: Apache-2.0
"""Holds what became of a frame: what the landmarker found in it, or why it was dropped."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.detection.counters import Drop
from pose_ros.detection.stream_clock import Verdict
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses

__all__ = ['DROPS', 'FrameResult']

# How a frame is counted that the clock refuses.
DROPS = {Verdict.REPEATED: Drop.REPEATED, Verdict.LATE: Drop.LATE}


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
