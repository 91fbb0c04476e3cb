# SPDX-License-Identifier: Apache-2.0
"""Plays scenes of people who move, leave, return and hide, as a landmarker would see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
import math

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import Landmark
from simulation.people import BODIES_M, turned

WIDTH, HEIGHT = 640, 480
NOBODY = -1  # whose skeleton it is when it is none of a person's

# Two people at one place: nearer than HIDDEN torso lengths only the front one is found, nearer
# than HALF_HIDDEN both, or one, or the other, as in photographs put together.
HIDDEN, HALF_HIDDEN = 0.55, 0.75


class Difficulty(str, Enum):
    """What is asked of a tracker: no id switch in the easy and medium scenes."""

    EASY = 'easy'
    MEDIUM = 'medium'
    HARD = 'hard'


@dataclass(frozen=True)
class Place:
    """The middle of someone's torso in the image, and the torso's length, in pixels."""

    x: float
    y: float
    torso: float


Path2D = Callable[[float], 'Place | None']  # of seconds; None: out of sight


@dataclass(frozen=True)
class Scene:
    """
    People on their ways.

    :param ways: where each is at each time; who has the longer torso is in front
    :param misses_hz: how often a second someone in view is not found
    :param miss_s: for how long at most
    :param alike: all have the same body
    """

    name: str
    difficulty: Difficulty
    seconds: float
    ways: tuple[Path2D, ...]
    rate_hz: float = 30.0
    misses_hz: float = 0.0
    miss_s: float = 0.3
    alike: bool = False


@dataclass(frozen=True)
class Seen:
    """
    One frame.

    :param people: who each row of the result is: an index of Scene.ways, or NOBODY
    """

    stamp_ns: int
    result: Poses
    people: tuple[int, ...]


@dataclass(frozen=True)
class Score:
    """
    How a tracker did. A person who is away for longer than it remembers comes back as another.

    :param switches: how often someone had another id than last seen with, or somebody else's
    :param fragments: ids beyond the first of each person
    """

    switches: int
    fragments: int


def score(frames: Iterable[Seen], max_missed_s: float) -> Score:
    """Compare the track ids of tracked frames with the truth."""
    lives: dict[int, int] = {}
    seen_ns: dict[int, int] = {}
    ids: dict[tuple[int, int], list[int]] = {}
    owners: dict[int, tuple[int, int]] = {}
    switches = 0
    for frame in frames:
        for person, track in zip(frame.people, frame.result.track_ids.tolist(), strict=True):
            if person == NOBODY:
                continue
            away_ns = frame.stamp_ns - seen_ns.get(person, frame.stamp_ns)
            lives[person] = lives.get(person, 0) + (away_ns > max_missed_s * 1e9)
            seen_ns[person] = frame.stamp_ns
            life = person, lives[person]
            had = ids.setdefault(life, [track])
            switches += track != had[-1] or owners.setdefault(track, life) != life
            owners[track] = life
            if track != had[-1]:
                had.append(track)
    return Score(switches, sum(len(set(had)) - 1 for had in ids.values()))


def play(scene: Scene, seed: int) -> list[Seen]:
    """Return what a landmarker sees: inexact, in any order, without those whom others hide."""
    rng = np.random.default_rng(seed)
    actors = [_Actor(0 if scene.alike else index, rng) for index in range(len(scene.ways))]
    found_again_s = np.zeros(len(actors))
    frames = []
    for index in range(round(scene.seconds * scene.rate_hz)):
        time_s = index / scene.rate_hz
        places = {
            person: place
            for person, way in enumerate(scene.ways)
            if (place := way(time_s)) is not None
        }
        missed = (time_s >= found_again_s) & (
            rng.random(len(actors)) < scene.misses_hz / scene.rate_hz
        )
        found_again_s[missed] = time_s + scene.miss_s * rng.uniform(0.3, 1, missed.sum())
        found = [person for person in places if time_s >= found_again_s[person]]
        people = [int(each) for each in rng.permutation(list(set(found) - _hidden(places, rng)))]
        poses = [actors[each].pose(places[each], time_s) for each in people]
        landmarks = np.array(poses, np.float32).reshape(-1, len(Landmark), 5)
        # The first stamp is not 0, which is none in ROS.
        stamp_ns = 10**9 + round(time_s * 1e9)
        frames.append(Seen(stamp_ns, Poses(landmarks, landmarks), tuple(people)))
    return frames


class _Actor:
    """A body that swings its arms; half of the people have their legs outside of the picture."""

    ARMS = tuple(
        [Landmark[f'{side}_{part}'] for part in ('ELBOW', 'WRIST', 'PINKY', 'INDEX', 'THUMB')]
        for side in ('LEFT', 'RIGHT')
    )

    def __init__(self, index: int, rng: np.random.Generator) -> None:
        self._rng = rng
        body_m = turned(BODIES_M[index % len(BODIES_M)], 0.7 * index)
        torso = body_m[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_HIP]]
        self._points = (body_m / np.linalg.norm(torso[0] - torso[1]))[:, :2]
        self._points -= self._points[Landmark.LEFT_SHOULDER : Landmark.RIGHT_HIP + 1].mean(axis=0)
        self._visibility = np.full(len(Landmark), 0.97)
        self._visibility[Landmark.LEFT_HIP :] = 0.05 if index % 2 else 0.8
        self._phases = rng.uniform(0, 2 * math.pi, 2)
        self._swing_hz = rng.uniform(0.4, 1.0)

    def pose(self, place: Place, time_s: float) -> NDArray[np.float64]:
        """Return the landmarks (33, 5) as found, normalized."""
        points = self._points.copy()
        for arm, phase in zip(self.ARMS, self._phases, strict=True):
            points[arm, 0] += 0.15 * math.sin(2 * math.pi * self._swing_hz * time_s + phase)
        inexact = 0.02 * (3 - 2 * self._visibility)[:, None]
        points += inexact * self._rng.normal(size=points.shape) + 0.01 * self._rng.normal(size=2)
        pixels = points * place.torso + (place.x, place.y)
        return np.column_stack(
            (pixels / (WIDTH, HEIGHT), np.zeros(len(Landmark)), self._visibility, self._visibility)
        )


def _hidden(places: dict[int, Place], rng: np.random.Generator) -> set[int]:
    hidden = set()
    for pair in combinations(places, 2):
        rear, front = sorted(pair, key=lambda each: places[each].torso)
        one, other = places[rear], places[front]
        apart = math.hypot(one.x - other.x, one.y - other.y) / ((one.torso + other.torso) / 2)
        if apart < HALF_HIDDEN:
            chance = rng.random() if apart > HIDDEN else 0.0
            hidden |= {rear} if chance < 0.4 else {front} if chance < 0.6 else set()
    return hidden
