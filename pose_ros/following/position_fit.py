# SPDX-License-Identifier: Apache-2.0
"""
A `Poses`, the camera's intrinsics and, if there is one, a depth image in; positions out.

MediaPipe's landmark model sees each person in a crop of its own, as if the camera had turned to
them: its world landmarks are in a frame whose z axis is the line of sight, not the optical axis.
They are turned by the shortest rotation that takes the one to the other before they are placed.
The middle of the crop is the middle of the hips, also where these are hidden or out of the image.
"""

from __future__ import annotations

from dataclasses import replace
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.images.depth import depths_around, weighted_medians
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.poses.geometry import EPSILON, turned
from pose_ros.poses.poses import Poses, PositionSource
from pose_ros.poses.skeleton import Landmark

__all__ = ['Intrinsics', 'place']

# Relative standard deviation of the size of a body that MediaPipe took for an average one. Stature
# in the US National Health and Nutrition Examination Survey of 2015-2018: men 175 +- 7.5, women
# 161 +- 7 cm, together 6 %; proportions, and MediaPipe's average, add to it. Without children.
BODY_SCALE_STD = 0.08

# Metres between a landmark and its ray. Real photographs leave 0.03 as their weighted root mean
# square; what misses by more than 0.06 loses weight.
MISFIT_M = 0.06
MIN_RESIDUAL_M = 0.02
ITERATIONS = 3
MIN_LANDMARKS = 4  # in the image and visible
MAX_RELATIVE_ERROR = 0.5  # a position with a larger error says nothing

SURFACE_STD_M = 0.03  # what clothes, build and aspect add to SURFACE_M or take from it
SCALE_RANGE = (0.5, 1.5)  # measured depth over that of an average body: from children to giants
# A landmark that is further off what most of them say loses weight, as Geman and McClure have it:
# twice the 0.05 that SURFACE_STD_M and MediaPipe's own error along the line of sight make.
AGREEMENT_M = 0.1
DEPTH_ITERATIONS = 2
MIN_AGREEMENT = 0.5  # sum of weights, of which a torso landmark in full view has a half
# How far before the middle of the body a landmark is probably seen, and behind it hidden. As much
# as the torso is thick: with less, those that MediaPipe errs to put nearer would be preferred.
NEAR_SIDE_M = 0.1

AXES = np.eye(3)  # of the optical frame: right, down, ahead
Place = tuple[float, float, float]

