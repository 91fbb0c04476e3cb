# SPDX-License-Identifier: Apache-2.0
"""
Scales people to the height that they are known to have.

MediaPipe takes everybody for a person of average size: a man of 1.72 m and a figure of 1.40 m,
filmed by four calibrated cameras, get the same body, within its changes from view to view.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import Landmark

__all__ = ['HEIGHT_STD', 'scaled_to', 'segments_m']

# Standing height over shank, thigh and trunk between MediaPipe's landmarks, which are not those
# of anatomy. Triangulated from four cameras (docs/benchmarks.md): 1.337 for a man of 1.72 m, 1.340
# for a figure of 1.40 m.
HEIGHT_PER_SEGMENTS = 1.34
# Relative standard deviation of a distance of somebody whose height is known. In the same videos
# the median error is 0.025 for the man and 0.05 for the figure, most of it from where the camera
# stands; with the misfit of the landmarks, 95 % of the positions are within two standard errors.
HEIGHT_STD = 0.04

# Body sizes that make sense relative to MediaPipe's; landmarks beyond are no body.
SCALE_RANGE = (0.2, 3.0)

SEGMENTS = (
    (Landmark.LEFT_ANKLE, Landmark.LEFT_KNEE),
    (Landmark.RIGHT_ANKLE, Landmark.RIGHT_KNEE),
    (Landmark.LEFT_KNEE, Landmark.LEFT_HIP),
    (Landmark.RIGHT_KNEE, Landmark.RIGHT_HIP),
)
SHOULDERS = slice(Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER + 1)
HIPS = slice(Landmark.LEFT_HIP, Landmark.RIGHT_HIP + 1)


def segments_m(body_m: NDArray[np.floating]) -> NDArray[np.float64]:
    """
    Return the lengths of shank, thigh and trunk together, means of left and right, in metres.

    They do not change when somebody bends, sits or lies.

    :param body_m: (N, 33, 3)
    :returns: (N,)
    """
    starts, ends = zip(*SEGMENTS, strict=True)
    legs = np.linalg.norm(body_m[:, list(starts)] - body_m[:, list(ends)], axis=2).sum(axis=1) / 2
    trunk = body_m[:, SHOULDERS].mean(axis=1) - body_m[:, HIPS].mean(axis=1)
    return np.asarray(legs + np.linalg.norm(trunk, axis=1), np.float64)


def scaled_to(result: Poses, height_m: float) -> Poses:
    """
    Return people whose world landmarks are those of bodies of that height.

    :param height_m: standing height of everybody, metres; 0: not known, nothing is changed
    """
    if not (height_m and len(result)):
        return result
    world = result.world_landmarks.copy()
    with np.errstate(all='ignore'):  # landmarks that are not finite stay so
        scale = height_m / (HEIGHT_PER_SEGMENTS * segments_m(world[:, :, :3]))
        scale = np.where(np.isfinite(scale), np.clip(scale, *SCALE_RANGE), 1.0)
        world[:, :, :3] *= scale[:, None, None].astype(np.float32)
    return replace(result, world_landmarks=world)
