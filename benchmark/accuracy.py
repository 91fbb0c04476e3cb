# SPDX-License-Identifier: Apache-2.0
"""
Measures ids, smoothing and positions against known truth: `make bench-accuracy`, minutes.

Prints the tables and writes benchmark/results/accuracy.md, and a CSV file for each table.
"""

from __future__ import annotations

from collections.abc import Sequence
import csv
from dataclasses import asdict
from pathlib import Path
import sys
from typing import Any

from benchmark import accuracy_placement, accuracy_room, accuracy_tracking

RESULTS = Path(__file__).parent / 'results'


def write(name: str, rows: Sequence[Any]) -> None:
    """Write dataclass rows as benchmark/results/NAME.csv."""
    with (RESULTS / f'{name}.csv').open('w', newline='') as file:
        writer = csv.DictWriter(file, asdict(rows[0]))
        writer.writeheader()
        writer.writerows(map(asdict, rows))


def main() -> int:
    """Measure, print and write."""
    RESULTS.mkdir(exist_ok=True)
    tracking, placement = accuracy_tracking.measure(), accuracy_placement.measure()
    room = accuracy_room.measure()
    tables: list[Sequence[Any]] = [*tracking, *placement, room]
    names = ('ids', 'smoothness', 'tracking_cost', 'positions', 'placement_cost', 'room')
    for name, rows in zip(names, tables, strict=True):
        write(f'accuracy_{name}', rows)
    text = '\n\n'.join(
        (
            accuracy_tracking.table(*tracking),
            accuracy_placement.table(*placement),
            accuracy_room.table(room),
        )
    )
    (RESULTS / 'accuracy.md').write_text(f'# Accuracy against known truth\n\n{text}\n')
    print(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
