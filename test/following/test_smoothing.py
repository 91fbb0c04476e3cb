# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from itertools import pairwise
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.options import LandmarkerOptions
from pose_ros.following.smoothing import LandmarkSmoother, MaskSmoother
from pose_ros.poses.poses import PRESENCE, VISIBILITY, Poses, X, Y, Z
from pose_ros.poses.skeleton import Landmark
from simulation.composed import Standing, cutouts, watch
from simulation.sequences import HEIGHT, WIDTH

START_NS = 10**9
FRAME_NS = 33_333_333
XYZ = slice(X, Z + 1)


def people(count: int, seed: int = 0) -> Poses:
    """Return people beside each other, with ids from 7 on."""
    rng = np.random.default_rng(seed)
    shape = count, len(Landmark), 5
    landmarks, world = rng.uniform(0.3, 0.6, shape), rng.uniform(-0.5, 0.5, shape)
    return Poses(
        landmarks.astype(np.float32),
        world.astype(np.float32),
        track_ids=np.arange(7, 7 + count, dtype=np.int32),
    )


def noisy(result: Poses, rng: np.random.Generator, std: float = 0.002) -> Poses:
    return replace(
        result,
        **{
            name: getattr(result, name)
            + rng.normal(0, std, result.landmarks.shape).astype(np.float32)
            for name in ('landmarks', 'world_landmarks')
        },
    )


def moved(result: Poses, x: float) -> Poses:
    landmarks, world = result.landmarks.copy(), result.world_landmarks.copy()
    landmarks[:, :, X] += x
    world[:, :, X] += x
    return replace(result, landmarks=landmarks, world_landmarks=world)


def run(results: list[Poses], period_ns: int = FRAME_NS) -> list[Poses]:
    smoother = LandmarkSmoother()
    return [
        smoother.update(each, START_NS + index * period_ns, WIDTH, HEIGHT)
        for index, each in enumerate(results)
    ]


def one_euro(
    values: list[float],
    seconds: float,
    scale: float,
    min_cutoff_hz: float,
    beta: float,
) -> list[float]:
    """Casiez, Roussel and Vogel, CHI 2012, algorithm 1, with MediaPipe's scale of the speed."""

    def alpha(cutoff_hz: float) -> float:
        return 1 / (1 + 1 / (2 * math.pi * cutoff_hz) / seconds)

    smooth, speed = [values[0]], 0.0
    for before, value in pairwise(values):
        speed += alpha(1.0) * ((value - before) / seconds * scale - speed)
        smooth.append(smooth[-1] + alpha(min_cutoff_hz + beta * abs(speed)) * (value - smooth[-1]))
    return smooth


@pytest.mark.parametrize(
    ('period_ns', 'step', 'std', 'tolerance'),
    [(FRAME_NS, 0.01, 0.002, 2e-4), (3 * FRAME_NS, 0.01, 0.002, 2e-4), (FRAME_NS, 0, 1e-4, 1e-6)],
    ids=['moving', 'moving, seen at 10 Hz', 'still'],
)
def test_every_coordinate_is_filtered_by_the_formula(
    period_ns: int,
    step: float,
    std: float,
    tolerance: float,
) -> None:
    rng = np.random.default_rng(1)
    body = people(2)
    walk = [noisy(moved(body, step * index), rng, std) for index in range(20)]
    smooth = run(walk, period_ns)
    hips = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
    for person in range(2):
        for landmark in (Landmark.NOSE, Landmark.LEFT_WRIST):
            points = walk[-1].landmarks[person, :, :2] * (WIDTH, HEIGHT)
            side = 2.5 * np.linalg.norm(points - points[hips].mean(axis=0), axis=1).max()
            for name, axis, size, settings in (
                ('landmarks', X, WIDTH / side, (0.05, 80)),
                ('landmarks', Y, HEIGHT / side, (0.05, 80)),
                ('landmarks', Z, WIDTH / side, (0.05, 80)),
                ('world_landmarks', Y, 1.0, (0.1, 40)),
            ):
                found, got = (
                    [float(getattr(each, name)[person, landmark, axis]) for each in results]
                    for results in (walk, smooth)
                )
                wanted = one_euro(found, period_ns * 1e-9, size, *settings)
                # The scale is each frame's own, and noise moves the farthest landmark a little.
                assert got == pytest.approx(wanted, abs=tolerance)
                assert np.abs(np.subtract(got, found)).max() > 5 * tolerance


