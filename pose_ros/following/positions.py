# SPDX-License-Identifier: Apache-2.0
"""The newest camera_info and depth images in, and with them people's positions out."""

from __future__ import annotations

from collections import deque
from typing import Any

from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.following.position_fit import place
from pose_ros.images.depth import DepthError, depth_pixels
from pose_ros.images.frame import Frame
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.poses.poses import Poses

__all__ = ['Positions']

DEPTHS_KEPT = 4  # a depth image of the same instant may be older than the newest


class Positions:
    """
    Knows what the camera publishes beside its images, and places people with it.

    Messages may be taken on another thread than the one that places.

    :ivar problem: why positions are unknown, or less exact than they could be; '' when neither
    """

    def __init__(self, horizontal_fov_deg: float, rectified: bool, depth_slop_s: float) -> None:
        """
        Begin without having heard from the camera.

        :param horizontal_fov_deg: degrees, for a camera without camera_info; 0: not known
        :param rectified: the images are rectified; their intrinsics are in camera_info's `p`
        :param depth_slop_s: seconds that image and depth image may be apart
        """
        self.problem = ''
        self._info: CameraInfo | None = None
        self._used_info: CameraInfo | None = None
        self._intrinsics: Intrinsics | None = None
        self._depths: deque[Image] = deque(maxlen=DEPTHS_KEPT)
        self.set_options(horizontal_fov_deg, rectified, depth_slop_s)

    def set_options(self, horizontal_fov_deg: float, rectified: bool, depth_slop_s: float) -> None:
        """Use these options, as at construction, from now on."""
        self._fov_deg, self._rectified = horizontal_fov_deg, rectified
        self._slop_ns = round(depth_slop_s * 1e9)
        self._intrinsics = None

    def take_camera_info(self, info: CameraInfo) -> None:
        """Use these intrinsics from now on."""
        if self._info is None or _calibration(info) != _calibration(self._info):
            self._info = info

    def take_depth(self, image: Image) -> None:
        """Keep one depth image for the images of its instant."""
        self._depths.append(image)

    def place(self, frame: Frame, result: Poses) -> Poses:
        """Return the result with positions, as far as they can be known."""
        height, width = frame.rgb.shape[:2]
        self.problem = ''
        try:
            info = self._info
            if self._intrinsics is None or info is not self._used_info:
                self._intrinsics = self._new_intrinsics(info, width, height)
                self._used_info = info
            if self._intrinsics is None:
                self.problem = 'no positions: neither camera_info nor horizontal_fov is known'
                return result
            return place(result, self._intrinsics, width, height, *self._depth_of(frame))
        except ValueError as error:
            self.problem = f'no positions: {error}'
            return result

    def _new_intrinsics(
        self, info: CameraInfo | None, width: int, height: int
    ) -> Intrinsics | None:
        if info is not None:
            return Intrinsics.from_camera_info(info, self._rectified)
        if self._fov_deg:
            return Intrinsics.from_fov(width, height, self._fov_deg)
        return None

    def _depth_of(self, frame: Frame) -> tuple[NDArray[Any], float] | tuple[()]:
        """Return the depth image nearest in time and its unit, if it is near enough."""
        if not self._depths:
            return ()
        nearest = min(
            tuple(self._depths), key=lambda depth: abs(_stamp_ns(depth) - frame.stamp_ns)
        )
        apart_ns = abs(_stamp_ns(nearest) - frame.stamp_ns)
        if apart_ns > self._slop_ns:
            self.problem = (
                f'positions without depth: the nearest depth image is '
                f'{apart_ns / 1e9:.3f} s away, depth_slop is {self._slop_ns / 1e9}'
            )
            return ()
        try:
            return depth_pixels(nearest)
        except DepthError as error:
            self.problem = f'positions without depth: {error}'
            return ()


def _calibration(info: CameraInfo) -> tuple[object, ...]:
    roi = info.roi
    return (
        info.width,
        info.height,
        info.distortion_model,
        tuple(info.d),
        tuple(info.k),
        tuple(info.p),
        info.binning_x,
        info.binning_y,
        roi.x_offset,
        roi.y_offset,
        roi.width,
        roi.height,
    )


def _stamp_ns(message: Image) -> int:
    stamp = message.header.stamp
    return stamp.sec * 10**9 + stamp.nanosec
