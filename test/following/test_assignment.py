# SPDX-License-Identifier: Apache-2.0
"""The assignment against all permutations."""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.following.assignment import assign


def best(gains: NDArray[np.float64]) -> float:
    """Return the largest sum of gains, by trying everything."""
    rows, columns = gains.shape
    padded = np.hstack((gains, np.zeros((rows, rows))))
    return max(
        padded[range(rows), list(each)].sum() for each in permutations(range(columns + rows), rows)
    )


@pytest.mark.parametrize('shape', [(0, 0), (0, 2), (2, 0), (1, 4), (4, 1), (3, 3), (4, 3), (4, 4)])
def test_the_assignment_is_the_best(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(sum(shape))
    for gains in (*rng.normal(0.5, 1, (30, *shape)), *rng.integers(-2, 4, (10, *shape)) / 2):
        columns = assign(gains)
        rows = np.flatnonzero(columns >= 0)
        assert columns.shape == shape[:1]
        assert len(set(columns[rows])) == len(rows)
        assert (gains[rows, columns[rows]] > 0).all()
        assert gains[rows, columns[rows]].sum() == pytest.approx(best(gains))


def test_the_assignment_looks_at_everybody() -> None:
    """The nearest pair is not matched when that would cost another person their track."""
    gains = np.array(((0.9, 0.8), (0.85, 0.05)))
    assert assign(gains).tolist() == [1, 0]
