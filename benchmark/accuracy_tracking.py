# SPDX-License-Identifier: Apache-2.0
"""Measures whether people keep their ids, what jitter and lag smoothing leaves, and the cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.following.smoothing import LandmarkSmoother, MaskSmoother
from pose_ros.following.tracking import Tracker
from pose_ros.models.store import fetch
from pose_ros.poses.poses import VISIBILITY, Poses, X, Y
from simulation.composed import Cutout, Standing, compose, cutouts, watch
from simulation.scenes import SCENES
from simulation.sequences import HEIGHT, WIDTH, Difficulty, Scene, Score, Seen, play, score

MAX_MISSED_S = 2.0
RUNS = 10  # of each synthetic scene
SETTLED = 15  # frames after which jitter and lag are measured
SPEEDS = (60, 120, 240)  # pixels a second, of people 90 pixels wide: 0.3, 0.5 and 1.1 m/s


@dataclass(frozen=True)
class Ids:
    """
    How a tracker did in one scene, over all runs.

    :param source: synthetic skeletons, or photographs seen by the landmarker
    :param people: in the scene
    :param seconds: of all runs together
    :param switches: how often somebody had another id than before
    :param fragments: ids beyond the first of each person
    """

    scene: str
    difficulty: str
    source: str
    people: int
    seconds: float
    switches: int
    fragments: int


@dataclass(frozen=True)
class Smoothness:
    """
    What smoothing does to one person's visible landmarks; medians over the landmarks.

    :param speed_px: of the person, pixels a second
    :param jitter_px: root mean square of the steps from frame to frame, as found; NaN when moving
    :param jitter_ratio: of that, over what smoothing leaves of it
    :param lag_frames: how far behind the landmarks as found, at 30 Hz; NaN when still
    """

    case: str
    speed_px: float
    jitter_px: float
    jitter_ratio: float
    lag_frames: float


@dataclass(frozen=True)
class Cost:
    """Median wall-clock time of one frame of 640x480, in microseconds."""

    people: int
    ids_us: float
    landmarks_us: float
    masks_us: float


def tracked(frames: Iterable[Seen], tracker: Tracker) -> list[Seen]:
    """Return the frames with ids."""
    return [
        replace(each, result=tracker.update(each.result, each.stamp_ns, WIDTH, HEIGHT))
        for each in frames
    ]


def smoothed(frames: Iterable[Seen]) -> list[Seen]:
    """Return frames that have ids with smooth landmarks."""
    smoother = LandmarkSmoother()
    return [
        replace(each, result=smoother.update(each.result, each.stamp_ns, WIDTH, HEIGHT))
        for each in frames
    ]


def synthetic_ids(scene: Scene, new_tracker: Callable[[], Tracker]) -> Ids:
    scores = [
        score(tracked(play(scene, seed), new_tracker()), MAX_MISSED_S) for seed in range(RUNS)
    ]
    return _ids(
        scene.name, scene.difficulty, 'synthetic', len(scene.ways), RUNS * scene.seconds, scores
    )


def photographed_scenes(
    people: Sequence[Cutout],
) -> list[tuple[str, Difficulty, list[list[Standing]]]]:
    """Return pictures at 30 Hz, by the scene's name and difficulty."""
    astronaut, admiral, mirrored = people

    def back(time_s: float) -> float:
        return max(1.2 * (1 - abs(time_s / 2 - 1)) - 0.1, 0)

    def scene(seconds: float, where: Callable[[float], list[Standing]]) -> list[list[Standing]]:
        return [where(index / 30) for index in range(round(30 * seconds))]

    return [
        (
            'walking',
            Difficulty.EASY,
            scene(
                2,
                lambda time_s: [
                    Standing(admiral, 540 - 25 * time_s, 80 + 10 * time_s),
                    Standing(astronaut, 100 + 25 * time_s, 90),
                ],
            ),
        ),
        (
            'crossing',
            Difficulty.MEDIUM,
            scene(
                3,
                lambda time_s: [
                    Standing(admiral, 510 - 130 * time_s, 90),
                    Standing(astronaut, 130 + 130 * time_s, 90),
                ],
            ),
        ),
        (
            'leaving, returning',
            Difficulty.MEDIUM,
            scene(
                3.2,
                lambda time_s: [
                    Standing(admiral, 480, 90),
                    Standing(astronaut, 160 - 300 * back(1.25 * time_s), 90),
                ],
            ),
        ),
        (
            'three, two crossing',
            Difficulty.HARD,
            scene(
                4,
                lambda time_s: [
                    Standing(mirrored, 320, 75),
                    Standing(admiral, 560 - 120 * time_s, 75),
                    Standing(astronaut, 80 + 120 * time_s, 75),
                ],
            ),
        ),
        (
            'meeting, turning back',
            Difficulty.HARD,
            scene(
                4,
                lambda time_s: [
                    Standing(admiral, 480 - 150 * back(time_s), 90),
                    Standing(astronaut, 160 + 150 * back(time_s), 90),
                ],
            ),
        ),
    ]


