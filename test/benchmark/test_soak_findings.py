# SPDX-License-Identifier: Apache-2.0
"""Tests of what the samples of a soak say."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.soak_findings import Finding, Sample, findings

CALM = Sample(0.0, 300.0, 200.0, 60, 25, 7, 80.0)
IN_A_ROUND = 5
NAMES = (
    'memory (RSS)',
    'memory (PSS)',
    'file descriptors',
    'threads',
    'files in /dev/shm',
    'p99 latency',
)


def samples(minutes: float = 25.0, period: float = 0.1, **per_minute: float) -> list[Sample]:
    """
    Return samples of a process in which some quantities grow.

    Its memory goes up and down with the kind of disturbance; all is a little noisy.
    """
    rng = np.random.default_rng(1)
    found = []
    for number, minute in enumerate(np.arange(0, minutes, period)):
        wave_mb = 8.0 * (number % IN_A_ROUND)
        sample = replace(
            CALM,
            minute=float(minute),
            rss_mb=CALM.rss_mb + wave_mb + rng.normal(0, 0.1),
            pss_mb=CALM.pss_mb + wave_mb + rng.normal(0, 0.1),
            latency_p99_ms=CALM.latency_p99_ms + rng.normal(0, 5),
        )
        for name, slope in per_minute.items():
            grown = getattr(sample, name) + slope * minute
            sample = replace(sample, **{name: type(getattr(CALM, name))(grown)})
        found.append(sample)
    return found


def by_name(found: list[Sample]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings(found, IN_A_ROUND)}


def test_a_steady_process_passes() -> None:
    found = by_name(samples())
    assert tuple(found) == NAMES
    assert all(finding.passed for finding in found.values())
    assert all('steady' in str(finding) for finding in found.values())


@pytest.mark.parametrize(
    ('quantity', 'slope', 'name'),
    [
        ('rss_mb', 0.9, 'memory (RSS)'),
        ('pss_mb', 0.1, 'memory (PSS)'),
        ('descriptors', 0.2, 'file descriptors'),
        ('threads', 0.2, 'threads'),
        ('shared_files', 0.2, 'files in /dev/shm'),
        ('latency_p99_ms', 2.0, 'p99 latency'),
    ],
)
def test_what_grows_fails_and_nothing_else(quantity: str, slope: float, name: str) -> None:
    found = by_name(samples(**{quantity: slope}))
    assert [finding.name for finding in found.values() if not finding.passed] == [name]
    assert 'RISES' in str(found[name])


def test_too_few_samples_are_refused() -> None:
    for few in ([], samples(minutes=0.3)):
        with pytest.raises(ValueError, match=f'wanted {IN_A_ROUND} samples and more'):
            list(findings(few, IN_A_ROUND))


def test_less_than_the_limit_is_no_fault() -> None:
    assert by_name(samples(rss_mb=0.03))['memory (RSS)'].passed


def test_a_short_soak_finds_large_leaks_only() -> None:
    short = {'minutes': 1.6, 'period': 0.03}
    assert by_name(samples(**short, rss_mb=5.0))['memory (RSS)'].passed
    assert not by_name(samples(**short, rss_mb=20.0))['memory (RSS)'].passed