def test_visibility_is_filtered_and_presence_is_not() -> None:
    dark, bright = people(2), people(2, seed=5)
    smooth = run([dark, bright, bright])
    for name in ('landmarks', 'world_landmarks'):
        one, other = getattr(dark, name), getattr(bright, name)
        wanted = 0.81 * one[:, :, VISIBILITY] + 0.19 * other[:, :, VISIBILITY]
        np.testing.assert_allclose(getattr(smooth[2], name)[:, :, VISIBILITY], wanted, atol=1e-5)
        np.testing.assert_array_equal(
            getattr(smooth[2], name)[:, :, PRESENCE], other[:, :, PRESENCE]
        )


def test_it_does_what_mediapipe_does_for_one_person(models: dict[str, Path]) -> None:
    """The same pictures to a landmarker that smooths one person and to one that finds two."""
    astronaut, admiral, _ = cutouts(models['lite'])
    pictures = [
        [
            Standing(admiral, 480 + 25 * math.sin(index / 12), 85),
            Standing(astronaut, 150 + 35 * math.sin(index / 9), 85),
        ]
        for index in range(40)
    ]
    options = LandmarkerOptions(models['lite'])
    theirs = list(watch(pictures, options))
    raw = list(watch(pictures, replace(options, num_poses=2)))
    assert all(len(each.people) == 1 for each in theirs)
    assert all(sorted(each.people) == [0, 1] for each in raw)
    smoother, differences = LandmarkSmoother(), []
    for one, two in zip(theirs, raw, strict=True):
        ids = np.array(two.people, np.int32)
        ours = smoother.update(replace(two.result, track_ids=ids), two.stamp_ns, WIDTH, HEIGHT)
        row = two.people.index(one.people[0])
        for result in (ours, two.result):
            off = np.abs(result.landmarks[row, :, :2] - one.result.landmarks[0, :, :2])
            world = np.abs(result.world_landmarks[row] - one.result.world_landmarks[0])
            differences.append(
                (
                    np.median(off * (WIDTH, HEIGHT)),
                    world[:, XYZ].max(),
                    world[:, VISIBILITY].max(),
                    world[:, PRESENCE].max(),
                )
            )
    ours, unsmoothed = np.max(differences[::2], axis=0), np.max(differences[1::2], axis=0)
    # Pixels: MediaPipe's region is known to it alone. Visibility: its weight at 33 or 34 ms.
    assert (ours <= (0.7, 1e-6, 0.003, 0)).all()
    assert (unsmoothed[:3] > (2, 0.02, 0.02)).all()


def steps(results: list[Poses], name: str = 'landmarks') -> float:
    points = np.array([getattr(each, name)[:, :, XYZ] for each in results])
    return float(np.sqrt(np.square(np.diff(points, axis=0)).mean()))


@pytest.mark.parametrize('name', ['landmarks', 'world_landmarks'])
def test_jitter_of_a_still_person(name: str) -> None:
    rng = np.random.default_rng(2)
    found = [noisy(people(1), rng, std=0.001) for _ in range(90)]
    assert steps(found[15:], name) > 5 * steps(run(found)[15:], name)


@pytest.mark.parametrize('heights_per_s', [0.1, 0.2, 0.5])
def test_lag_of_a_moving_person(heights_per_s: float) -> None:
    """Less than two frames: a person 0.3 of the picture wide, from slow to a brisk walk."""
    rng = np.random.default_rng(3)
    step = heights_per_s * HEIGHT / WIDTH / 30
    found = [noisy(moved(people(1), step * index), rng, std=0.0005) for index in range(60)]
    for name, way in (('landmarks', step), ('world_landmarks', step)):
        behind = [
            getattr(one, name) - getattr(other, name)
            for one, other in zip(found[30:], run(found)[30:], strict=True)
        ]
        assert 0 <= np.median(behind, axis=0)[:, :, X].max() / way < 2


def test_frames_that_are_missing_change_nothing_that_stays() -> None:
    dark, bright = people(1), people(1, seed=5)
    smoother, frames = LandmarkSmoother(), [0, 1, 2, 5, 6, 13, 30]
    for frame in frames:
        some = smoother.update(
            bright if frame else dark, START_NS + frame * FRAME_NS, WIDTH, HEIGHT
        )
    every = run([dark] + [bright] * frames[-1])[-1]
    np.testing.assert_allclose(some.visibility, every.visibility, atol=1e-5)
    assert np.abs(every.visibility - bright.visibility).max() > 0.005


