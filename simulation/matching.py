# SPDX-License-Identifier: Apache-2.0
"""
Judges found people by the labels of a recording: recall, precision, and switches of ids.

A found person is the box around her visible landmarks. She is a labelled one when their boxes
overlap by LEAST_IOU; pairs are chosen so that the sum of overlaps is largest. One that is left is
excused when it overlaps an ignored label, and is wrong otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from simulation.ground_truth import GroundTruth, Label

__all__ = [
    'LEAST_IOU',
    'Found',
    'Judgement',
    'Sighting',
    'id_switches',
    'iou',
    'judge',
    'overlap',
    'person_box',
]

LEAST_IOU = 0.5
VISIBLE = 0.5  # least visibility of a landmark that counts for the box

# Landmarks are joints and features of the face: the body reaches further. Of the paddings tried,
# this gave the largest overlap with the hand-drawn boxes (median 0.86; 0.78 without any).
PADDING = 0.05  # of the box's longer side, on each side

LEAST_EXCUSED = 0.5  # of a found box, inside an ignored one


@dataclass(frozen=True)
class Found:
    """
    A person whom somebody found in a frame.

    :param box_px: x, y, width and height, float64 (4,)
    :param track_id: as the finder numbers people; -1 when it does not
    """

    box_px: NDArray[np.float64]
    track_id: int = -1


@dataclass(frozen=True)
class Sighting:
    """
    A labelled person in a frame, and who was found there.

    :param height: of the label's box, as a fraction of the picture's
    :param iou: of the label and the found person; 0 when nobody was found
    """

    frame: int
    label: Label
    height: float
    found: Found | None
    iou: float


@dataclass(frozen=True)
class Judgement:
    """
    What was right and wrong in a recording.

    :param sightings: of all labels that are not ignored
    :param wrong: frames and people who were found where nobody is, or a second time
    :param excused: how many were found at ignored labels
    """

    sightings: tuple[Sighting, ...]
    wrong: tuple[tuple[int, Found], ...]
    excused: int

    def recall(self, wanted: Callable[[Sighting], bool] = lambda _: True) -> float:
        """
        Return the share of labelled people who were found; NaN when nobody is wanted.

        :param wanted: which sightings count, for instance `lambda s: s.label.whole`
        """
        hits = [sighting.found is not None for sighting in self.sightings if wanted(sighting)]
        return float(np.mean(hits)) if hits else float('nan')

    def recall_by_height(self, edges: Sequence[float]) -> list[tuple[int, float]]:
        """
        Return the number and the recall of people whose height lies between two edges.

        :param edges: fractions of the picture's height, ascending; each bin is [low, high)
        """
        rows = []
        for low, high in pairwise(edges):
            inside = [s for s in self.sightings if low <= s.height < high]
            rows.append((len(inside), Judgement(tuple(inside), (), 0).recall()))
        return rows

    @property
    def precision(self) -> float:
        """The share of found people who are there; NaN when nobody was found."""
        right = sum(sighting.found is not None for sighting in self.sightings)
        return right / (right + len(self.wrong)) if right or self.wrong else float('nan')

    def frames_with_all(self, people: int = 2) -> float:
        """
        Return the share of frames in which everybody was found.

        Of the frames with so many labelled people at least, who are all whole; NaN for none.
        """
        frames: dict[int, list[Sighting]] = {}
        for sighting in self.sightings:
            frames.setdefault(sighting.frame, []).append(sighting)
        complete = [
            all(s.found is not None for s in frame)
            for frame in frames.values()
            if len(frame) >= people and all(s.label.whole for s in frame)
        ]
        return float(np.mean(complete)) if complete else float('nan')


def person_box(
    points_px: NDArray[np.floating],
    visibility: NDArray[np.floating],
    width: int,
    height: int,
) -> NDArray[np.float64]:
    """
    Return the box of a person's visible landmarks, padded, inside the picture.

    :param points_px: landmarks, (33, 2) in pixels
    :param visibility: of each, (33,) in [0, 1]; where fewer than two are visible, all count
    :returns: x, y, width and height in pixels, (4,)
    """
    visible = visibility >= VISIBLE
    points = points_px[visible] if visible.sum() >= 2 else points_px
    low, high = points.min(axis=0), points.max(axis=0)
    padding = PADDING * (high - low).max()
    low = np.clip(low - padding, 0, (width, height))
    high = np.clip(high + padding, 0, (width, height))
    return np.concatenate((low, high - low)).astype(np.float64)


def overlap(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area that boxes (n, 4) and others (m, 4) share, (n, m)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(
        boxes[:, None, :2] + boxes[:, None, 2:], others[None, :, :2] + others[None, :, 2:]
    )
    return np.clip(high - low, 0, None).prod(axis=2)


def iou(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intersection over union of boxes (n, 4) and others (m, 4), (n, m) in [0, 1]."""
    shared = overlap(boxes, others)
    areas = boxes[:, 2:].prod(axis=1)[:, None] + others[:, 2:].prod(axis=1)[None]
    return shared / np.maximum(areas - shared, 1e-9)


