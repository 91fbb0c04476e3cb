# SPDX-License-Identifier: Apache-2.0
"""Tests of the tables of whom a search found."""

from __future__ import annotations

import numpy as np

from benchmark.people_report import Cost, height_table, run_table, target_table
from benchmark.people_runs import Run
from simulation.ground_truth import GroundTruth, Label
from simulation.matching import Found, judge

LEFT, RIGHT = (100.0, 100.0, 100.0, 300.0), (500.0, 100.0, 50.0, 120.0)


def a_run(video: str, search: str, found: list[list[tuple[float, ...]]], switches: int = 0) -> Run:
    labels = (Label(1, np.array(LEFT), True, False), Label(3, np.array(RIGHT), True, False))
    truth = GroundTruth(video, 1000, 1000, {}, dict.fromkeys(range(len(found)), labels))
    people = {index: [Found(np.array(box)) for box in each] for index, each in enumerate(found)}
    return Run('full', search, video, 100, judge(truth, people), switches, 20.0, 21.0)


RUNS = [
    a_run('walk', 'image', [[LEFT], [LEFT, RIGHT]]),
    a_run('multi_cam1', 'image', [[LEFT], [RIGHT]], 1),
    a_run('walk', 'windows', [[LEFT, RIGHT]] * 2, 2),
    a_run('multi_cam1', 'windows', [[LEFT, RIGHT], [LEFT, (700.0, 700.0, 100.0, 300.0)]]),
    a_run('crowd_100', 'windows', [[]] * 3, 7),
]


def rows(table: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip('|').split('|')] for line in table.splitlines()]
    return {each[0]: each[1:] for each in cells}


def test_the_targets() -> None:
    table = rows(target_table(RUNS, [Cost('full', 20.0, 25.0)]))
    assert table['walk: frames with both people found'][1:] == ['0.50', '1.00']
    assert table['room, four cameras: recall of the two who are near'][1:] == ['0.50', '1.00']
    assert table['room, four cameras: recall of all three'][1:] == ['0.50', '0.75']
    assert table['precision, all recordings'][1:] == ['1.00', '0.88']
    assert table['id switches, all recordings'][1:] == ['1', '2']
    assert table['cost with one near person, over `image` with num_poses 1'][1:] == ['1', '1.25']


def test_heights() -> None:
    last = height_table(RUNS[2:4]).splitlines()
    assert last[0].startswith('| model | search | 10-15 %')
    assert [cell.strip() for cell in last[2].split('|')[3:8]] == ['0.75', '-', '-', '1.00', '-']


def test_a_row_for_each_run() -> None:
    assert len(run_table(RUNS).splitlines()) == 2 + len(RUNS)