TORSO = (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER, Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
LIMBS = (
    *range(Landmark.LEFT_ELBOW, Landmark.LEFT_PINKY),
    *range(Landmark.LEFT_KNEE, Landmark.LEFT_HEEL),
)


def _per_landmark(torso: float, limbs: float, others: float) -> NDArray[np.float64]:
    return np.array(
        [torso if each in TORSO else limbs if each in LIMBS else others for each in Landmark]
    )


# The landmarks of face, hands and feet are many, and each group moves as one.
TRUST = _per_landmark(torso=1.0, limbs=0.5, others=0.15)

# From a landmark to the surface that a depth camera sees: joints are inside the body, the face is
# on it. Half an upper arm, half a forearm or shank. For hips the front: of a pelvis 0.15 deep,
# Harrington's regression (2007) has 0.046 before the joint, hence 0.104 behind it; the skin there
# is 0.010 and 0.020 thick (Mantovani 2016); clothes add a little.
SURFACE_M = _per_landmark(torso=0.07, limbs=0.04, others=0.01)
HIPS = slice(Landmark.LEFT_HIP, Landmark.RIGHT_HIP + 1)
HIPS_BEHIND_M = 0.06  # by which their surface is further away as seen from behind

# From the right side of the torso to the left, and from the shoulders down to the hips.
TORSO_AXES = np.zeros((2, len(Landmark)), np.float32)
TORSO_AXES[:, TORSO] = ((1, -1, 1, -1), (-1, -1, 1, 1))


def place(
    result: Poses,
    intrinsics: Intrinsics,
    width: int,
    height: int,
    depth: NDArray[Any] | None = None,
    unit_m: float = 1.0,
) -> Poses:
    """
    Place each person where the metric world landmarks, seen by the camera, meet the image's.

    The position is what moves the world landmarks nearest to the rays of the landmarks: linear
    least squares on their distances in metres, weighted by visibility, and then twice more also by
    how well a landmark fits. Its error is that of the residuals, of which those of one person
    count as a single observation, and that of a body of unknown size.

    A depth image corrects the positions along their lines of sight: each landmark's measured depth
    over its expected one tells the scale of the body, if it is the person's surface that was
    measured. The median over the landmarks, most of all the torso, decides which they are, and
    their mean, reweighted once, corrects the position. Where less than half of their weight
    agrees, that counts if it still has the smaller error.

    :param result: N people
    :param intrinsics: of the camera
    :param width: of the image in pixels; so is the height
    :param depth: (H, W) along the optical axis, aligned to the image, of any size; a hole is NaN,
        infinite or not above 0
    :param unit_m: of the depth image, metres
    :returns: the same with positions, their errors, and as their source CAMERA_INFO or, where the
        depth image shows the person, DEPTH; NaN and NONE for a person of whom too little is seen
    :raises ValueError: when the intrinsics are those of an image with other proportions
    """
    intrinsics.require_aspect(width, height)
    if not len(result):
        return result
    rays, weights = _observations(result, intrinsics)
    body_m = turned(result.world_landmarks[:, :, :3], rays[:, HIPS].sum(axis=1))
    forms = _quadratic_forms(rays, body_m)
    fitted = weights
    for _ in range(ITERATIONS):
        places, variance = _lowest((fitted[:, None] @ forms)[:, 0])
        misfits = np.maximum(forms @ _monomials(places), 0)[:, :, 0]
        fitted = weights / (1 + misfits / MISFIT_M**2)
    ahead = np.array(places)
    residual = np.maximum(_mean(misfits, fitted), MIN_RESIDUAL_M**2) / 2  # of one coordinate
    variance *= fitted.sum(axis=1)  # all landmarks together count as one observation
    distances_m = np.sqrt(np.einsum('ni,ni->n', ahead, ahead))
    errors = np.sqrt(residual * variance + (BODY_SCALE_STD * distances_m) ** 2)
    seen = (weights >= 0.5 * TRUST).sum(axis=1) >= MIN_LANDMARKS
    known = seen & (ahead[:, 2] > 0) & (errors < MAX_RELATIVE_ERROR * distances_m)
    positions = np.where(known[:, None], ahead, np.nan)
    errors[~known] = np.nan
    sources = known * np.uint8(PositionSource.CAMERA_INFO)
    if depth is not None and known.any():
        scale, corrected_errors = _by_depth(
            result,
            body_m,
            np.where(known[:, None], ahead, AXES[2]),
            misfits,
            errors,
            weights,
            depth,
            intrinsics.fx / intrinsics.width * depth.shape[1],
            unit_m,
        )
        corrected = ~np.isnan(scale)
        positions[corrected] *= scale[corrected, None]
        errors[corrected] = corrected_errors[corrected]
        sources[corrected] = PositionSource.DEPTH
    return replace(result, positions=positions, position_errors=errors, position_sources=sources)


def _by_depth(
    result: Poses,
    body_m: NDArray[np.float64],
    before_m: NDArray[np.float64],
    misfits: NDArray[np.float64],
    errors_before: NDArray[np.float64],
    weights: NDArray[np.float64],
    depth: NDArray[Any],
    focal_px: float,
    unit_m: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Return how much further away people are than they seem, and the errors of their positions.

    :param body_m: (N, 33, 3), the world landmarks along the axes of the optical frame
    :param before_m: (N, 3), where the image has the people
    :param misfits: (N, 33), the landmarks' squared distances from their rays, there
    :param errors_before: (N,), of the positions; NaN where there is none
    :param focal_px: in pixels of the depth image
    :returns: factors (N,), NaN where the depth image does not tell, and errors (N,) in metres
    """
    away_m = before_m[:, 2]
    expected_m = body_m[:, :, 2] + away_m[:, None]
    measured_m = depths_around(depth, result.landmarks[:, :, :2], expected_m, focal_px, unit_m)
    measured_m[:, HIPS] += (HIPS_BEHIND_M * _turned_away(result))[:, None]
    scales = (measured_m + SURFACE_M) / np.where(expected_m > 0, expected_m, np.inf)
    scales[~((scales > SCALE_RANGE[0]) & (scales < SCALE_RANGE[1]))] = 0
    # The near side of a body hides the far one, whatever its visibility says.
    behind_m = expected_m - away_m[:, None]
    believed = weights * (scales > 0) / (1 + np.exp(behind_m / NEAR_SIDE_M))

    scale = weighted_medians(scales, believed)
    for _ in range(DEPTH_ITERATIONS):
        squares = ((scales - scale[:, None]) * expected_m) ** 2
        agreeing = believed / (1 + squares / AGREEMENT_M**2) ** 2
        scale = _mean(scales, agreeing)
    agreement = agreeing.sum(axis=1)
    # Off the line of sight the error is that of the image.
    across = _error_of_mean(misfits, weights) * scale**2
    # Without a majority anybody may be right.
    majority = agreement > believed.sum(axis=1) / 2
    along = np.where(majority, _error_of_mean(squares, agreeing), _mean(squares, believed))
    errors = np.sqrt(SURFACE_STD_M**2 + along + across)
    told = (agreement > MIN_AGREEMENT) & (majority | (errors < errors_before))
    return np.where(told & ~np.isnan(errors_before), scale, np.nan), errors


def _turned_away(result: Poses) -> NDArray[np.float64]:
    """Return the cosines (N,) between line of sight and where the chest points, not below 0."""
    cosines = []
    for (lx, ly, lz), (dx, dy, dz) in (TORSO_AXES @ result.world_landmarks[:, :, :3]).tolist():
        x, y, z = dy * lz - dz * ly, dz * lx - dx * lz, dx * ly - dy * lx  # the chest: down x left
        cosines.append(max(z, 0.0) / max(hypot(x, y, z), EPSILON))
    return np.array(cosines)


def _observations(
    result: Poses,
    intrinsics: Intrinsics,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rays (N, 33, 3) and weights (N, 33) of the landmarks; 0 outside the image."""
    points = result.landmarks[:, :, :2]
    inside: NDArray[np.bool_] = np.all((points >= 0) & (points <= 1), axis=2)
    return intrinsics.rays(points), TRUST * result.visibility * inside


def _quadratic_forms(
    rays: NDArray[np.float64],
    body_m: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Return each landmark's squared distance from its ray, as a function of where the person is.

    That is |(1 - ray ray') (body + t)|^2 for a person at t, multiplied out: quadratic in t.

    :returns: (N, 33, 13), the factors of what `_monomials` returns for t
    """
    across = AXES - rays[..., None] * rays[:, :, None]
    off = (across @ body_m[..., None])[..., 0]
    return np.concatenate(
        (
            across.reshape(*rays.shape[:2], 9),
            off,
            np.einsum('nki,nki->nk', off, body_m)[..., None],
        ),
        axis=2,
    )


def _monomials(places: list[Place]) -> NDArray[np.float64]:
    """Return (N, 13, 1), what the factors of quadratic forms are multiplied with."""
    return np.array(
        [
            (x * x, x * y, x * z, y * x, y * y, y * z, z * x, z * y, z * z, 2 * x, 2 * y, 2 * z, 1)
            for x, y, z in places
        ]
    )[:, :, None]


def _lowest(forms: NDArray[np.float64]) -> tuple[list[Place], NDArray[np.float64]]:
    """
    Return where each quadratic form is lowest.

    By cofactors (axx, axy ...): LAPACK wakes threads, which costs milliseconds while other work
    has the processor.

    :param forms: (N, 13), weighted sums of `_quadratic_forms`
    :returns: N places, and the sums (N,) of the variances of their coordinates when the residuals
        have variance 1
    """
    places, variances = [], []
    for form in forms.tolist():
        xx, xy, xz, _, yy, yz, _, _, zz, x, y, z, _ = form
        xx, yy, zz = xx + EPSILON, yy + EPSILON, zz + EPSILON
        axx, axy, axz = yy * zz - yz * yz, yz * xz - xy * zz, xy * yz - yy * xz
        ayy, ayz, azz = xx * zz - xz * xz, xy * xz - xx * yz, xx * yy - xy * xy
        determinant = xx * axx + xy * axy + xz * axz or EPSILON
        places.append(
            (
                -(axx * x + axy * y + axz * z) / determinant,
                -(axy * x + ayy * y + ayz * z) / determinant,
                -(axz * x + ayz * y + azz * z) / determinant,
            )
        )
        variances.append((axx + ayy + azz) / determinant)
    return places, np.array(variances)


def _mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return (values * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), EPSILON)


def _error_of_mean(
    squares: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the variance (N,) of a mean over landmarks, of which a weight of 1 is independent."""
    total = np.maximum(weights.sum(axis=1), EPSILON)
    return (squares * weights).sum(axis=1) / total**2
