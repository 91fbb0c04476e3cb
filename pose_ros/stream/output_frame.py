# SPDX-License-Identifier: Apache-2.0
"""Holds what the messages of one frame are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pose_ros.following.people import People
from pose_ros.images.frame import Frame
from pose_ros.outputs.markers import SkeletonMarkers
from pose_ros.outputs.overlay import draw
from pose_ros.poses.poses import Poses
from pose_ros.stream.parameters import Parameters

__all__ = ['OutputFrame']


@dataclass(frozen=True, eq=False)
class OutputFrame:
    """
    What the messages of one frame are made from; what several of them need is made once.

    :param poses: the people, followed; their masks as found
    :param time_ns: of the frame in nanoseconds: its stamp, or when it arrived where it has none
    :param has_masks: masks were computed
    """

    frame: Frame
    poses: Poses
    time_ns: int
    parameters: Parameters
    people: People
    skeletons: SkeletonMarkers
    has_masks: bool = True

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame in pixels."""
        height, width = self.frame.rgb.shape[:2]
        return width, height

    @cached_property
    def with_masks(self) -> Poses:
        """The people with smooth masks."""
        if not self.poses.masks:
            return self.poses
        return self.people.smooth_masks(self.poses, self.time_ns)

    @cached_property
    def overlay_rgb(self) -> NDArray[np.uint8]:
        """The frame with the skeletons drawn over it, uint8 (H, W, 3)."""
        poses = self.with_masks if self.parameters.overlay_uses_masks else self.poses
        return draw(self.frame.rgb, poses, self.parameters)
