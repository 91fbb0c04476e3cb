# SPDX-License-Identifier: Apache-2.0
"""Reads a calibration file, or makes the `CameraInfo` of an ideal camera from a field of view."""

from __future__ import annotations

from collections.abc import Mapping
from math import radians, tan
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from sensor_msgs.msg import CameraInfo
import yaml

__all__ = ['CalibrationError', 'ideal_camera_info', 'load_camera_info']


class CalibrationError(ValueError):
    """A calibration file is missing or not what it should be; the text says what was wanted."""


def ideal_camera_info(width: int, height: int, horizontal_fov_deg: float) -> CameraInfo:
    """
    Return the intrinsics of a pinhole camera with square pixels that looks along its axis.

    :param width: of the image in pixels
    :param height: of the image in pixels
    :param horizontal_fov_deg: angle between the left and the right edge, above 0 and below 180
    """
    focal_px = width / 2 / tan(radians(horizontal_fov_deg) / 2)
    k = [focal_px, 0.0, (width - 1) / 2, 0.0, focal_px, (height - 1) / 2, 0.0, 0.0, 1.0]
    return CameraInfo(
        width=width,
        height=height,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=k,
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[*k[0:3], 0.0, *k[3:6], 0.0, *k[6:9], 0.0],
    )


def load_camera_info(url: str) -> CameraInfo:
    """
    Read a YAML file as camera_calibration writes it.

    :param url: a path, file:///absolute/path or package://package/path
    :raises CalibrationError: when there is no such file, or it is not a calibration
    """
    path = _path(url)
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise CalibrationError(
            f'{url}: wanted a camera_calibration YAML file: {error.strerror}'
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CalibrationError(
            f'{url}: wanted a camera_calibration YAML file: {" ".join(str(error).split())}',
        ) from error
    try:
        return CameraInfo(
            width=_positive(content, 'image_width'),
            height=_positive(content, 'image_height'),
            distortion_model=str(_entry(content, 'distortion_model')),
            d=_numbers(content, 'distortion_coefficients'),
            k=_numbers(content, 'camera_matrix', 9),
            r=_numbers(content, 'rectification_matrix', 9),
            p=_numbers(content, 'projection_matrix', 12),
        )
    except ValueError as error:
        raise CalibrationError(f'{url}: {error}') from error


def _path(url: str) -> Path:
    if url.startswith('package://'):
        package, _, rest = url.removeprefix('package://').partition('/')
        try:
            return Path(get_package_share_directory(package), rest)
        except (PackageNotFoundError, ValueError) as error:
            raise CalibrationError(f'{url}: there is no package {package!r}') from error
    return Path(url.removeprefix('file://')).expanduser()


def _entry(content: Any, key: str) -> Any:
    if not isinstance(content, Mapping) or key not in content:
        raise ValueError(f'wanted an entry {key}, got none')
    return content[key]


def _positive(content: Any, key: str) -> int:
    value = _entry(content, key)
    if not isinstance(value, int) or not 0 < value < 2**32:
        raise ValueError(f'{key}: wanted a number of pixels, got {value!r}')
    return value


def _numbers(content: Any, key: str, count: int | None = None) -> list[float]:
    data = _entry(_entry(content, key), 'data')
    if not isinstance(data, list) or not all(isinstance(value, int | float) for value in data):
        raise ValueError(f'{key}: wanted a list of numbers in data, got {data!r}')
    if count is not None and len(data) != count:
        raise ValueError(f'{key}: wanted {count} numbers, got {len(data)}')
    return [float(value) for value in data]
