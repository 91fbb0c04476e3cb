# SPDX-License-Identifier: Apache-2.0
"""
Judges found people by annotated keypoints: average precision, PCK@0.2, recall by height.

pycocotools matches found people with annotated ones, by object keypoint similarity (OKS). All
other figures follow its matches at an OKS of 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
import io
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.coco_folder import CocoFolder
from pose_ros.exports.keypoints import COCO, keypoints_px
from pose_ros.poses.poses import Poses

__all__ = ['HEIGHTS', 'MOST_PEOPLE', 'FoundPeople', 'RecallOfHeight', 'Scores', 'score']

MOST_PEOPLE = 20  # in a photograph, that COCO's rules count
HEIGHTS = (0.0, 0.1, 0.2, 0.35, 0.5, 1.0)  # of a person's box, over the picture's height
TALLEST = np.nextafter(HEIGHTS[-1], 0)  # who is as tall as the picture belongs to the last
PCK_TORSOS = 0.2
LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = (
    [name for name, _ in COCO].index(name)
    for name in ('left_shoulder', 'right_shoulder', 'left_hip', 'right_hip')
)
TORSO = [LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP]


@dataclass(frozen=True)
class FoundPeople:
    """
    Who was found in a photograph.

    :param image: the photograph's id
    """

    image: int
    poses: Poses
    width: int
    height: int


@dataclass(frozen=True)
class RecallOfHeight:
    """
    How many people of some height were found.

    :param low: least height of their boxes over the picture's, likewise high
    """

    low: float
    high: float
    people: int
    found: int


@dataclass(frozen=True)
class Scores:
    """
    How well people were found; figures are in [0, 1], NaN where there is nothing to judge.

    :param ap: average precision, the mean over OKS thresholds from 0.5 to 0.95, as COCO has it
    :param ar: average recall, likewise
    :param pck: PCK@0.2: share of the annotated keypoints that lie within 0.2 torso lengths, of
        people who were found and whose shoulders and hips are annotated
    :param pck_of_all: the same where keypoints of people who were not found count as wrong
    :param people: with annotated keypoints
    :param found: of these
    """

    ap: float
    ap50: float
    ap75: float
    ar: float
    pck: float
    pck_of_all: float
    people: int
    found: int
    recall_by_height: tuple[RecallOfHeight, ...]

    @property
    def recall(self) -> float:
        """The share of people who were found."""
        return self.found / self.people if self.people else float('nan')


@dataclass(frozen=True)
class _Judged:
    """An annotated person, and whether each keypoint of the found one is right."""

    height: float
    found: bool
    right: NDArray[np.bool_]  # of the annotated keypoints; empty where no torso is annotated


def score(folder: CocoFolder, found: Sequence[FoundPeople]) -> Scores:
    """
    Judge what was found.

    :param found: for each photograph of the folder
    """
    results = [result for each in found for result in _results(each, folder)]
    evaluation, stats = _evaluated(folder, results)
    judged = list(_judged(folder, results, evaluation))
    of_found = [each.right for each in judged if each.found and each.right.size]
    of_all = [each.right for each in judged if each.right.size]
    ap, ap50, ap75, ar = (
        float(stats[index]) if stats[index] >= 0 else float('nan') for index in (0, 1, 2, 5)
    )
    return Scores(
        ap,
        ap50,
        ap75,
        ar,
        _mean(of_found),
        _mean(of_all),
        len(judged),
        sum(each.found for each in judged),
        tuple(_by_height(judged)),
    )


def _results(found: FoundPeople, folder: CocoFolder) -> Iterator[dict[str, Any]]:
    """Yield people as COCO's results."""
    poses = found.poses
    for landmarks, confidence in zip(poses.landmarks, poses.confidence.tolist(), strict=True):
        points = keypoints_px(landmarks, COCO, found.width, found.height)
        yield {
            'image_id': found.image,
            'category_id': folder.data['categories'][0]['id'],
            'keypoints': points.ravel().tolist(),
            'score': confidence,
        }


def _evaluated(
    folder: CocoFolder, results: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], NDArray[np.float64]]:
    """Return pycocotools' matches in each photograph, and its ten figures."""
    from pycocotools.coco import COCO as Annotations  # noqa: N811, PLC0415 - of this benchmark
    from pycocotools.cocoeval import COCOeval  # noqa: PLC0415

    with redirect_stdout(io.StringIO()):
        truth = Annotations()
        truth.dataset = deepcopy(folder.data)
        truth.createIndex()
        if results:
            found = truth.loadRes(results)
        else:  # which loadRes does not take
            found = Annotations()
            found.dataset = {**folder.data, 'annotations': []}
            found.createIndex()
        evaluation = COCOeval(truth, found, 'keypoints')
        evaluation.params.maxDets = [MOST_PEOPLE]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    everybody = evaluation.params.areaRng[0]
    images = [
        each for each in evaluation.evalImgs if each is not None and each['aRng'] == everybody
    ]
    return images, np.asarray(evaluation.stats)


def _judged(
    folder: CocoFolder, results: list[dict[str, Any]], images: list[dict[str, Any]]
) -> Iterator[_Judged]:
    """Yield everybody who has annotated keypoints."""
    heights = {each.id: each.height for each in folder.photographs}
    by_id = {each['id']: each for each in folder.data['annotations']}
    for image in images:
        matches = image['gtMatches'][0].astype(int).tolist()  # at an OKS of 0.5
        for number, match, ignored in zip(
            image['gtIds'], matches, image['gtIgnore'].tolist(), strict=True
        ):
            if ignored:
                continue
            annotation = by_id[number]
            truth = np.array(annotation['keypoints'], float).reshape(-1, 3)
            points = np.full((len(truth), 2), np.inf)
            if match:  # pycocotools numbers results from 1
                points = np.array(results[match - 1]['keypoints']).reshape(-1, 3)[:, :2]
            height = annotation['bbox'][3] / heights[image['image_id']]
            yield _Judged(height, bool(match), _right(truth, points))


def _by_height(judged: Sequence[_Judged]) -> Iterator[RecallOfHeight]:
    for low, high in pairwise(HEIGHTS):
        inside = [each.found for each in judged if low <= min(each.height, TALLEST) < high]
        yield RecallOfHeight(low, high, len(inside), sum(inside))


def _right(truth: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return whether each annotated keypoint was found within 0.2 torso lengths."""
    annotated = truth[:, 2] > 0
    if not annotated[TORSO].all():
        return np.zeros(0, bool)
    diagonals = truth[[LEFT_SHOULDER, RIGHT_SHOULDER], :2] - truth[[RIGHT_HIP, LEFT_HIP], :2]
    torso = np.linalg.norm(diagonals, axis=1).max()
    away = np.linalg.norm(points - truth[:, :2], axis=1)
    right: NDArray[np.bool_] = away[annotated] <= PCK_TORSOS * torso
    return right


def _mean(right: Sequence[NDArray[np.bool_]]) -> float:
    return float(np.concatenate(right).mean()) if right else float('nan')
