# SPDX-License-Identifier: Apache-2.0
"""docs/reliability.md names every test of faults, and no test that does not exist."""

from __future__ import annotations

from pathlib import Path
import re

TESTS = Path(__file__).parent
ROWS = [
    line.strip('| \n').split(' | ')
    for line in (TESTS.parent / 'docs/reliability.md').read_text().splitlines()
    if line.startswith('|') and not line.startswith(('| ---', '| Fault'))
]


def defined(folder: Path) -> set[str]:
    return {
        name
        for path in folder.rglob('test_*.py')
        for name in re.findall(r'^def (test_\w+)', path.read_text(), re.MULTILINE)
    }


def named() -> list[str]:
    return [name for row in ROWS for name in re.findall(r'`(test_\w+)`', row[-1])]


def test_every_row_names_a_test() -> None:
    assert ROWS
    assert not [row for row in ROWS if len(row) != 3 or '`test_' not in row[2]]


def test_every_named_test_exists() -> None:
    assert not set(named()) - defined(TESTS)


def test_every_test_of_faults_has_a_row() -> None:
    missing = defined(TESTS / 'faults') - set(named())
    assert not missing, f'add a row to docs/reliability.md for each of {sorted(missing)}'
