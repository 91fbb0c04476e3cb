# SPDX-License-Identifier: Apache-2.0
"""
Places people: finds where they are from their landmarks, the intrinsics and a depth image.

MediaPipe's landmark model sees each person in a crop of its own, as if the camera had turned to
them (see `poses.geometry`). So the world landmarks are turned into the optical frame before they
are placed. The middle of the crop is the middle of the hips, also where these are hidden or out
of the image.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.following.depth_fit import SeenBodies, measure_scale
from pose_ros.following.landmark_weights import HIPS, TRUST, mean
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.poses.geometry import EPSILON, turned
from pose_ros.poses.poses import Poses, PositionSource

__all__ = ['place']

# Relative standard deviation of the size of a body that MediaPipe took for an average one. Stature
# in the US National Health and Nutrition Examination Survey of 2015-2018: men 175 +- 7.5, women
# 161 +- 7 cm, together 6 %; proportions, and MediaPipe's average, add to it. Without children.
BODY_SCALE_STD = 0.08

# Metres between a landmark and its ray. Real photographs leave 0.03 as their weighted root mean
# square; what misses by more than 0.06 loses weight. Before four calibrated cameras
# (docs/benchmarks.md) half, twice and no such limit change a distance by less than 0.4 %.
MISFIT_M = 0.06
MIN_RESIDUAL_M = 0.02  # half the mean error of MediaPipe's model card; only matters below it
ITERATIONS = 3  # five and ten change the same distances by less than 0.1 %
MIN_LANDMARKS = 4  # in the image and visible: as many as a torso has; two would do for a solution
MAX_RELATIVE_ERROR = 0.5  # two standard deviations reach back to the camera: it says nothing

AXES = np.eye(3)  # of the optical frame: right, down, ahead
Place = tuple[float, float, float]


def place(
    result: Poses,
    intrinsics: Intrinsics,
    width: int,
    height: int,
    depth: NDArray[Any] | None = None,
    unit_m: float = 1.0,
    body_scale_std: float = BODY_SCALE_STD,
) -> Poses:
    """
    Place each person where the metric world landmarks, seen by the camera, meet the image's.

    A depth image corrects the positions along their lines of sight. Where less than half of the
    landmarks' weight agrees on it, that counts if it still has the smaller error.

    :param result: N people
    :param intrinsics: of the camera
    :param width: of the image in pixels
    :param height: of the image in pixels
    :param depth: (H, W) along the optical axis, aligned to the image, of any size; a hole is NaN,
        infinite or not above 0
    :param unit_m: of the depth image, metres
    :param body_scale_std: relative standard deviation of the size of the world landmarks
    :returns: the same with positions, their errors, and as their source CAMERA_INFO or, where the
        depth image shows the person, DEPTH; NaN and NONE for a person of whom too little is seen
    :raises ValueError: when the intrinsics are those of an image with other proportions
    """
    intrinsics.require_aspect(width, height)
    if not len(result):
        return result
    seen = _fit(result, intrinsics, body_scale_std)
    placed = _at_places(result, seen)
    if depth is not None and not np.isnan(seen.errors_m).all():
        focal_px = intrinsics.fx / intrinsics.width * depth.shape[1]
        _correct(placed, *measure_scale(result, seen, depth, unit_m, focal_px))
    return placed


def _at_places(result: Poses, seen: SeenBodies) -> Poses:
    """Return the people where the image alone has them."""
    known = ~np.isnan(seen.errors_m)
    return replace(
        result,
        positions=np.where(known[:, None], seen.places_m, np.nan),
        position_errors=seen.errors_m.copy(),
        position_sources=known * np.uint8(PositionSource.CAMERA_INFO),
    )


def _correct(placed: Poses, scale: NDArray[np.float64], errors_m: NDArray[np.float64]) -> None:
    """Move people along their lines of sight; a scale of NaN leaves them where they are."""
    corrected = ~np.isnan(scale)
    placed.positions[corrected] *= scale[corrected, None]
    placed.position_errors[corrected] = errors_m[corrected]
    placed.position_sources[corrected] = PositionSource.DEPTH


def _fit(result: Poses, intrinsics: Intrinsics, body_scale_std: float) -> SeenBodies:
    """
    Move the world landmarks nearest to the rays of the landmarks.

    Linear least squares on their distances in metres, weighted by visibility, and then twice more
    also by how well a landmark fits. The error is that of the residuals, of which those of one
    person count as a single observation, and that of a body whose size is not certain.
    """
    rays, weights = _observations(result, intrinsics)
    body_m = turned(result.world_landmarks[:, :, :3], rays[:, HIPS].sum(axis=1))
    forms = _quadratic_forms(rays, body_m)
    fitted = weights
    for _ in range(ITERATIONS):
        places, variance = _lowest((fitted[:, None] @ forms)[:, 0])
        misfits = np.maximum(forms @ _monomials(places), 0)[:, :, 0]
        fitted = weights / (1 + misfits / MISFIT_M**2)
    ahead = np.array(places)
    residual = np.maximum(mean(misfits, fitted), MIN_RESIDUAL_M**2) / 2  # of one coordinate
    variance *= fitted.sum(axis=1)  # all landmarks together count as one observation
    distances_m = np.sqrt(np.einsum('ni,ni->n', ahead, ahead))
    errors = np.sqrt(residual * variance + (body_scale_std * distances_m) ** 2)
    enough = (weights >= 0.5 * TRUST).sum(axis=1) >= MIN_LANDMARKS
    known = enough & (ahead[:, 2] > 0) & (errors < MAX_RELATIVE_ERROR * distances_m)
    return SeenBodies(
        body_m,
        np.where(known[:, None], ahead, AXES[2]),
        np.where(known, errors, np.nan),
        misfits,
        weights,
    )


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
