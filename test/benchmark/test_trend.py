# SPDX-License-Identifier: Apache-2.0
"""Tests of slopes and of how certain they are."""

import numpy as np
from numpy.typing import NDArray
import pytest

from benchmark.trend import fit_trend

MINUTES = list(np.arange(0, 25, 0.1))
RUNS = 200


def noise(seed: int, memory: float) -> NDArray[np.float64]:
    """Return noise of which each value keeps a share of the one before."""
    rng = np.random.default_rng(seed)
    values = np.zeros(len(MINUTES))
    for index in range(1, len(values)):
        values[index] = memory * values[index - 1] + rng.normal(0, 0.1)
    return values


def test_the_slope_of_a_line_is_found() -> None:
    trend = fit_trend(MINUTES, [300 + 0.9 * minute for minute in MINUTES])
    assert trend.slope == pytest.approx(0.9)
    assert trend.low == pytest.approx(0.9)
    assert trend.rises(0.05)


def test_a_line_that_falls_does_not_rise() -> None:
    assert not fit_trend(MINUTES, [300 - 0.9 * minute for minute in MINUTES]).rises(0.05)


@pytest.mark.parametrize('memory', [0.0, 0.5, 0.9])
def test_the_interval_holds_the_slope_about_as_often_as_it_says(memory: float) -> None:
    true_slope = 0.02
    trends = [
        fit_trend(MINUTES, (300 + true_slope * np.array(MINUTES) + noise(seed, memory)).tolist())
        for seed in range(RUNS)
    ]
    held = np.mean([trend.low <= true_slope <= trend.high for trend in trends])
    assert (
        held > 0.88
    )  # of the 95 % that it says: of few independent samples, likeness is underrated


def test_one_step_is_no_trend_where_independent_samples_would_prove_one() -> None:
    values = [301.0 if minute > 8 else 300.0 for minute in MINUTES]
    trend = fit_trend(MINUTES, values)
    independent_error = np.std(values) / np.std(MINUTES) / np.sqrt(len(values))
    assert trend.slope > 4 * independent_error
    assert trend.low < 0


def test_a_leak_below_noise_is_found() -> None:
    found = [
        fit_trend(MINUTES, (300 + 0.1 * np.array(MINUTES) + noise(seed, 0.5)).tolist()).rises(0.05)
        for seed in range(RUNS)
    ]
    assert np.mean(found) > 0.95


def test_a_short_series_says_that_it_is_vague() -> None:
    values = (300 + noise(0, 0.5)).tolist()
    assert fit_trend(MINUTES[:20], values[:20]).is_vague(0.05)
    assert not fit_trend(MINUTES, values).is_vague(0.05)


@pytest.mark.parametrize(
    ('times', 'values', 'word'),
    [
        ([1, 2, 3], [1, 2, 3], 'at least 5'),
        ([1, 2, 3, 4, 5], [1, 2, 3, 4], 'a value for each'),
        ([1, 2, 2, 4, 5], [1, 2, 3, 4, 5], 'increase'),
    ],
)
def test_what_is_no_series_is_refused(times: list[float], values: list[float], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        fit_trend(times, values)
