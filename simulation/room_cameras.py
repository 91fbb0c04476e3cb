# SPDX-License-Identifier: Apache-2.0
"""
Reads the calibration of the room's four cameras, and triangulates what they see.

The videos do not quite fit the calibration that comes with them: ten fixed points of the platform
are triangulated with a median residual of 10 px, the same way in all frames. Each camera's
picture is displaced. With the displacements below, fitted to these points, the residual is 1.3 px,
and that of the man's landmarks, which took no part in the fit, falls from 12 to 7 px.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ['RoomCamera', 'read_room_cameras', 'triangulate']

SUBPIXELS = 64.0  # Qualisys gives intrinsics in 64ths of a pixel

# x and y of what is added to a point in cam1 to cam4 to make it fit the calibration, in pixels;
# the smallest displacements that do. The two sets were cropped in different ways.
DISPLACEMENTS_PX = {
    'single': ((-14.9, -2.6), (9.0, 5.0), (-1.1, -8.2), (-8.9, 10.1)),
    'multi': ((-16.7, -1.7), (9.9, 3.9), (-1.0, -2.8), (-8.6, 8.1)),
}
WIDTHS = {'single': (1080, 1080, 1088, 1088), 'multi': (1088, 1088, 1088, 1088)}


@dataclass(frozen=True)
class RoomCamera:
    """
    A calibrated pinhole camera.

    Its frame is an optical frame: x to the right, y down, z forwards. The room's z is up.

    :param name: cam1 to cam4
    :param width: of its pictures in pixels, likewise height
    :param matrix: fx, cx, fy and cy in pixels, (3, 3)
    :param distortion: k1, k2, p1, p2 of the plumb_bob model
    :param rotation: from the room to the optical frame, (3, 3)
    :param translation_m: of the room's origin in the optical frame, (3,)
    """

    name: str
    width: int
    height: int
    matrix: NDArray[np.float64]
    distortion: NDArray[np.float64]
    rotation: NDArray[np.float64]
    translation_m: NDArray[np.float64]

    def in_optical_frame(self, room_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points of the room (..., 3) in the optical frame, in metres."""
        return room_m @ self.rotation.T + self.translation_m

    def project(self, room_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points of the room (..., 3) are seen, (..., 2) in pixels."""
        xyz_m = self.in_optical_frame(room_m).reshape(-1, 3)
        points_px, _ = cv2.projectPoints(
            xyz_m, np.zeros(3), np.zeros(3), self.matrix, self.distortion
        )
        return points_px.reshape(*room_m.shape[:-1], 2)

    def rays(self, points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return x / z and y / z of what is seen at points (..., 2), (..., 2)."""
        undistorted = cv2.undistortPoints(
            points_px.reshape(-1, 1, 2), self.matrix, self.distortion
        )
        return undistorted.reshape(points_px.shape)


def read_room_cameras(path: Path, videos: str = 'multi') -> tuple[RoomCamera, ...]:
    """
    Return the cameras cam1 to cam4 of the calibration file, with their pictures' displacements.

    :param videos: `single` or `multi`, the set of recordings that the cameras are for
    :raises ValueError: when the set is another, or the file lacks something
    """
    if videos not in WIDTHS:
        raise ValueError(f'wanted single or multi, got {videos!r}')
    elements = ElementTree.parse(path).getroot().iterfind('cameras/camera')
    cameras = sorted((_camera(each) for each in elements), key=lambda camera: camera.name)
    moved = []
    for camera, (x, y), width in zip(
        cameras, DISPLACEMENTS_PX[videos], WIDTHS[videos], strict=True
    ):
        matrix = camera.matrix - np.array([[0, 0, x], [0, 0, y], [0, 0, 0]])
        moved.append(replace(camera, matrix=matrix, width=width))
    return tuple(moved)


def _camera(element: ElementTree.Element) -> RoomCamera:
    view = _numbers(element, 'fov_video')
    inner = {name: value / SUBPIXELS for name, value in _numbers(element, 'intrinsic').items()}
    outer = _numbers(element, 'transform')
    # The file's camera looks along -z and its y is up; and its matrix lies column by column.
    to_room = np.array([[outer[f'r{column}{row}'] for column in (1, 2, 3)] for row in (1, 2, 3)])
    to_optical = np.diag((1.0, -1.0, -1.0)) @ to_room.T
    place_m = np.array([outer['x'], outer['y'], outer['z']]) / 1000.0
    return RoomCamera(
        element.attrib['serial'].replace('cam0', 'cam'),
        round(view['right'] - view['left'] + 1),
        round(view['bottom'] - view['top'] + 1),
        np.array(
            [
                [inner['focalLengthU'], 0, inner['centerPointU'] - view['left']],
                [0, inner['focalLengthV'], inner['centerPointV'] - view['top']],
                [0, 0, 1],
            ]
        ),
        np.array(
            [
                inner['radialDistortion1'],
                inner['radialDistortion2'],
                inner['tangentalDistortion1'],
                inner['tangentalDistortion2'],
            ]
        ),
        to_optical,
        -to_optical @ place_m,
    )


def _numbers(element: ElementTree.Element, tag: str) -> dict[str, float]:
    child = element.find(tag)
    if child is None:
        raise ValueError(f'{element.attrib.get("serial")}: wanted <{tag}>, found none')
    return {name: float(value) for name, value in child.attrib.items()}


def triangulate(
    cameras: tuple[RoomCamera, ...],
    points_px: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Return the points of the room that several cameras see, (n, 3) in metres.

    The weighted least squares solution of the projection equations of all cameras.

    :param points_px: what each camera sees, (cameras, n, 2)
    :param weights: of each sighting, (cameras, n), at least two above 0 for each point
    """
    rows, ones = [], []
    for camera, points in zip(cameras, points_px, strict=True):
        for axis, ray in enumerate(camera.rays(points).T):
            rows.append(ray[:, None] * camera.rotation[2] - camera.rotation[axis])
            ones.append(camera.translation_m[axis] - ray * camera.translation_m[2])
    twice = np.repeat(weights, 2, axis=0).T
    matrix = np.stack(rows, axis=1) * twice[..., None]
    right = np.stack(ones, axis=1) * twice
    return np.stack(
        [
            np.linalg.lstsq(each, side, rcond=None)[0]
            for each, side in zip(matrix, right, strict=True)
        ]
    )
