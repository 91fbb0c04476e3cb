# SPDX-License-Identifier: Apache-2.0
"""Says how far each landmark of a body is trusted, and takes means over the landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.geometry import EPSILON
from pose_ros.poses.skeleton import TORSO, Landmark

__all__ = ['HIPS', 'TRUST', 'error_of_mean', 'mean', 'per_landmark']

LIMBS = (
    *range(Landmark.LEFT_ELBOW, Landmark.LEFT_PINKY),
    *range(Landmark.LEFT_KNEE, Landmark.LEFT_HEEL),
)
HIPS = slice(Landmark.LEFT_HIP, Landmark.RIGHT_HIP + 1)


def per_landmark(torso: float, limbs: float, others: float) -> NDArray[np.float64]:
    """Return one value for each of the 33 landmarks, float64 (33,)."""
    return np.array(
        [
            torso if landmark in TORSO else limbs if landmark in LIMBS else others
            for landmark in Landmark
        ]
    )


# The landmarks of face, hands and feet are many, and each group moves as one.
TRUST = per_landmark(torso=1.0, limbs=0.5, others=0.15)


def mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return the weighted mean of each row.

    :param values: (N, K)
    :param weights: (N, K), not below 0
    :returns: (N,); 0 where all weights are 0
    """
    return (values * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), EPSILON)


def error_of_mean(
    squares: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """
    Return the variance of a mean over landmarks, of which a weight of 1 is independent.

    :param squares: (N, K), squared deviations
    :param weights: (N, K), not below 0
    :returns: (N,)
    """
    total = np.maximum(weights.sum(axis=1), EPSILON)
    return (squares * weights).sum(axis=1) / total**2