def test_people_are_told_apart_by_their_ids() -> None:
    rng = np.random.default_rng(4)
    found = [noisy(people(3), rng) for _ in range(6)]
    orders = [rng.permutation(3) for _ in found]
    shuffled = [
        replace(
            each,
            **{
                name: getattr(each, name)[order]
                for name in ('landmarks', 'world_landmarks', 'track_ids')
            },
        )
        for each, order in zip(found, orders, strict=True)
    ]
    for one, other, order in zip(run(found), run(shuffled), orders, strict=True):
        np.testing.assert_array_equal(one.landmarks[order], other.landmarks)
        np.testing.assert_array_equal(one.world_landmarks[order], other.world_landmarks)


def rows(result: Poses, which: list[int]) -> Poses:
    return Poses(
        result.landmarks[which], result.world_landmarks[which], track_ids=result.track_ids[which]
    )


def test_who_was_not_in_the_frame_before_begins_afresh() -> None:
    rng = np.random.default_rng(5)
    both = [noisy(people(2), rng) for _ in range(5)]
    smooth = run([both[0], both[1], rows(both[2], [1]), both[3], both[4]])
    np.testing.assert_array_equal(smooth[3].landmarks[0], both[3].landmarks[0])
    np.testing.assert_array_equal(smooth[2].landmarks[0], run(both)[2].landmarks[1])
    np.testing.assert_array_equal(smooth[3].landmarks[1], run(both)[3].landmarks[1])
    assert (smooth[4].landmarks[:, :, XYZ] != both[4].landmarks[:, :, XYZ]).all()


def test_who_has_no_track_stays_as_found() -> None:
    rng = np.random.default_rng(6)
    found = [
        replace(noisy(people(2), rng), track_ids=np.array([-1, ids], np.int32))
        for ids in (-1, -1, 3, 3)
    ]
    smooth = run(found)
    for one, other in zip(found[:3], smooth[:3], strict=True):
        np.testing.assert_array_equal(one.landmarks, other.landmarks)
    np.testing.assert_array_equal(smooth[3].landmarks[0], found[3].landmarks[0])
    assert (smooth[3].landmarks[1, :, XYZ] != found[3].landmarks[1, :, XYZ]).all()


def test_nothing_that_came_in_is_written_to() -> None:
    rng = np.random.default_rng(7)
    found = [noisy(people(2), rng) for _ in range(4)]
    for each in found:
        each.landmarks.flags.writeable = each.world_landmarks.flags.writeable = False
    smooth = run(found)
    assert smooth[0] is found[0]
    assert smooth[-1].landmarks.dtype == smooth[-1].world_landmarks.dtype == np.float32
    assert smooth[-1].track_ids is found[-1].track_ids


@pytest.mark.parametrize('stamp_ns', [START_NS, START_NS - FRAME_NS])
def test_a_stamp_that_is_not_later_begins_afresh(stamp_ns: int) -> None:
    smoother, rng = LandmarkSmoother(), np.random.default_rng(8)
    first, second, third = (noisy(people(1), rng) for _ in range(3))
    smoother.update(first, START_NS, WIDTH, HEIGHT)
    assert smoother.update(second, stamp_ns, WIDTH, HEIGHT) is second
    after = smoother.update(third, stamp_ns + FRAME_NS, WIDTH, HEIGHT)
    np.testing.assert_array_equal(after.landmarks, run([second, third])[1].landmarks)


def test_reset_and_nobody_begin_afresh() -> None:
    smoother, rng = LandmarkSmoother(), np.random.default_rng(9)
    found = [noisy(people(1), rng) for _ in range(4)]
    smoother.update(found[0], START_NS, WIDTH, HEIGHT)
    smoother.reset()
    assert smoother.update(found[1], START_NS + FRAME_NS, WIDTH, HEIGHT) is found[1]
    nobody = Poses.empty()
    assert smoother.update(nobody, START_NS + 2 * FRAME_NS, WIDTH, HEIGHT) is nobody
    assert smoother.update(found[3], START_NS + 3 * FRAME_NS, WIDTH, HEIGHT) is found[3]


