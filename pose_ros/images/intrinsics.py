# SPDX-License-Identifier: Apache-2.0
"""Computes, from a `CameraInfo` or a field of view, the rays on which points of a picture lie."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, radians, tan
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.images.quoted import quoted

if TYPE_CHECKING:
    from sensor_msgs.msg import CameraInfo

__all__ = ['Intrinsics', 'is_same_view']

# The coefficients that sensor_msgs/CameraInfo's distortion models may have, as OpenCV takes them.
DISTORTION_LENGTHS = {
    'plumb_bob': (4, 5),
    'rational_polynomial': (8, 12, 14),
    'equidistant': (4,),
}
ASPECT_TOLERANCE = 0.02  # 960x544 is a whole 1920x1080 picture, 640x480 is not
# Of the width: below it the lens would see more than 157 degrees without distortion, or is a
# fisheye of more than 10 radians. A matrix of ones and zeros, which is no calibration, has this.
MIN_FOCAL_WIDTHS = 0.1
# The principal point of a whole sensor lies near its middle; this is how far off it may be, as a
# fraction of the sensor.
MAX_OFF_CENTER = 0.25


@dataclass(frozen=True)
class Intrinsics:
    """
    How a camera maps its optical frame (x right, y down, z ahead) onto its picture.

    :param width: of the picture in pixels; a picture of another size is taken for the same view
    :param height: of the picture in pixels
    :param fx: focal length in pixels, along x
    :param fy: focal length in pixels, along y
    :param cx: principal point in pixels, 0 in the middle of the leftmost pixel
    :param cy: principal point in pixels, 0 in the middle of the topmost pixel
    :param distortion: OpenCV's coefficients, k1 k2 p1 p2 ..., or k1 k2 k3 k4 of a fisheye lens;
        empty when there is none
    :param is_fisheye: the lens is equidistant (OpenCV's fisheye); rays nearly at a right angle
        to the axis, and beyond, cannot be had
    :raises ValueError: when the size or a focal length is not above zero
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()
    is_fisheye: bool = False

    def __post_init__(self) -> None:
        """Refuse what a camera that was never calibrated publishes."""
        if self.width <= 0 or self.height <= 0:
            raise ValueError(
                f'camera_info: wanted the size of the picture, got '
                f'{self.width}x{self.height}: set width and height'
            )
        if not (0 < self.fx < np.inf and 0 < self.fy < np.inf):
            raise ValueError(
                f'camera_info: wanted focal lengths above 0 in k, got {self.fx:g} and '
                f'{self.fy:g}: calibrate the camera, or state its field of view'
            )
        if not all(map(isfinite, (self.cx, self.cy, *self.distortion))):
            raise ValueError(f'camera_info: wanted finite numbers in k and d, got {self}')

    @classmethod
    def from_camera_info(cls, info: CameraInfo, rectified: bool = False) -> Intrinsics:
        """
        Read a calibration.

        Its `k` and `d` are those of the full sensor, as sensor_msgs/CameraInfo says: `roi` is cut
        out, and then `binning_x` by `binning_y` pixels become one.

        :param info: with distortion model plumb_bob, rational_polynomial or equidistant; or with
            any, also an empty one, when `d` is empty or zero
        :param rectified: the picture was rectified (image_rect): `p` describes it, and there is
            no distortion
        :raises ValueError: when the camera is not calibrated, or its distortion model is unknown
            or does not fit its coefficients
        """
        fx, cx, fy, cy = (
            (float(info.p[i]) for i in (0, 2, 5, 6))
            if rectified
            else (float(info.k[i]) for i in (0, 2, 4, 5))
        )
        distortion, is_fisheye = ((), False) if rectified else _distortion(info)
        bin_x, bin_y = max(info.binning_x, 1), max(info.binning_y, 1)
        if bin_x > 1 or bin_y > 1:
            _require_whole_sensor(info, cx, cy)
        roi = info.roi
        made = cls(
            (roi.width or info.width) // bin_x,
            (roi.height or info.height) // bin_y,
            fx / bin_x,
            fy / bin_y,
            (cx - roi.x_offset + 0.5) / bin_x - 0.5,
            (cy - roi.y_offset + 0.5) / bin_y - 0.5,
            distortion,
            is_fisheye,
        )
        if made.fx < MIN_FOCAL_WIDTHS * made.width:
            raise ValueError(
                f'camera_info: wanted focal lengths in pixels in k, got {made.fx:g} for a picture '
                f'of {made.width}x{made.height}: calibrate the camera, or state its field of view'
            )
        return made

    @classmethod
    def from_fov(cls, width: int, height: int, horizontal_fov_deg: float) -> Intrinsics:
        """
        Return an ideal camera: square pixels, no distortion, its axis in the picture's middle.

        :param horizontal_fov_deg: angle between the left and the right edge, above 0, below 180
        :raises ValueError: when it is not
        """
        if not 0 < horizontal_fov_deg < 180:
            raise ValueError(
                f'horizontal field of view: wanted above 0 and below 180 degrees, '
                f'got {horizontal_fov_deg:g}'
            )
        focal_px = width / 2 / tan(radians(horizontal_fov_deg) / 2)
        return cls(width, height, focal_px, focal_px, (width - 1) / 2, (height - 1) / 2)

    def require_aspect(self, width: int, height: int) -> None:
        """
        Check that a picture can be the same view, larger or smaller.

        :raises ValueError: when its sides are in another proportion
        """
        if not is_same_view(width, height, self.width, self.height):
            raise ValueError(
                f'camera_info: wanted one that describes the picture of {width}x{height}, got one '
                f'for {self.width}x{self.height}, which shows another part of the world'
            )

    def rays(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """
        Return the directions in which points of the picture are seen.

        :param points: (..., 2), x and y as fractions of the picture's width and height
        :returns: float64 (..., 3), unit vectors in the optical frame; where a point is outside
            [0, 1], as through a lens without distortion, whose model says nothing there
        """
        rays = np.ones((*points.shape[:-1], 3))
        rays[..., :2] = points * (self.width / self.fx, self.height / self.fy) - (
            (self.cx + 0.5) / self.fx,
            (self.cy + 0.5) / self.fy,
        )
        if self.distortion or self.is_fisheye:
            camera = np.array(((self.fx, 0, self.cx), (0, self.fy, self.cy), (0, 0, 1)), float)
            undistort = cv2.fisheye.undistortPoints if self.is_fisheye else cv2.undistortPoints
            points_px = points * (self.width, self.height) - 0.5
            straight = undistort(points_px.reshape(-1, 1, 2), camera, np.array(self.distortion))
            inside = np.all((points >= 0) & (points <= 1), axis=-1)
            rays[inside, :2] = straight.reshape(points.shape)[inside]
        return rays / np.sqrt(np.einsum('...i,...i->...', rays, rays))[..., None]


def is_same_view(width: int, height: int, other_width: int, other_height: int) -> bool:
    """Say whether two pictures can show the same, one larger than the other: by proportions."""
    return abs(width * other_height / (height * other_width) - 1) <= ASPECT_TOLERANCE


def _require_whole_sensor(info: CameraInfo, cx: float, cy: float) -> None:
    """Refuse a `k` that is already that of the picture in which pixels were binned."""
    width, height = max(info.width, 1), max(info.height, 1)
    if max(abs(cx / width - 0.5), abs(cy / height - 0.5)) > MAX_OFF_CENTER:
        raise ValueError(
            f'camera_info: wanted a k of the whole sensor of {info.width}x{info.height}, because '
            f'binning is {info.binning_x}x{info.binning_y}, got one with its middle at {cx:g}, '
            f'{cy:g}: size and binning contradict the picture that k describes'
        )


def _distortion(info: CameraInfo) -> tuple[tuple[float, ...], bool]:
    """Return the coefficients, and whether they are those of a fisheye lens."""
    model = str(info.distortion_model)
    coefficients = tuple(map(float, info.d))
    is_fisheye = model == 'equidistant'
    if not is_fisheye and not any(coefficients):
        return (), False
    if model not in DISTORTION_LENGTHS:
        raise ValueError(
            f'camera_info: wanted the distortion model '
            f'{", ".join(DISTORTION_LENGTHS)}, got {quoted(model)}: rectify the pictures'
        )
    if len(coefficients) not in DISTORTION_LENGTHS[model]:
        raise ValueError(
            f'camera_info: wanted {" or ".join(map(str, DISTORTION_LENGTHS[model]))} '
            f'coefficients of {model}, got {len(coefficients)}'
        )
    return coefficients, is_fisheye
