# SPDX-License-Identifier: Apache-2.0
"""
Measures how well people are found in labelled photographs: `make bench-quality COCO=DIR`.

Each photograph is looked at as `~/detect` looks at stills. Prints a table, and writes it with all
figures to quality.md and quality.json.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass
import json
from pathlib import Path
import sys
from time import process_time
from typing import Any

from tqdm import tqdm

from benchmark.coco_folder import CocoError, CocoFolder, find_coco, read_photograph
from benchmark.keypoint_scores import MOST_PEOPLE, FoundPeople, Scores, score
from benchmark.machine import machine
from pose_ros.detection.finder import build_finder
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.search_options import Search, SearchOptions
from pose_ros.models.store import MODELS, ModelError, fetch

__all__ = ['Quality', 'find_people', 'table', 'write']

# Those that look for people by themselves, without another node's help.
SEARCHES = (Search.IMAGE.value, Search.WINDOWS.value)


@dataclass(frozen=True)
class Quality:
    """
    How well one model finds people with one search.

    :param cpu_ms: CPU time of all threads for one photograph, the mean
    """

    model: str
    search: str
    photographs: int
    cpu_ms: float
    scores: Scores


def find_people(
    folder: CocoFolder, model: Path, search: SearchOptions, title: str = ''
) -> tuple[list[FoundPeople], float]:
    """
    Return the people in each photograph, and the CPU time of one in milliseconds.

    :param model: the bundle
    :param title: of the progress bar
    :raises CocoError: when a photograph cannot be read
    :raises LandmarkerError: when MediaPipe fails
    """
    options = LandmarkerOptions(model, RunningMode.IMAGE, num_poses=MOST_PEOPLE)
    finder = build_finder(options, search)
    found: list[FoundPeople] = []
    spent_s = 0.0
    try:
        for photograph in tqdm(folder.photographs, title, unit='photograph', disable=not title):
            rgb = read_photograph(photograph)
            began_s = process_time()
            poses = finder.detect(finder.load(rgb), 0)
            spent_s += process_time() - began_s
            size = photograph.width, photograph.height
            found.append(FoundPeople(photograph.id, poses, *size))
    finally:
        finder.close()
    return found, spent_s * 1e3 / len(folder.photographs)


def table(rows: Sequence[Quality]) -> str:
    """Return all figures as Markdown."""
    bins = rows[0].scores.recall_by_height
    heading = ['model', 'search', 'AP', 'AP50', 'AP75', 'AR', 'PCK@0.2', 'PCK@0.2 of all']
    heading += ['recall', *(f'{each.low:g}-{each.high:g}' for each in bins), 'CPU ms']
    lines = [heading, ['---'] * len(heading)]
    for row in rows:
        scores = row.scores
        figures = (scores.ap, scores.ap50, scores.ap75, scores.ar, scores.pck, scores.pck_of_all)
        lines.append(
            [
                row.model,
                row.search,
                *(f'{each:.3f}' for each in figures),
                f'{scores.found} of {scores.people}',
                *(f'{each.found} of {each.people}' for each in scores.recall_by_height),
                f'{row.cpu_ms:.0f}',
            ]
        )
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def write(output: Path, rows: Sequence[Quality], about: dict[str, Any]) -> None:
    """Write quality.md and quality.json into a folder, which is made where there is none."""
    output.mkdir(parents=True, exist_ok=True)
    data = {'about': about, 'results': [asdict(row) for row in rows]}
    (output / 'quality.json').write_text(f'{json.dumps(data, indent=1)}\n')
    facts = '\n'.join(f'* {name.replace("_", " ")}: {value}' for name, value in about.items())
    (output / 'quality.md').write_text(
        f'# People in labelled photographs\n\n{facts}\n\n{table(rows)}\n\n{LEGEND}\n'
    )


LEGEND = (
    'AP, AP50, AP75 and AR: by object keypoint similarity (OKS), as pycocotools has them. '
    'PCK@0.2: share of annotated keypoints within 0.2 torso lengths, of people who were found '
    '(OKS of 0.5 and more), and "of all" with the keypoints of all others as wrong. Recall: '
    "people found, in all and by the height of their box over the picture's."
)


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog='quality', description=__doc__)
    parser.add_argument(
        '--coco', type=_path, required=True, help="photographs and annotations in COCO's format"
    )
    parser.add_argument('--output', type=_path, required=True, help='folder for the results')
    parser.add_argument('--models', nargs='+', choices=MODELS, default=['lite', 'full', 'heavy'])
    parser.add_argument('--searches', nargs='+', choices=SEARCHES, default=SEARCHES)
    parser.add_argument(
        '--photographs', type=int, default=sys.maxsize, help='so many, evenly spread over all'
    )
    parser.add_argument(
        '--min-person-height', type=float, default=SearchOptions().min_person_height
    )
    parsed = parser.parse_args()
    if parsed.photographs < 1:
        parser.error(f'--photographs: wanted 1 or more, got {parsed.photographs}')
    return parsed


def _path(text: str) -> Path:
    return Path(text).expanduser()  # make does not do it


def measure(folder: CocoFolder, options: argparse.Namespace) -> list[Quality]:
    """Look at all photographs with each model and search."""
    rows = []
    for model in options.models:
        for search in options.searches:
            wanted = SearchOptions(Search(search), min_person_height=options.min_person_height)
            found, cpu_ms = find_people(folder, fetch(model), wanted, f'{model}, {search}')
            scores = score(folder, found)
            rows.append(Quality(model, search, len(folder.photographs), cpu_ms, scores))
    return rows


def main() -> int:
    """Measure, print and write."""
    options = arguments()
    try:
        options.output.mkdir(parents=True, exist_ok=True)  # before hours of work
        folder = find_coco(options.coco)
        folder, problems = folder.some(options.photographs).readable()
        for problem in problems:
            print(f'left out: {problem}')
        if folder.missing:
            print(f'{folder.missing} images of {folder.annotations.name} are not there: left out')
        rows = measure(folder, options)
        about = {
            'annotations': folder.annotations.name,
            'photographs': len(folder.photographs),
            'images_that_are_not_there': folder.missing,
            'images_that_cannot_be_read': len(problems),
            'people': rows[0].scores.people,
            'min_person_height': options.min_person_height,
            **machine(),
        }
        write(options.output, rows, about)
    except (CocoError, LandmarkerError, ModelError, OSError, ValueError) as error:
        print(f'FAILED: {error}', file=sys.stderr)
        return 1
    print(table(rows), LEGEND, sep='\n\n')
    print(f'results in {options.output}/quality.md and quality.json')
    return 0


if __name__ == '__main__':
    sys.exit(main())
