# SPDX-License-Identifier: Apache-2.0
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pose_ros.detection.options import LandmarkerOptions
from pose_ros.following.tracking import Tracker
from pose_ros.poses.poses import VISIBILITY, Poses, X, Y
from simulation.composed import Standing, cutouts, watch
from simulation.scenes import SCENES, straight
from simulation.sequences import HEIGHT, WIDTH, Difficulty, Scene, Score, Seen, play, score

MAX_MISSED_S = 2.0
SECOND_NS = 10**9


def tracked(frames: Sequence[Seen], tracker: Tracker) -> list[Seen]:
    return [
        replace(each, result=tracker.update(each.result, each.stamp_ns, WIDTH, HEIGHT))
        for each in frames
    ]


def ids(result: Poses) -> list[int]:
    return result.track_ids.tolist()


@pytest.fixture(scope='module')
def standing() -> Poses:
    """Two people beside each other."""
    return play(Scene('', Difficulty.EASY, 0.1, (straight(160, 0), straight(420, 0))), 0)[0].result


@pytest.mark.parametrize('seed', [1, 2])
@pytest.mark.parametrize(
    'scene',
    [each for each in SCENES if each.difficulty is not Difficulty.HARD],
    ids=lambda scene: scene.name,
)
def test_everybody_keeps_their_id(scene: Scene, seed: int) -> None:
    frames = tracked(play(scene, seed), Tracker(MAX_MISSED_S))
    assert {person for each in frames for person in each.people} == set(range(len(scene.ways)))
    assert score(frames, MAX_MISSED_S) == Score(0, 0)


def test_the_score_sees_switches() -> None:
    """With ids by MediaPipe's order, which changes from frame to frame."""
    frames = [
        replace(
            each,
            result=replace(each.result, track_ids=np.arange(len(each.result), dtype=np.int32)),
        )
        for each in play(SCENES[0], 0)
    ]
    assert score(frames, MAX_MISSED_S).switches > 20
    assert score(frames, MAX_MISSED_S).fragments == 2


def test_real_people_who_cross_keep_their_ids(models: dict[str, Path]) -> None:
    """While one hides the other, only one of them is found, and not always the front one."""
    astronaut, admiral, _ = cutouts(models['lite'])
    pictures = [
        [
            Standing(admiral, 560 - 190 * index / 30, 90),
            Standing(astronaut, 80 + 190 * index / 30, 90),
        ]
        for index in range(76)
    ]
    options = LandmarkerOptions(models['lite'], num_poses=2)
    frames = tracked(list(watch(pictures, options)), Tracker(MAX_MISSED_S))
    assert score(frames, MAX_MISSED_S) == Score(0, 0)
    found = [set(each.people) for each in frames]
    assert found.count({0, 1}) > 30
    assert found.count({0}) + found.count({1}) > 10
    assert found[-1] == {0, 1}


def test_only_the_ids_change(standing: Poses) -> None:
    masks = (np.zeros((2, 2), np.float32), np.ones((2, 2), np.float32))
    result = replace(standing, masks=masks)
    tracker = Tracker(MAX_MISSED_S)
    for stamp_ns in (1, 2):
        with_ids = tracker.update(result, stamp_ns, WIDTH, HEIGHT)
        assert with_ids.track_ids.dtype == np.int32
        assert sorted(ids(with_ids)) == [1, 2]
        for name in ('landmarks', 'world_landmarks', 'masks', 'positions', 'position_errors'):
            assert getattr(with_ids, name) is getattr(result, name)


@pytest.mark.parametrize('max_missed_s', [0.5, 1.0, 3.0])
def test_a_miss_of_the_parameters_length(standing: Poses, max_missed_s: float) -> None:
    tracker = Tracker(max_missed_s)
    stamp_ns = SECOND_NS
    before = ids(tracker.update(standing, stamp_ns, WIDTH, HEIGHT))
    tracker.update(Poses.empty(), stamp_ns + 1, WIDTH, HEIGHT)
    stamp_ns += round(max_missed_s * SECOND_NS)
    assert ids(tracker.update(standing, stamp_ns, WIDTH, HEIGHT)) == before
    stamp_ns += round(max_missed_s * SECOND_NS) + 1
    assert ids(tracker.update(standing, stamp_ns, WIDTH, HEIGHT)) == [3, 4]


