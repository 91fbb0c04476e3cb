# SPDX-License-Identifier: Apache-2.0
"""
Measures whom `search` image and windows find in labelled recordings: `make bench-people`.

Shows every frame of every recording, in order, to the parts of the pose node, for each model. Who
is found does not depend on the machine; the times do. Writes benchmark/results/people.md, .csv
and .png.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import csv
from pathlib import Path
import sys
import time

from benchmark.people_report import Cost, height_table, plot, run_table, target_table
from benchmark.people_runs import NUM_POSES, Run, cost_ratio, watched
from pose_ros.models.store import fetch
from simulation.crowds import CROWD_HEIGHTS_PX, crowd
from simulation.labelled_videos import labelled_recording, labelled_recordings

RESULTS = Path(__file__).parent / 'results'
MODELS = 'lite', 'full', 'heavy'
COLUMNS = (
    'model',
    'search',
    'video',
    'frames',
    'labels',
    'found',
    'wrong',
    'excused',
    'id_switches',
    'cpu_ms',
    'wall_ms',
)
ONE_NEAR = 'single_cam3'  # the recording with one person and nobody else


def measure(model: str) -> tuple[list[Run], Cost]:
    """Return the runs of a model through all videos, and its cost."""
    fetch(model)
    runs: list[Run] = []
    for search in ('image', 'windows'):
        for video in [*labelled_recordings(), *map(crowd, CROWD_HEIGHTS_PX)]:
            last = watched(video, model, search)
            runs.append(last)
            print(
                f'{model} {search} {video.name}: recall {last.judgement.recall():.2f}, '
                f'precision {last.judgement.precision:.2f}, {last.switches} id switches, '
                f'{last.cpu_ms:.1f} ms',
                flush=True,
            )
    return runs, Cost(model, *cost_ratio(labelled_recording(ONE_NEAR), model))


def write(folder: Path, runs: Sequence[Run], costs: Sequence[Cost]) -> str:
    """Write tables and plot, and return the tables."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / 'people.csv').open('w', newline='') as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for each in runs:
            table.writerow(_row(each))
    text = '\n\n'.join(
        (
            '# People found in recordings',
            f'All with `num_poses: {NUM_POSES}`; a time is the CPU time of a frame.',
            target_table(runs, costs),
            '## By height',
            height_table(runs),
            '## By video',
            run_table(runs),
        )
    )
    (folder / 'people.md').write_text(text + '\n')
    plot(folder / 'people.png', runs)
    return text


def _row(run: Run) -> list[str | int | float]:
    sightings = run.judgement.sightings
    return [
        run.model,
        run.search,
        run.video,
        run.frames,
        len(sightings),
        sum(each.found is not None for each in sightings),
        len(run.judgement.wrong),
        run.judgement.excused,
        run.switches,
        round(run.cpu_ms, 2),
        round(run.wall_ms, 2),
    ]


def main() -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog='people', description=__doc__)
    parser.add_argument('--models', nargs='+', choices=MODELS, default=MODELS)
    parser.add_argument('--output', type=Path, default=RESULTS)
    options, begin_s = parser.parse_args(), time.monotonic()
    runs: list[Run] = []
    costs: list[Cost] = []
    for model in options.models:  # what was measured is written before the next one begins
        more, cost = measure(model)
        runs += more
        costs.append(cost)
        text = write(options.output, runs, costs)
    print(text)
    print(f'{(time.monotonic() - begin_s) / 60:.1f} minutes', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
