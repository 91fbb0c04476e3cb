# SPDX-License-Identifier: Apache-2.0
"""Assigns rows to columns so that the sum of the gains is the largest."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ['assign']


def assign(gains: NDArray[Any]) -> NDArray[np.intp]:
    """
    Return which column each row gets, so that the sum of the gains is the largest there is.

    Each column goes to one row at most, and a row gets none rather than one without a gain.
    Exact: shortest augmenting paths (the Hungarian method as Jonker and Volgenant, Computing 38,
    1987, improved it), at most N^2 (N + M) steps. SciPy has the same in
    `scipy.optimize.linear_sum_assignment`, at 83 MB and 0.8 s of import.

    :param gains: (N, M), finite
    :returns: (N,) indices of columns, -1 for none
    """
    rows, columns = gains.shape
    if columns:  # where each row can have its largest gain, no sum is larger
        best = gains.argmax(axis=1)
        if len(set(best.tolist())) == rows and (gains.max(axis=1) > 0).all():
            return best
    no_column = np.zeros((rows, rows))  # a column for each row that gets no other
    cost = np.hstack((-np.maximum(gains, 0), no_column)).tolist()
    owner, potential = [-1] * (columns + rows), [0.0] * (columns + rows)
    for row in range(rows):
        _assign_row(row, cost, owner, potential)
    assigned = np.full(rows, -1)
    for column, row in enumerate(owner[:columns]):
        if row >= 0 and gains[row, column] > 0:
            assigned[row] = column
    return assigned


def _assign_row(
    row: int, cost: list[list[float]], owner: list[int], potential: list[float]
) -> None:
    """
    Give one more row a column, along the shortest augmenting path from it to a free column.

    :param cost: of each row in each column
    :param owner: the row of each column, -1 when free; changed along the path
    :param potential: of each column; changed so that no reduced cost is below zero
    """
    distance = [cost[row][column] - potential[column] for column in range(len(owner))]
    parent = [-1] * len(owner)  # the column before on the shortest path; -1: the row itself
    unvisited, visited = list(range(len(owner))), []
    nearest = min(unvisited, key=distance.__getitem__)
    while owner[nearest] >= 0:
        unvisited.remove(nearest)
        visited.append(nearest)
        passed_row = owner[nearest]
        base = distance[nearest] - cost[passed_row][nearest] + potential[nearest]
        for column in unvisited:
            through = base + cost[passed_row][column] - potential[column]
            if through < distance[column]:
                distance[column], parent[column] = through, nearest
        nearest = min(unvisited, key=distance.__getitem__)
    for column in visited:
        potential[column] += distance[column] - distance[nearest]
    while parent[nearest] >= 0:
        owner[nearest] = owner[parent[nearest]]
        nearest = parent[nearest]
    owner[nearest] = row
