# SPDX-License-Identifier: Apache-2.0
"""Says how much two skeletons are alike, so that a person who is found twice counts once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose_ros.detection.sight import Sight
from pose_ros.poses.poses import VISIBILITY

__all__ = ['SAME', 'likeness', 'without_duplicates']

# Standard deviation of a landmark when the same person is found in two windows, and how far one
# person's are from another's beside her, in torsos: the first is below 0.1, the second above 0.5.
SIGMA_TORSOS = 0.25
SAME = 0.45  # from this likeness on it is one person
MIN_WEIGHT = 0.02


def likeness(one: Sight, other: Sight) -> float:
    """
    Return how much two skeletons cover each other, in [0, 1].

    The mean over the landmarks of exp(-d^2 / 2s^2), weighted by visibility, as COCO's object
    keypoint similarity. The smaller torso counts: half a person in the other is another.
    """
    ways = one.points_px - other.points_px
    reach = SIGMA_TORSOS * max(min(one.torso_px, other.torso_px), 1e-3)
    near = np.exp(np.square(ways).sum(axis=1) / (-2 * reach * reach))
    weights = np.maximum(one.landmarks[:, VISIBILITY], MIN_WEIGHT) * np.maximum(
        other.landmarks[:, VISIBILITY], MIN_WEIGHT
    )
    return float((weights * near).sum() / weights.sum())


def without_duplicates(people: Sequence[Sight], known: Sequence[Sight] = ()) -> list[Sight]:
    """Return who is neither known nor found before in the same sequence; the surest come first."""
    kept: list[Sight] = []
    for person in sorted(people, key=lambda each: -float(each.landmarks[:, VISIBILITY].sum())):
        if all(likeness(person, other) < SAME for other in (*known, *kept)):
            kept.append(person)
    return kept
