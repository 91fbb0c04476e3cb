# SPDX-License-Identifier: Apache-2.0
"""Computes what a landmarker and a depth camera would report of people in front of cameras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.following.landmark_weights import HIPS
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.poses.geometry import viewing_rotations
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import CONNECTIONS, TORSO, Landmark

# World landmarks (3, 33, 3) that MediaPipe found in scikit-image's photographs: the astronaut,
# heavy and full, and the cameraman, lite.
BODIES_M = np.loadtxt(Path(__file__).with_name('world_landmarks.csv'), delimiter=',').reshape(
    -1, len(Landmark), 3
)

CAMERAS = {
    'ideal': Intrinsics.from_fov(640, 480, 62),
    'plumb_bob': Intrinsics(640, 480, 480, 482, 325, 236, (-0.32, 0.12, 0.001, -0.0005, -0.02)),
    'rational_polynomial': Intrinsics(
        1280, 720, 610, 611, 640, 365, (0.45, -2.5, 0.0008, -0.0003, 1.45, 0.33, -2.35, 1.38)
    ),
    'equidistant': Intrinsics(640, 480, 285, 286, 322, 243, (-0.01, 0.02, -0.01, 0.002), True),
}

HANDS = range(Landmark.LEFT_PINKY, Landmark.LEFT_HIP)


def turned(body_m: NDArray[Any], heading_rad: float) -> NDArray[np.float64]:
    """Return a body (..., 3) that turned around the vertical."""
    return body_m @ cv2.Rodrigues(np.array((0, heading_rad, 0), float))[0].T


def project(points_m: NDArray[Any], camera: Intrinsics) -> NDArray[np.float64]:
    """Return where points (..., 3) in the optical frame are seen, as fractions (..., 2)."""
    matrix = np.array(((camera.fx, 0, camera.cx), (0, camera.fy, camera.cy), (0, 0, 1)), float)
    project_points = cv2.fisheye.projectPoints if camera.is_fisheye else cv2.projectPoints
    points_px, _ = project_points(
        np.asarray(points_m, float).reshape(-1, 1, 3),
        np.zeros(3),
        np.zeros(3),
        matrix,
        np.array(camera.distortion or (0, 0, 0, 0), float),
    )
    pixels = points_px.reshape(*np.shape(points_m)[:-1], 2) + 0.5
    return pixels / (camera.width, camera.height)


def seen(
    bodies_m: NDArray[Any],
    positions: NDArray[Any],
    camera: Intrinsics,
    scales: NDArray[Any] | float = 1.0,
    visibility: float = 0.95,
) -> Poses:
    """
    Return what a perfect landmarker reports of N people.

    :param bodies_m: (N, 33, 3), around the hip midpoints, along the optical frame's axes
    :param positions: (N, 3), of the hip midpoints in the optical frame
    :param scales: (N,), how much larger the people are than the landmarker takes them for
    """
    people = len(positions)
    landmarks = np.full((people, len(Landmark), 5), visibility, np.float32)
    world = landmarks.copy()
    landmarks[:, :, :2] = project(bodies_m + positions[:, None], camera)
    landmarks[:, :, 2] = 0
    average_m = bodies_m / np.reshape(np.broadcast_to(scales, people), (-1, 1, 1))
    world[:, :, :3] = average_m @ viewing_rotations(positions)
    return Poses(landmarks, world)


def copies(result: Poses, count: int) -> Poses:
    """Return a result with each person that often."""
    return Poses(
        np.repeat(result.landmarks, count, axis=0),
        np.repeat(result.world_landmarks, count, axis=0),
    )


def with_noise(
    result: Poses,
    rng: np.random.Generator,
    world_std_m: float = 0.03,
    image_std_m: float = 0.015,
) -> Poses:
    """
    Return a result as inaccurate as a landmarker's.

    The midpoint of the hips stays the origin of the world landmarks: MediaPipe's is within 4 mm of
    it in the photographs.

    :param world_std_m: of each coordinate; the model card of BlazePose GHUM has 0.04 as the mean
        distance between a landmark and the truth
    :param image_std_m: of the image's landmarks, as a length on the person
    """
    world, landmarks = result.world_landmarks.copy(), result.landmarks.copy()
    off_m = rng.normal(0, world_std_m, world[:, :, :3].shape)
    off_m[:, HIPS] -= off_m[:, HIPS].mean(axis=1, keepdims=True)
    world[:, :, :3] += off_m
    scale = (landmarks[:, :, :2].std(axis=1) / world[:, :, :2].std(axis=1))[:, None]
    landmarks[:, :, :2] += rng.normal(0, image_std_m, landmarks[:, :, :2].shape) * scale
    return Poses(landmarks, world)


def depth_image(
    bodies_m: NDArray[Any],
    positions: NDArray[Any],
    camera: Intrinsics,
    wall_m: float = np.inf,
) -> NDArray[np.float32]:
    """
    Return what a perfect depth camera measures of N people in front of a wall.

    :param camera: without distortion
    :returns: float32 (H, W) in metres; infinite where there is nothing
    """
    depth_m = np.full((camera.height, camera.width), wall_m, np.float32)
    for body_m in bodies_m + positions[:, None]:
        for center_m, radius_m in _flesh(body_m):
            _draw_ball(depth_m, center_m, radius_m, camera)
    return depth_m


def with_holes(
    depth_m: NDArray[np.float32],
    rng: np.random.Generator,
    share: float = 0.3,
) -> NDArray[np.float32]:
    """Return the image with that share of its area missing, in blots and in single pixels."""
    height, width = depth_m.shape
    blots = cv2.resize(rng.random((height // 8, width // 8)), (width, height))
    missing = blots < np.quantile(blots, share * 0.7)
    missing |= rng.random(depth_m.shape) < share * 0.3
    return np.where(missing, np.float32(np.nan), depth_m)


def _flesh(body_m: NDArray[Any]) -> list[tuple[NDArray[Any], float]]:
    """
    Return balls that fill a body: centres and radii in metres.

    A hip joint has 8 cm of body before it and 14 cm behind, as in `following.position_fit`.
    """
    left_shoulder, right_shoulder, left_hip, right_hip = body_m[list(TORSO)]
    behind = np.cross(left_hip - right_hip, left_hip + right_hip - left_shoulder - right_shoulder)
    behind /= np.linalg.norm(behind)
    head = body_m[[Landmark.LEFT_EAR, Landmark.RIGHT_EAR]].mean(axis=0)
    balls = [(head, 0.09), ((head + body_m[Landmark.NOSE]) / 2, 0.07)]
    for down in np.linspace(0, 1, 9):
        left, right = (
            top + down * (bottom - top)
            for top, bottom in ((left_shoulder, left_hip), (right_shoulder, right_hip))
        )
        radius_m = 0.06 + 0.02 * down
        balls += [
            (left + across * (right - left) + deep_m * behind, radius_m)
            for across in np.linspace(0, 1, 7)
            for deep_m in (0, 0.06 * down)
        ]
    for start, end in CONNECTIONS:
        if start > Landmark.MOUTH_RIGHT and not {start, end} <= set(TORSO):
            length_m = np.linalg.norm(body_m[end] - body_m[start])
            radius_m = 0.02 if end in HANDS else 0.045
            balls += [
                (body_m[start] + part * (body_m[end] - body_m[start]), radius_m)
                for part in np.linspace(0, 1, 2 + int(length_m / 0.03))
            ]
    return balls


def _draw_ball(
    depth_m: NDArray[np.float32],
    center_m: NDArray[Any],
    radius_m: float,
    camera: Intrinsics,
) -> None:
    """Put the near side of a ball into the depth image, where nothing is nearer."""
    x, y, z = center_m
    if z < 2 * radius_m:
        return
    reach = 1.2 * radius_m / z
    left, right = (
        int(np.clip(camera.fx * (x / z + side) + camera.cx, 0, camera.width))
        for side in (-reach, reach)
    )
    top, bottom = (
        int(np.clip(camera.fy * (y / z + side) + camera.cy, 0, camera.height))
        for side in (-reach, reach)
    )
    u = (np.arange(left, right) - camera.cx) / camera.fx
    v = ((np.arange(top, bottom) - camera.cy) / camera.fy)[:, None]
    square = u * u + v * v + 1
    along = u * x + v * y + z
    root = along**2 - square * (center_m @ center_m - radius_m**2)
    near_m = (along - np.sqrt(np.maximum(root, 0))) / square
    part = depth_m[top:bottom, left:right]
    part[...] = np.where(root > 0, np.minimum(part, near_m), part)