def test_ids_are_never_used_again(standing: Poses) -> None:
    tracker = Tracker(0.1)
    seen = []
    for run in range(3):
        for index in range(3):  # the second run begins before the first: its stamps jump back
            result = tracker.update(standing, (5 - run + index) * SECOND_NS, WIDTH, HEIGHT)
            seen += ids(result)
        tracker.reset()
    assert seen == list(range(1, 19))


def test_a_new_person_beside_known_ones(standing: Poses) -> None:
    tracker = Tracker(MAX_MISSED_S)
    one = Poses(standing.landmarks[1:], standing.world_landmarks[1:])
    assert ids(tracker.update(one, 1, WIDTH, HEIGHT)) == [1]
    assert ids(tracker.update(standing, 2, WIDTH, HEIGHT)) == [2, 1]


def moved(result: Poses, torsos: float, axis: int, width: int, height: int) -> Poses:
    """Return the people of a WIDTH x HEIGHT picture in another one, elsewhere."""
    landmarks = result.landmarks.copy()
    landmarks[:, :, :2] *= (WIDTH, HEIGHT)
    landmarks[:, :, axis] += 100 * torsos
    landmarks[:, :, :2] /= (width, height)
    return Poses(landmarks, landmarks)


@pytest.mark.parametrize(
    ('torsos', 'seconds', 'expected'),
    [(0.8, 0.03, 1), (1.6, 0.03, 2), (1.6, 1.5, 1), (4.0, 1.5, 2)],
)
@pytest.mark.parametrize('axis', [X, Y])
@pytest.mark.parametrize(('width', 'height'), [(1600, 400), (400, 1600), (800, 800)])
def test_how_far_away_a_person_can_be_the_same(
    standing: Poses,
    torsos: float,
    seconds: float,
    expected: int,
    axis: int,
    width: int,
    height: int,
) -> None:
    """The farther the longer unseen, and in every direction alike whatever the picture's shape."""
    one, tracker = Poses(standing.landmarks[:1], standing.landmarks[:1]), Tracker(MAX_MISSED_S)
    tracker.update(moved(one, 0, axis, width, height), SECOND_NS, width, height)
    again = tracker.update(
        moved(one, torsos, axis, width, height),
        SECOND_NS + round(seconds * SECOND_NS),
        width,
        height,
    )
    assert ids(again) == [expected]


def test_hidden_landmarks_count_little(standing: Poses) -> None:
    """The model guesses what is outside of the picture again in every frame."""
    landmarks = standing.landmarks.copy()
    landmarks[:, 13:, VISIBILITY] = 0.01
    tracker = Tracker(MAX_MISSED_S)
    before = ids(tracker.update(Poses(landmarks, landmarks), 1, WIDTH, HEIGHT))
    landmarks[:, 13:, :2] = landmarks[::-1, 13:, :2]
    assert ids(tracker.update(Poses(landmarks, landmarks), 2, WIDTH, HEIGHT)) == before


def test_of_two_people_in_one_place_the_one_seen_last_goes_on(standing: Poses) -> None:
    one = Poses(standing.landmarks[:1], standing.landmarks[:1])
    other = moved(one, 0.02, X, WIDTH, HEIGHT)
    landmarks = np.concatenate((one.landmarks, other.landmarks))
    both = Poses(landmarks, landmarks)
    tracker = Tracker(MAX_MISSED_S)
    for stamp_ms, result, expected in (
        (0, both, [1, 2]),
        (33, other, [2]),
        (200, other, [2]),
        (233, one, [2]),
    ):
        assert ids(tracker.update(result, stamp_ms * 10**6, WIDTH, HEIGHT)) == expected


def test_a_skeleton_without_extent(standing: Poses) -> None:
    point = np.full_like(standing.landmarks, 0.5)
    tracker = Tracker(MAX_MISSED_S)
    with np.errstate(all='raise', under='ignore'):
        for stamp_ns in (1, 2):
            tracker.update(Poses(point, point), stamp_ns, WIDTH, HEIGHT)
            tracker.update(standing, stamp_ns, WIDTH, HEIGHT)  # the same stamp again


@pytest.mark.parametrize('seconds', [-0.1, float('nan')])
def test_impossible_memory(seconds: float) -> None:
    with pytest.raises(ValueError, match='max_missed_s: wanted 0 or more seconds'):
        Tracker(seconds)
