# SPDX-License-Identifier: Apache-2.0
"""Tests that found people are judged by labels as the eye would judge them."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.ground_truth import GroundTruth, Label
from simulation.matching import Found, id_switches, iou, judge, person_box

LEFT, RIGHT, POSTER = (100, 100, 100, 300), (500, 100, 100, 400), (800, 100, 50, 100)


def label(person: int, box: tuple[int, ...], whole: bool = True, ignored: bool = False) -> Label:
    return Label(person, np.array(box, float), whole, ignored)


def truth(*frames: tuple[Label, ...]) -> GroundTruth:
    return GroundTruth('made up', 1000, 1000, {}, dict(enumerate(frames)))


def found(box: tuple[float, ...], track_id: int = -1) -> Found:
    return Found(np.array(box, float), track_id)


BOTH = (label(1, LEFT), label(2, RIGHT))


@pytest.mark.parametrize(
    ('box', 'expected'),
    [
        ((0, 0, 10, 10), 1.0),
        ((5, 0, 10, 10), 1 / 3),
        ((0, 0, 5, 5), 0.25),
        ((20, 0, 10, 10), 0.0),
        ((10, 0, 10, 10), 0.0),
    ],
)
def test_iou(box: tuple[int, ...], expected: float) -> None:
    assert iou(np.array([[0, 0, 10, 10.0]]), np.array([box], float)) == pytest.approx(expected)


def test_iou_of_nobody() -> None:
    assert iou(np.empty((0, 4)), np.ones((3, 4))).shape == (0, 3)


def test_everybody_found() -> None:
    judged = judge(truth(BOTH), {0: [found(RIGHT), found((110, 110, 100, 300))]})
    assert judged.recall() == judged.precision == judged.frames_with_all() == 1.0
    assert [
        sighting.found is not None and sighting.iou > 0.7 for sighting in judged.sightings
    ] == [True, True]


def test_nobody_found() -> None:
    judged = judge(truth(BOTH), {0: []})
    assert judged.recall() == judged.frames_with_all() == 0.0
    assert np.isnan(judged.precision)


def test_a_person_found_twice_is_wrong_once() -> None:
    judged = judge(truth(BOTH), {0: [found(LEFT), found((105, 100, 100, 300))]})
    assert (judged.recall(), judged.precision, len(judged.wrong)) == (0.5, 0.5, 1)


def test_half_a_person_is_wrong() -> None:
    judged = judge(truth(BOTH[:1]), {0: [found((100, 260, 100, 140))]})
    assert (judged.recall(), judged.precision) == (0.0, 0.0)


def test_one_box_around_two_people_is_neither() -> None:
    judged = judge(truth(BOTH), {0: [found((100, 100, 500, 400))]})
    assert (judged.recall(), len(judged.wrong)) == (0.0, 1)


def test_each_gets_the_nearer_box() -> None:
    near = (label(1, (100, 100, 100, 300)), label(2, (130, 100, 100, 300)))
    people = [found((132, 100, 100, 300), 2), found((98, 100, 100, 300), 1)]
    judged = judge(truth(near), {0: people})
    assert [s.found.track_id for s in judged.sightings if s.found] == [1, 2]


def test_ignored_labels_are_excused() -> None:
    poster = (*BOTH, label(3, POSTER, whole=False, ignored=True))
    judged = judge(truth(poster), {0: [found(LEFT), found(POSTER), found((810, 110, 20, 20))]})
    assert (judged.recall(), judged.precision, judged.excused) == (0.5, 1.0, 2)


def test_frames_with_somebody_hidden_do_not_count_for_all() -> None:
    frames = (BOTH, (label(1, LEFT, whole=False), label(2, RIGHT)), (label(1, LEFT),))
    judged = judge(truth(*frames), {0: [found(LEFT), found(RIGHT)], 1: [], 2: []})
    assert judged.frames_with_all() == 1.0
    assert judged.recall(lambda sighting: sighting.label.whole) == 0.5


def test_recall_by_height() -> None:
    judged = judge(truth(BOTH, BOTH), {0: [found(RIGHT)], 1: [found(LEFT), found(RIGHT)]})
    assert judged.recall_by_height((0.0, 0.35, 0.45)) == [(2, 0.5), (2, 1.0)]


def test_a_labelled_frame_must_be_judged() -> None:
    with pytest.raises(KeyError):
        judge(truth(BOTH), {})


def test_id_switches() -> None:
    pytest.importorskip('motmetrics', reason='only the benchmark of people needs it')
    labels = truth(BOTH, BOTH, BOTH, BOTH)
    tracks = ((1, 2), (1, None), (1, 2), (2, 1))  # lost for a frame, then exchanged
    people = {
        frame: [
            found(box, track)
            for box, track in zip((LEFT, RIGHT), ids, strict=True)
            if track is not None
        ]
        for frame, ids in enumerate(tracks)
    }
    assert id_switches(labels, judge(labels, people)) == 2


def test_person_box() -> None:
    points_px = np.full((33, 2), 500.0)
    points_px[:3] = (100, 200), (200, 400), (990, 990)
    visibility = np.zeros(33)
    visibility[:2] = 0.9
    assert person_box(points_px, visibility, 1000, 1000) == pytest.approx((90, 190, 120, 220))


def test_person_box_ends_with_the_picture() -> None:
    points_px = np.tile((-50.0, 400.0), (33, 1))
    points_px[0] = 150, 1200
    assert person_box(points_px, np.ones(33), 1000, 1000) == pytest.approx((0, 360, 190, 640))
