# SPDX-License-Identifier: Apache-2.0
"""
Places people with the newest camera_info and depth images, as far as these fit the image.

What does not fit is not used: then the next best source counts, and it is said why.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.following.body_size import HEIGHT_STD, scaled_to
from pose_ros.following.position_fit import BODY_SCALE_STD, place
from pose_ros.following.side_inputs import (
    DepthPixels,
    calibration,
    fitting_depth,
    fitting_intrinsics,
)
from pose_ros.images.frame import Frame, stamp_ns
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.poses.poses import Poses

__all__ = ['PositionOptions', 'PositionReport', 'Positions']

DEPTHS_KEPT = 4  # a depth image of the same instant may be older than the newest
NOTHING_KNOWN = 'no positions: neither camera_info nor horizontal_fov is known'


@dataclass(frozen=True)
class PositionReport:
    """
    What was said of the positions in one frame.

    :param text: why positions are unknown, or less exact than they could be; '' when neither
    :param is_misfit: something that was published or asked for could not be used
    """

    text: str = ''
    is_misfit: bool = False


@dataclass(frozen=True)
class PositionOptions:
    """
    How people are placed.

    :param horizontal_fov_deg: degrees, used while no camera_info fits; 0: not known
    :param rectified: the images are rectified; their intrinsics are in camera_info's `p`
    :param depth_slop_s: seconds that image and depth image may be apart
    :param person_height_m: standing height of everybody in view, metres; 0: not known
    """

    horizontal_fov_deg: float = 0.0
    rectified: bool = False
    depth_slop_s: float = 0.1
    person_height_m: float = 0.0


class Positions:
    """
    Knows what the camera publishes beside its images, and places people with it.

    Messages may be taken on another thread than the one that places.

    :ivar report: of the newest frame
    """

    def __init__(self, options: PositionOptions) -> None:
        """Begin without having heard from the camera."""
        self.report = PositionReport('no image has come yet')
        self._info: CameraInfo | None = None
        self._depths: deque[Image] = deque(maxlen=DEPTHS_KEPT)
        self.set_options(options)

    @property
    def problem(self) -> str:
        """Why positions are unknown, or less exact than they could be; '' when neither."""
        return self.report.text

    def set_options(self, options: PositionOptions) -> None:
        """Use these options from now on."""
        self._fov_deg, self._rectified = options.horizontal_fov_deg, options.rectified
        self._slop_ns = round(options.depth_slop_s * 1e9)
        self._height_m = options.person_height_m
        self._known: tuple[object, Intrinsics] | None = None

    def take_camera_info(self, info: CameraInfo) -> None:
        """Use these intrinsics from now on."""
        if self._info is None or calibration(info) != calibration(self._info):
            self._info = info

    def take_depth(self, image: Image) -> None:
        """Keep one depth image for the images of its instant."""
        self._depths.append(image)

    def place(self, frame: Frame, result: Poses) -> Poses:
        """
        Return the result with positions, as far as they can be known.

        With a known height the world landmarks have that height, too, also without positions.
        """
        result = scaled_to(result, self._height_m)
        intrinsics, misfit = self._intrinsics_of(frame)
        if intrinsics is None:
            text = f'no positions: {misfit}' if misfit else NOTHING_KNOWN
            self.report = PositionReport(text, bool(misfit))
            return result
        remarks = [f'positions by horizontal_fov: {misfit}'] if misfit else []
        depth, depth_misfit = self._depth_of(frame)
        if depth_misfit:
            remarks.append(f'positions without depth: {depth_misfit}')
        placed = self._placed(frame, result, intrinsics, depth)
        is_misfit = bool(remarks)
        unknown = int(np.isnan(placed.positions[:, 0]).sum())
        if unknown:
            remarks.append(
                f'no position of {unknown} of {len(placed)} people: too little is in view, '
                'or the calibration is that of another lens'
            )
        self.report = PositionReport('; '.join(remarks), is_misfit)
        return placed

    def place_still(self, frame: Frame, result: Poses) -> Poses:
        """
        Return the people in a still image with positions, when it is one of this camera.

        That is when its frame_id is that of camera_info, and its proportions fit. Depth images and
        a stated field of view, which may be another camera's, are not used.
        """
        info = self._info
        if info is None or info.header.frame_id != frame.header.frame_id:
            return result
        try:
            intrinsics = fitting_intrinsics(info, self._rectified, frame)
        except ValueError:
            return result
        return self._placed(frame, scaled_to(result, self._height_m), intrinsics, None)

    def _intrinsics_of(self, frame: Frame) -> tuple[Intrinsics | None, str]:
        """Return the best intrinsics that fit, and why they are not those of camera_info."""
        info, height_width = self._info, frame.rgb.shape[:2]
        source = (info and id(info), height_width, frame.header.frame_id)
        if self._known and self._known[0] == source:
            return self._known[1], ''
        misfit = ''
        if info is not None:
            try:
                intrinsics = fitting_intrinsics(info, self._rectified, frame)
                self._known = source, intrinsics
            except ValueError as error:
                misfit = str(error)
            else:
                return intrinsics, ''
        if not self._fov_deg:
            return None, misfit
        height, width = height_width
        return Intrinsics.from_fov(width, height, self._fov_deg), misfit

    def _depth_of(self, frame: Frame) -> tuple[DepthPixels | None, str]:
        """Return the depth image nearest in time, or why it does not fit."""
        depths = tuple(self._depths)
        if not depths:
            return None, ''
        nearest = min(depths, key=lambda depth: abs(stamp_ns(depth.header) - frame.stamp_ns))
        try:
            return fitting_depth(nearest, self._slop_ns, frame), ''
        except ValueError as error:
            return None, str(error)

    def _placed(
        self, frame: Frame, result: Poses, intrinsics: Intrinsics, depth: DepthPixels | None
    ) -> Poses:
        height, width = frame.rgb.shape[:2]
        pixels, unit_m = (None, 1.0) if depth is None else (depth.pixels, depth.unit_m)
        std = HEIGHT_STD if self._height_m else BODY_SCALE_STD
        return place(result, intrinsics, width, height, pixels, unit_m, std)
