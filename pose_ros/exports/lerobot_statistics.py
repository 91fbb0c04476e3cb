# SPDX-License-Identifier: Apache-2.0
"""Computes what a LeRobot data set says of each feature: range, mean, deviation, quantiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ['ImageStatistics', 'flattened', 'statistics_of']

QUANTILES = {'q01': 0.01, 'q10': 0.1, 'q50': 0.5, 'q90': 0.9, 'q99': 0.99}
PICTURES_APART = 10  # every tenth picture counts
LEVELS = 256

Statistics = dict[str, list[Any]]


def statistics_of(values: NDArray[Any]) -> Statistics:
    """
    Return the statistics of a feature.

    :param values: (frames, numbers)
    """
    return {
        'min': values.min(axis=0).tolist(),
        'max': values.max(axis=0).tolist(),
        'mean': values.mean(axis=0).tolist(),
        'std': values.std(axis=0).tolist(),
        'count': [len(values)],
        **{name: np.quantile(values, share, axis=0).tolist() for name, share in QUANTILES.items()},
    }


class ImageStatistics:
    """Counts the values of the pixels, channel by channel."""

    def __init__(self) -> None:
        """Begin without pictures."""
        self._counts = np.zeros((3, LEVELS), np.int64)
        self._pictures = 0

    def add(self, rgb: NDArray[np.uint8]) -> None:
        """Count one of ten pictures, uint8 (H, W, 3)."""
        if self._pictures % PICTURES_APART == 0:
            for channel in range(3):
                self._counts[channel] += np.bincount(rgb[..., channel].ravel(), minlength=LEVELS)
        self._pictures += 1

    def result(self) -> Statistics:
        """Return the statistics in the form (3, 1, 1), of values in [0, 1]."""
        levels = np.arange(LEVELS) / (LEVELS - 1)
        shares = self._counts / self._counts.sum(axis=1, keepdims=True)
        mean = shares @ levels
        summed = shares.cumsum(axis=1)
        seen = [np.flatnonzero(each) for each in self._counts]
        values: dict[str, Any] = {
            'min': [levels[each[0]] for each in seen],
            'max': [levels[each[-1]] for each in seen],
            'mean': mean,
            'std': np.sqrt(np.maximum(shares @ levels**2 - mean**2, 0)),
            **{
                name: [levels[np.searchsorted(each, share)] for each in summed]
                for name, share in QUANTILES.items()
            },
        }
        shaped: Statistics = {
            name: np.reshape(each, (3, 1, 1)).tolist() for name, each in values.items()
        }
        return shaped | {'count': [-(-self._pictures // PICTURES_APART)]}


def flattened(statistics: Mapping[str, Statistics]) -> Iterator[tuple[str, list[Any]]]:
    """Yield feature/statistic, and the numbers."""
    for feature, about in statistics.items():
        for name, value in about.items():
            yield f'{feature}/{name}', value
