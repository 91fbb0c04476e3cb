# SPDX-License-Identifier: Apache-2.0
"""
Measures with a depth image how much farther away people are than they seem in the image.

Each landmark's measured depth over its expected one tells the scale of the body, if it is the
person's surface that was measured. The median over the landmarks, most of all the torso, decides
which they are, and their mean, reweighted once, is the scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.following.landmark_weights import HIPS, error_of_mean, mean, per_landmark
from pose_ros.images.depth import depths_around, weighted_medians
from pose_ros.poses.geometry import EPSILON
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import TORSO, Landmark

__all__ = ['SeenBodies', 'measure_scale']

SURFACE_STD_M = 0.03  # what clothes, build and aspect add to SURFACE_M or take from it
SCALE_RANGE = (0.5, 1.5)  # measured depth over that of an average body: from children to giants
# A landmark that is further off what most of them say loses weight, as Geman and McClure have it:
# twice the 0.05 that SURFACE_STD_M and MediaPipe's own error along the line of sight make.
AGREEMENT_M = 0.1
ITERATIONS = 2
MIN_AGREEMENT = 0.5  # sum of weights, of which a torso landmark in full view has a half
# How far before the middle of the body a landmark is probably seen, and behind it hidden. As much
# as the torso is thick: with less, those that MediaPipe errs to put nearer would be preferred.
NEAR_SIDE_M = 0.1

# From a landmark to the surface that a depth camera sees: joints are inside the body, the face is
# on it. Half an upper arm, half a forearm or shank. For hips the front: of a pelvis 0.15 deep,
# Harrington's regression (2007) has 0.046 before the joint, hence 0.104 behind it; the skin there
# is 0.010 and 0.020 thick (Mantovani 2016); clothes add a little.
SURFACE_M = per_landmark(torso=0.07, limbs=0.04, others=0.01)
HIPS_BEHIND_M = 0.06  # by which their surface is further away as seen from behind

# From the right side of the torso to the left, and from the shoulders down to the hips.
TORSO_AXES = np.zeros((2, len(Landmark)), np.float32)
TORSO_AXES[:, TORSO] = ((1, -1, 1, -1), (-1, -1, 1, 1))


@dataclass(frozen=True)
class SeenBodies:
    """
    N bodies where the image alone has them.

    :param body_m: (N, 33, 3), the world landmarks along the axes of the optical frame
    :param places_m: (N, 3), of the hip midpoints in the optical frame
    :param errors_m: (N,), of the places; NaN where a place is unknown
    :param misfits: (N, 33), the landmarks' squared distances from their rays, square metres
    :param weights: (N, 33), of the landmarks
    """

    body_m: NDArray[np.float64]
    places_m: NDArray[np.float64]
    errors_m: NDArray[np.float64]
    misfits: NDArray[np.float64]
    weights: NDArray[np.float64]


def measure_scale(
    result: Poses, seen: SeenBodies, depth: NDArray[Any], unit_m: float, focal_px: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return how much further away people are than they seem, and the errors of their positions.

    :param depth: (H, W) along the optical axis, aligned to the image, of any size; a hole is NaN,
        infinite or not above 0
    :param unit_m: of the depth image, metres
    :param focal_px: in pixels of the depth image
    :returns: factors (N,), NaN where the depth image does not tell, and errors (N,) in metres
    """
    scales, expected_m, believed = _landmark_scales(result, seen, depth, unit_m, focal_px)
    scale = weighted_medians(scales, believed)
    for _ in range(ITERATIONS):
        squares = ((scales - scale[:, None]) * expected_m) ** 2
        agreeing = believed / (1 + squares / AGREEMENT_M**2) ** 2
        scale = mean(scales, agreeing)
    agreement = agreeing.sum(axis=1)
    # Off the line of sight the error is that of the image.
    across = error_of_mean(seen.misfits, seen.weights) * scale**2
    # Without a majority anybody may be right.
    majority = agreement > believed.sum(axis=1) / 2
    along = np.where(majority, error_of_mean(squares, agreeing), mean(squares, believed))
    errors = np.sqrt(SURFACE_STD_M**2 + along + across)
    told = (agreement > MIN_AGREEMENT) & (majority | (errors < seen.errors_m))
    return np.where(told & ~np.isnan(seen.errors_m), scale, np.nan), errors


def _landmark_scales(
    result: Poses, seen: SeenBodies, depth: NDArray[Any], unit_m: float, focal_px: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """
    Return what each landmark's depth says.

    :returns: (N, 33) each: measured depth over the expected one, 0 where there is none; the
        expected depths in metres; and how far a landmark is believed, 0 where there is no depth
    """
    behind_m = seen.body_m[:, :, 2]
    expected_m = behind_m + seen.places_m[:, 2, None]
    measured_m = depths_around(depth, result.landmarks[:, :, :2], expected_m, focal_px, unit_m)
    measured_m[:, HIPS] += (HIPS_BEHIND_M * _turned_away(result))[:, None]
    scales = (measured_m + SURFACE_M) / np.where(expected_m > 0, expected_m, np.inf)
    scales[~((scales > SCALE_RANGE[0]) & (scales < SCALE_RANGE[1]))] = 0
    # The near side of a body hides the far one, whatever its visibility says.
    believed = seen.weights * (scales > 0) / (1 + np.exp(behind_m / NEAR_SIDE_M))
    return scales, expected_m, believed


def _turned_away(result: Poses) -> NDArray[np.float64]:
    """Return the cosines (N,) between line of sight and where the chest points, not below 0."""
    cosines = []
    for (lx, ly, lz), (dx, dy, dz) in (TORSO_AXES @ result.world_landmarks[:, :, :3]).tolist():
        x, y, z = dy * lz - dz * ly, dz * lx - dx * lz, dx * ly - dy * lx  # the chest: down x left
        cosines.append(max(z, 0.0) / max(hypot(x, y, z), EPSILON))
    return np.array(cosines)