def test_what_mediapipe_smoothed_passes_and_is_followed() -> None:
    smoother, rng = LandmarkSmoother(), np.random.default_rng(10)
    found = [noisy(people(1), rng, std=0) for _ in range(4)] + [noisy(people(1), rng, std=0.003)]
    for index, each in enumerate(found[:-1]):
        assert (
            smoother.update(each, START_NS + index * FRAME_NS, WIDTH, HEIGHT, is_smooth=True)
            is each
        )
    last = smoother.update(found[-1], START_NS + 4 * FRAME_NS, WIDTH, HEIGHT)
    jump, raw = (
        np.abs(each.landmarks - found[-2].landmarks)[:, :, XYZ].mean()
        for each in (last, found[-1])
    )
    assert 0 < jump < raw / 2


def masked(*masks: NDArray[np.float32], ids: tuple[int, ...] = (1,)) -> Poses:
    return replace(people(len(masks)), masks=masks, track_ids=np.array(ids, np.int32))


def mixed(found: float, before: float, ratio: float = 0.7) -> float:
    """The legacy solution's formula: the old pixel counts as much as the new one is uncertain."""
    t = (found - 0.5) ** 2
    certainty = t * (5.68842 + t * (-0.748699 + t * (-57.8051 + t * (291.309 + t * -624.717))))
    return found + (before - found) * (1 - min(1, certainty)) * ratio


def levels() -> NDArray[np.float32]:
    return np.linspace(0, 1, 101, dtype=np.float32).reshape(1, -1)


@pytest.mark.parametrize('before', [0.0, 0.4, 1.0])
@pytest.mark.parametrize('frames', [1, 3])
def test_masks_are_mixed_by_the_formula(before: float, frames: int) -> None:
    smoother = MaskSmoother()
    old = np.full_like(levels(), before)
    first = masked(old)
    assert smoother.update(first, START_NS).masks[0] is old
    smooth = smoother.update(masked(levels()), START_NS + frames * FRAME_NS)
    wanted = [mixed(float(each), before, 0.7**frames) for each in levels()[0]]
    np.testing.assert_allclose(smooth.masks[0][0], wanted, atol=0.002)
    assert smooth.masks[0].dtype == np.float32


def test_a_mask_is_mixed_with_what_went_out_before() -> None:
    smoother = MaskSmoother()
    for index, expected in enumerate((0.0, 0.15, 0.255)):
        mask = np.full((2, 3), 0.5 if index else 0.0, np.float32)
        smooth = smoother.update(masked(mask), START_NS + index * FRAME_NS)
        np.testing.assert_allclose(smooth.masks[0], expected, atol=1e-3)
        assert mask.min() == mask.max() in (0.0, 0.5)


def test_masks_are_told_apart_by_their_ids() -> None:
    smoother = MaskSmoother()
    dark, grey, bright = (np.full((2, 2), each, np.float32) for each in (0, 0.5, 1))
    smoother.update(masked(dark, bright, dark, ids=(1, 2, -1)), START_NS)
    smooth = smoother.update(
        masked(grey, grey, grey, grey, ids=(2, 1, 3, -1)), START_NS + FRAME_NS
    )
    assert [round(float(each[0, 0]), 2) for each in smooth.masks] == [0.85, 0.15, 0.5, 0.5]
    assert smooth.masks[2] is smooth.masks[3] is grey


@pytest.mark.parametrize(
    'break_with',
    [
        lambda smoother: smoother.update(Poses.empty(), START_NS + FRAME_NS),
        lambda smoother: smoother.update(
            masked(np.zeros((9, 9), np.float32)), START_NS + FRAME_NS
        ),
        lambda smoother: smoother.update(masked(levels(), ids=(2,)), START_NS + FRAME_NS),
        lambda smoother: smoother.update(masked(levels()), START_NS + 3 * FRAME_NS),
    ],
    ids=['nobody', 'another size', 'another person', 'a later stamp'],
)
def test_masks_begin_afresh(break_with: object) -> None:
    smoother = MaskSmoother()
    smoother.update(masked(1 - levels()), START_NS)
    break_with(smoother)  # type: ignore[operator]
    found = masked(levels())
    assert smoother.update(found, START_NS + 2 * FRAME_NS).masks[0] is found.masks[0]


def test_without_masks_there_is_nothing_to_do() -> None:
    found = people(2)
    assert MaskSmoother().update(found, START_NS) is found
