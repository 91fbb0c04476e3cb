# SPDX-License-Identifier: Apache-2.0
"""Measures how far off the positions of people are, by distance, and what finding them costs."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from pose_ros.following.position_fit import BODY_SCALE_STD, place
from pose_ros.poses.poses import Poses, PositionSource
from simulation.people import (
    BODIES_M,
    CAMERAS,
    copies,
    depth_image,
    seen,
    turned,
    with_holes,
    with_noise,
)

DISTANCES_M = (1, 2, 3, 4, 5, 6, 8)
PEOPLE = 40  # at each distance
DRAWS = 10  # of noise for each
WALL_BEHIND_M = 0.6
CAMERA = CAMERAS['ideal']
SIZE = CAMERA.width, CAMERA.height


@dataclass(frozen=True)
class Accuracy:
    """
    Positions of people of all sizes at one distance, by landmarks as noisy as MediaPipe's.

    :param distance_m: of the hip midpoint, along the optical axis
    :param exact: median error without noise and with a body of average size, as a fraction
    :param alone: median error with camera_info alone, as a fraction of the distance
    :param alone_covered: share of the people within twice the position_error
    :param depth_exact_near: share of the people within 3 cm or 1 % without noise, with depth of
        which 30 % are missing, a wall behind
    :param depth_near: the same with noise
    :param depth_m: median error with such depth and noise
    :param depth_worst_m: 95th percentile of it
    :param depth_stated_m: median position_error
    :param depth_covered: share of the people within twice the position_error
    :param depth_used: share of the people whose position is from depth
    """

    distance_m: float
    exact: float
    alone: float
    alone_covered: float
    depth_exact_near: float
    depth_near: float
    depth_m: float
    depth_worst_m: float
    depth_stated_m: float
    depth_covered: float
    depth_used: float


@dataclass(frozen=True)
class Cost:
    """
    Median wall-clock time of one frame.

    :param people: in it
    :param place_ms: with camera_info alone
    :param depth_ms: what a depth image adds
    """

    people: int
    place_ms: float
    depth_ms: float


def accuracy(distance_m: float) -> Accuracy:
    rng = np.random.default_rng(round(distance_m))
    exact, depth_exact = [], []
    alone: list[Poses] = []
    refined: list[Poses] = []
    truth = []
    for index, heading in enumerate(np.linspace(0, 2 * np.pi, PEOPLE, endpoint=False)):
        position = distance_m * np.array((rng.uniform(-0.3, 0.3), rng.uniform(-0.02, 0.05), 1))
        scale = rng.normal(1, BODY_SCALE_STD)
        body_m = scale * turned(BODIES_M[index % len(BODIES_M)], heading)
        picture = with_holes(
            depth_image(body_m[None], position[None], CAMERA, distance_m + WALL_BEHIND_M), rng
        )
        average = seen(body_m[None] / scale, position[None], CAMERA)
        exact.append(_off_m(place(average, CAMERA, *SIZE), position)[0])
        perfect = seen(body_m[None], position[None], CAMERA, scale)
        depth_exact.append(_off_m(_refined(perfect, picture), position)[0])

        noisy = with_noise(copies(perfect, DRAWS), rng)
        alone.append(place(noisy, CAMERA, *SIZE))
        refined.append(_refined(noisy, picture))
        truth.append(position)
    away_m = np.linalg.norm(truth, axis=1)
    alone_m, depth_m = (np.array(list(map(_off_m, each, truth))) for each in (alone, refined))
    stated_m = [np.array([result.position_errors for result in each]) for each in (alone, refined)]
    limit_m = np.maximum(0.03, 0.01 * away_m)
    sources = np.array([result.position_sources for result in refined])
    return Accuracy(
        distance_m,
        float(np.median(exact / away_m)),
        float(np.median(alone_m / away_m[:, None])),
        float(np.mean(alone_m < 2 * stated_m[0])),
        float(np.mean(depth_exact <= limit_m)),
        float(np.mean(depth_m <= limit_m[:, None])),
        float(np.median(depth_m)),
        float(np.quantile(depth_m, 0.95)),
        float(np.nanmedian(stated_m[1])),
        float(np.mean(depth_m < 2 * stated_m[1])),
        float(np.mean(sources == PositionSource.DEPTH)),
    )


def cost(people: int, frames: int = 300) -> Cost:
    positions = np.array([(0.8 * index - 0.4 * people, 0, 3 + index) for index in range(people)])
    bodies = BODIES_M[np.arange(people) % len(BODIES_M)]
    result = seen(bodies, positions, CAMERA)
    picture = depth_image(bodies, positions, CAMERA, 9)
    times_ms = []
    for _ in range(frames):
        marks = [perf_counter()]
        place(result, CAMERA, *SIZE)
        marks.append(perf_counter())
        place(result, CAMERA, *SIZE, picture)
        marks.append(perf_counter())
        alone_ms, with_depth_ms = 1e3 * np.diff(marks)
        times_ms.append((alone_ms, with_depth_ms - alone_ms))
    return Cost(people, *np.median(times_ms, axis=0).tolist())


def measure() -> tuple[list[Accuracy], list[Cost]]:
    """Return accuracy by distance, and cost by the number of people; takes about 20 s."""
    return [accuracy(each) for each in DISTANCES_M], [cost(each) for each in (1, 2, 4, 8)]


def table(rows: list[Accuracy], costs: list[Cost]) -> str:
    """Return both as Markdown."""
    lines = [
        '| distance | camera_info, no noise | camera_info | within 2 errors '
        '| depth, 30 % missing, no noise: within 3 cm or 1 % | with noise | median | 95 % below '
        '| position_error | within 2 errors | used |',
        '|---' * 11 + '|',
    ]
    lines += [
        f'| {row.distance_m:g} m | {row.exact:.2%} | {row.alone:.1%} | {row.alone_covered:.0%} '
        f'| {row.depth_exact_near:.0%} | {row.depth_near:.0%} | {100 * row.depth_m:.1f} cm '
        f'| {100 * row.depth_worst_m:.1f} cm | {100 * row.depth_stated_m:.1f} cm '
        f'| {row.depth_covered:.0%} | {row.depth_used:.0%} |'
        for row in rows
    ]
    lines += ['', '| people | camera_info | depth adds |', '|---|---|---|']
    lines += [
        f'| {each.people} | {each.place_ms:.2f} ms | {each.depth_ms:.2f} ms |' for each in costs
    ]
    return '\n'.join(lines)


def _refined(result: Poses, picture: NDArray[np.float32]) -> Poses:
    return place(result, CAMERA, *SIZE, picture)


def _off_m(result: Poses, position: NDArray[np.float64]) -> NDArray[np.float64]:
    off_m = np.linalg.norm(result.positions - position, axis=1)
    return np.where(np.isnan(off_m), np.inf, off_m)


if __name__ == '__main__':
    print(table(*measure()))
