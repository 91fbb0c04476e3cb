# SPDX-License-Identifier: Apache-2.0
"""
Fits a straight line to a series and says how certain its slope is.

Successive samples of a process's memory resemble one another: a step stays. A formula for
independent samples would take the same step, seen a hundred times, for a hundred proofs. So the
series counts as only as many samples as its residuals are independent of their predecessors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

__all__ = ['Trend', 'fit_trend']

MIN_SAMPLES = 5

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Trend:
    """
    The slope of a series, with its 95 % confidence interval.

    :param slope: per unit of the time axis
    :param low: lower end of the interval
    :param high: upper end of the interval
    :param independent: as how many independent samples the series counts
    """

    slope: float
    low: float
    high: float
    independent: float

    def rises(self, limit: float) -> bool:
        """Whether the series rises for certain, and by more than a limit."""
        return self.low > 0 and self.slope > limit

    def is_vague(self, limit: float) -> bool:
        """Whether the series is too short to tell a slope of the limit from none."""
        return (self.high - self.low) / 2 > limit


def fit_trend(times: Sequence[float], values: Sequence[float]) -> Trend:
    """
    Fit a line by least squares.

    :param times: increasing; any unit
    :param values: of the series, one for each time
    :raises ValueError: for fewer than MIN_SAMPLES samples, or times that do not increase
    """
    if len(times) != len(values) or len(times) < MIN_SAMPLES:
        raise ValueError(
            f'wanted at least {MIN_SAMPLES} samples, a value for each time; got {len(times)} '
            f'times and {len(values)} values'
        )
    if not np.all(np.diff(times) > 0):
        raise ValueError('wanted times that increase')
    x, y = (np.asarray(series, float) - np.mean(series) for series in (times, values))
    slope = float(np.mean(x * y) / np.mean(x**2))
    residuals = y - slope * x
    independent = _independent(residuals)
    degrees = independent - 2  # a line has two parameters
    if degrees < 1:
        return Trend(slope, -inf, inf, independent)
    error = float(np.sqrt(np.mean(residuals**2) / np.mean(x**2) / degrees))
    margin = float(student_t.ppf((1 + CONFIDENCE) / 2, degrees)) * error
    return Trend(slope, slope - margin, slope + margin, independent)


def _independent(residuals: NDArray[np.float64]) -> float:
    """Return as how many independent samples residuals count that resemble their predecessors."""
    power = float(np.sum(residuals**2))
    if power == 0:
        return float(len(residuals))
    likeness = float(np.sum(residuals[1:] * residuals[:-1])) / power
    likeness = min(max(likeness, 0.0), 0.999)
    return len(residuals) * (1 - likeness) / (1 + likeness)
