# SPDX-License-Identifier: Apache-2.0
"""Says whether a camera_info or a depth image fits the image that it is meant for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.images.depth import depth_pixels
from pose_ros.images.frame import Frame, stamp_ns
from pose_ros.images.intrinsics import Intrinsics, is_same_view
from pose_ros.images.quoted import quoted

__all__ = ['DepthPixels', 'calibration', 'fitting_depth', 'fitting_intrinsics']


@dataclass(frozen=True)
class DepthPixels:
    """
    A depth image that fits.

    :param pixels: (H, W), distances along the optical axis; a hole is NaN, infinite or not above 0
    :param unit_m: of the pixels, metres
    """

    pixels: NDArray[Any]
    unit_m: float


def fitting_intrinsics(info: CameraInfo, rectified: bool, frame: Frame) -> Intrinsics:
    """
    Return the intrinsics of an image's camera.

    :param info: what the camera publishes beside its images
    :param rectified: the images are rectified; their intrinsics are in camera_info's `p`
    :raises ValueError: when they are no calibration, or that of another camera or picture
    """
    _require_frame_id('camera_info', info, frame)
    intrinsics = Intrinsics.from_camera_info(info, rectified)
    height, width = frame.rgb.shape[:2]
    intrinsics.require_aspect(width, height)
    return intrinsics


def fitting_depth(image: Image, slop_ns: int, frame: Frame) -> DepthPixels:
    """
    Return the pixels of a depth image that belongs to an image.

    :param image: the depth image
    :param slop_ns: nanoseconds that the two may be apart
    :raises ValueError: when it is of another time, another camera or another picture, or holds no
        usable depth
    """
    apart_ns = abs(stamp_ns(image.header) - frame.stamp_ns)
    if apart_ns > slop_ns:
        raise ValueError(
            f'the nearest depth image is {apart_ns / 1e9:.3f} s away, depth_slop is '
            f'{slop_ns / 1e9:g} s'
        )
    _require_frame_id('depth', image, frame)
    height, width = frame.rgb.shape[:2]
    if image.width and image.height and not is_same_view(image.width, image.height, width, height):
        raise ValueError(
            f'depth: wanted the proportions of the image of {width}x{height}, got '
            f'{image.width}x{image.height}: {REGISTERED}'
        )
    return DepthPixels(*depth_pixels(image))


REGISTERED = "remap depth to the camera's registered (aligned) depth image"


def calibration(info: CameraInfo) -> tuple[object, ...]:
    """Return what intrinsics are made from: all but the stamp."""
    roi = info.roi
    return (
        info.header.frame_id,
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


def _require_frame_id(name: str, message: CameraInfo | Image, frame: Frame) -> None:
    """Check that a message is of the image's camera; a frame_id that is empty says nothing."""
    wanted, got = frame.header.frame_id, message.header.frame_id
    if wanted and got and wanted != got:
        advice = REGISTERED if name == 'depth' else 'remap camera_info to that of the images'
        raise ValueError(
            f'{name}: wanted one in the frame of the image, {quoted(wanted)}, '
            f'got {quoted(got)}: {advice}'
        )
