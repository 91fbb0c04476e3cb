# SPDX-License-Identifier: Apache-2.0
"""Tells people who are close together apart by the colour of their trunks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.sight import Sight
from pose_ros.poses.skeleton import Landmark

__all__ = ['Color', 'looks_like_other', 'trunk_color']

Color = NDArray[np.float32]  # (3,), red, green and blue in 0-255

CORNERS = (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER, Landmark.LEFT_HIP, Landmark.RIGHT_HIP)
INSIDE = np.linspace(0.2, 0.8, 6)  # of the trunk, across and down: arms and edges are left out
WEIGHTS = np.array(
    [
        ((1 - down) * (1 - across), (1 - down) * across, down * (1 - across), down * across)
        for down in INSIDE
        for across in INSIDE
    ],
    np.float32,
)
DIFFERENT = 25.0  # distance of colours from which they are not one person's in one light
CLEARLY = 0.5  # how much nearer to the other's colour, at most


def trunk_color(rgb: NDArray[np.uint8], person: Sight) -> Color:
    """
    Return the median colour of a person's trunk.

    :param rgb: uint8 (H, W, 3), in which the person was seen
    """
    height, width, _ = rgb.shape
    points = WEIGHTS @ person.points_px[CORNERS, :]
    columns, rows = points.astype(int).T
    samples = rgb[rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return np.median(samples, axis=0).astype(np.float32)


def looks_like_other(found: Color, own: Color, other: Color) -> bool:
    """Return whether a trunk's colour is clearly another person's and not the own one."""
    away = float(np.linalg.norm(found - own))
    return away > DIFFERENT and float(np.linalg.norm(found - other)) < CLEARLY * away