def photographed_ids(
    name: str,
    difficulty: Difficulty,
    pictures: list[list[Standing]],
    options: LandmarkerOptions,
) -> Ids:
    people = len(pictures[0])
    frames = watch(pictures, replace(options, num_poses=people))
    return _ids(
        name,
        difficulty,
        'photographs',
        people,
        len(pictures) / 30,
        [score(tracked(frames, Tracker(MAX_MISSED_S)), MAX_MISSED_S)],
    )


def _ids(
    name: str,
    difficulty: Difficulty,
    source: str,
    people: int,
    seconds: float,
    scores: list[Score],
) -> Ids:
    return Ids(
        name,
        difficulty.value,
        source,
        people,
        round(seconds, 1),
        sum(each.switches for each in scores),
        sum(each.fragments for each in scores),
    )


def smoothness(
    case: str,
    pictures: list[list[Standing]],
    speed_px: float,
    options: LandmarkerOptions,
) -> list[Smoothness]:
    """Return one row for each person; all are still, or move to the right with that speed."""
    frames = tracked(watch(pictures, options), Tracker(MAX_MISSED_S))
    rows = []
    for person, standing in enumerate(pictures[0]):
        found, smooth = (_pixels(each, person)[SETTLED:] for each in (frames, smoothed(frames)))
        at = found.mean(axis=0)
        seen = standing.cutout.visible & np.all((at > 0) & (at < (WIDTH, HEIGHT)), axis=1)
        found, smooth = found[:, seen], smooth[:, seen]
        label = case if len(pictures[0]) == 1 else f'{case}, {("left", "right")[person]}'
        if speed_px:
            lags = (found - smooth)[:, :, 0].mean(axis=0) / speed_px * 30
            rows.append(Smoothness(label, speed_px, np.nan, np.nan, float(np.median(lags))))
        else:
            jitter, left = _jitter(found), _jitter(smooth)
            rows.append(
                Smoothness(
                    label, 0, float(np.median(jitter)), float(np.median(jitter / left)), np.nan
                )
            )
    return rows


def _pixels(frames: list[Seen], person: int) -> NDArray[np.float64]:
    """Return one person's landmarks (frames, 33, 2) in pixels, where the person was found."""
    return np.array(
        [
            each.result.landmarks[each.people.index(person)][:, [X, Y]] * (WIDTH, HEIGHT)
            for each in frames
            if person in each.people
        ]
    )


def _jitter(points: NDArray[np.float64]) -> NDArray[np.float64]:
    steps: NDArray[np.float64] = np.square(np.diff(points, axis=0)).sum(axis=2)
    return np.sqrt(steps.mean(axis=0))