def judge(truth: GroundTruth, found: Mapping[int, Sequence[Found]]) -> Judgement:
    """
    Compare found people with the labels of all labelled frames.

    :param found: people by index of the frame; frames that are not labelled are passed over
    :raises KeyError: when a labelled frame is missing: no people is an empty list
    """
    sightings: list[Sighting] = []
    wrong: list[tuple[int, Found]] = []
    excused = 0
    for frame, labels in truth.frames.items():
        people = found[frame]
        wanted = [label for label in labels if not label.ignored]
        pairs = _pairs(wanted, people)
        for index, label in enumerate(wanted):
            which, value = pairs.get(index, (None, 0.0))
            sightings.append(
                Sighting(
                    frame,
                    label,
                    float(label.box_px[3]) / truth.height,
                    None if which is None else people[which],
                    value,
                )
            )
        ignored = _boxes(label.box_px for label in labels if label.ignored)
        matched = {which for which, _ in pairs.values()}
        for each in (person for index, person in enumerate(people) if index not in matched):
            if _excused(each, ignored):
                excused += 1
            else:
                wrong.append((frame, each))
    return Judgement(tuple(sightings), tuple(wrong), excused)


def _pairs(wanted: Sequence[Label], people: Sequence[Found]) -> dict[int, tuple[int, float]]:
    """Return the index of the found person and the overlap, by the index of the label."""
    values = iou(_boxes(label.box_px for label in wanted), _boxes(each.box_px for each in people))
    values[values < LEAST_IOU] = 0.0
    rows, columns = linear_sum_assignment(values, maximize=True)
    return {
        int(row): (int(column), float(values[row, column]))
        for row, column in zip(rows, columns, strict=True)
        if values[row, column] > 0
    }


def _excused(found: Found, ignored: NDArray[np.float64]) -> bool:
    """Return whether most of a found person, or as much of an ignored box, is the other's."""
    box = found.box_px[None]
    inside = overlap(box, ignored)[0] / max(float(found.box_px[2:].prod()), 1e-9)
    return bool((inside >= LEAST_EXCUSED).any() or (iou(box, ignored)[0] >= LEAST_IOU).any())


def _boxes(boxes: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.array(list(boxes), float).reshape(-1, 4)


def id_switches(truth: GroundTruth, judgement: Judgement) -> int:
    """
    Return how often a person's track id became another one, as motmetrics counts switches.

    :param judgement: of people with track ids
    :raises ImportError: when motmetrics is not installed
    """
    import motmetrics  # noqa: PLC0415 - of the benchmark alone

    frames = motmetrics.MOTAccumulator(auto_id=True)
    for frame in truth.frames:
        seen = [s for s in judgement.sightings if s.frame == frame]
        hits = [s for s in seen if s.found is not None]
        distances = np.full((len(seen), len(hits)), np.nan)
        for column, hit in enumerate(hits):
            distances[seen.index(hit), column] = 1.0 - hit.iou
        frames.update(
            [s.label.person for s in seen],
            [s.found.track_id for s in hits if s.found is not None],
            distances,
        )
    summary = motmetrics.metrics.create().compute(frames, metrics=['num_switches'])
    return int(summary['num_switches'].iloc[0])