def cost(people: Sequence[Cutout], options: LandmarkerOptions, frames: int = 200) -> list[Cost]:
    """Measure with one person's landmarks and mask in several places."""
    rng = np.random.default_rng(0)
    with Landmarker(
        replace(options, running_mode=RunningMode.IMAGE, output_segmentation_masks=True)
    ) as landmarker:
        picture = compose([Standing(people[0], 320, 110)], rng)
        one = landmarker.detect(landmarker.load(picture), 0)
    rows = []
    for count in (1, 2, 4):
        landmarks = np.repeat(one.landmarks[:1], count, axis=0)
        landmarks[:, :, X] += np.arange(count, dtype=np.float32)[:, None] / 4
        tracker, smoother, masks = Tracker(MAX_MISSED_S), LandmarkSmoother(), MaskSmoother()
        times_us = []
        for index in range(frames):
            stamp_ns = 10**9 + index * 33_000_000
            noisy = landmarks + rng.normal(0, 0.002, landmarks.shape).astype(np.float32)
            noisy[:, :, VISIBILITY] = landmarks[:, :, VISIBILITY]
            found = Poses(noisy, noisy, one.masks[:1] * count)
            marks = [perf_counter()]
            with_ids = tracker.update(found, stamp_ns, WIDTH, HEIGHT)
            marks.append(perf_counter())
            smooth = smoother.update(with_ids, stamp_ns, WIDTH, HEIGHT)
            marks.append(perf_counter())
            masks.update(smooth, stamp_ns)
            marks.append(perf_counter())
            times_us.append(1e6 * np.diff(marks))
        rows.append(Cost(count, *np.median(times_us, axis=0).round(1).tolist()))
    return rows


def measure(model: Path | None = None) -> tuple[list[Ids], list[Smoothness], list[Cost]]:
    """
    Return ids by scene, smoothness by case and cost by the number of people.

    :param model: the bundle for the photographs; by default full
    """
    options = LandmarkerOptions(model or fetch('full'), num_poses=2)
    people = cutouts(options.model)
    astronaut, admiral, _ = people
    ids = [synthetic_ids(scene, lambda: Tracker(MAX_MISSED_S)) for scene in SCENES]
    ids += [photographed_ids(*scene, options) for scene in photographed_scenes(people)]
    rows = smoothness(
        'two still', [[Standing(astronaut, 150, 90), Standing(admiral, 490, 90)]] * 75, 0, options
    )
    rows += smoothness('one still', [[Standing(astronaut, 320, 110)]] * 75, 0, options)
    for speed in SPEEDS:
        rows += smoothness(
            'walking',
            [
                [Standing(astronaut, 60 + speed * index / 30, 90)]
                for index in range(round(min(60, 480 * 30 / speed)))
            ],
            speed,
            options,
        )
    return ids, rows, cost(people, options)


def table(ids: list[Ids], rows: list[Smoothness], costs: list[Cost]) -> str:
    """Return all three as Markdown."""
    lines = [
        '| scene | difficulty | seen | people | seconds | id switches | fragments |',
        '|---' * 7 + '|',
    ]
    lines += [
        f'| {row.scene} | {row.difficulty} | {row.source} | {row.people} | {row.seconds:g} '
        f'| {row.switches} | {row.fragments} |'
        for row in ids
    ]
    lines += ['', '| person | speed | jitter as found | down by | lag |', '|---' * 5 + '|']
    lines += [
        f'| {row.case} | {row.speed_px:g} px/s '
        + (
            f'| | | {row.lag_frames:.2f} frames |'
            if row.speed_px
            else f'| {row.jitter_px:.2f} px | {row.jitter_ratio:.1f} times | |'
        )
        for row in rows
    ]
    lines += ['', '| people | ids | landmarks | masks |', '|---' * 4 + '|']
    lines += [
        f'| {row.people} | {row.ids_us:.0f} us | {row.landmarks_us:.0f} us '
        f'| {row.masks_us:.0f} us |'
        for row in costs
    ]
    return '\n'.join(lines)


if __name__ == '__main__':
    print(table(*measure()))
