# SPDX-License-Identifier: Apache-2.0
"""Lists the scenes by which trackers are measured."""

from __future__ import annotations

import math

import numpy as np

from simulation.sequences import WIDTH, Difficulty, Path2D, Place, Scene

__all__ = ['SCENES', 'straight']


def straight(
    x: float, speed: float, torso: float = 100.0, *, y: float = 300.0, grows: float = 0.0
) -> Path2D:
    """Return the way of someone who walks on and on; pixels, and pixels a second."""
    return lambda time_s: Place(x + speed * time_s, y, torso + grows * time_s)


def there_and_back(x: float, reach: float, seconds: float, torso: float = 100.0) -> Path2D:
    """Return the way of someone who goes to x + reach and back; out of sight outside the image."""

    def way(time_s: float) -> Place | None:
        at = x + reach * (1 - abs(2 * time_s / seconds - 1))
        return Place(at, 300.0, torso) if 0 < at < WIDTH else None

    return way


def away(way: Path2D, since_s: float, until_s: float) -> Path2D:
    """Return the same way with a time out of sight in it."""
    return lambda time_s: None if since_s < time_s < until_s else way(time_s)


def around(phase: float, radius: float, torso: float) -> Path2D:
    """Return the way of someone who circles around the middle of the image."""
    return lambda time_s: Place(
        320 + radius * math.sin(2 * time_s + phase),
        300.0,
        torso + 15 * math.cos(2 * time_s + phase),
    )


def strolling(person: int, torso: float) -> Path2D:
    """Return an irregular way through the whole image."""
    rng = np.random.default_rng(person)
    hz, phases = rng.uniform(0.03, 0.12, 4), rng.uniform(0, 2 * math.pi, 4)

    def way(time_s: float) -> Place:
        waves = np.sin(2 * math.pi * hz * time_s + phases)
        return Place(
            320 + 110 * waves[:3].sum(), 300 + 25 * waves[3], torso * (1 + 0.2 * waves[0])
        )

    return way


EASY, MEDIUM, HARD = Difficulty
SCENES = (
    Scene('standing', EASY, 4, (straight(160, 0), straight(420, 0))),
    Scene('walking side by side', EASY, 4, tuple(straight(x, 20) for x in (60, 260, 440))),
    Scene('four in a row', EASY, 4, tuple(straight(x, 8, 80) for x in (70, 230, 390, 550))),
    Scene('short misses', EASY, 5, (straight(160, 20), straight(460, -20)), misses_hz=1.0),
    Scene('back after long', EASY, 7, (straight(160, 0), away(straight(420, 0), 2, 5))),
    Scene('crossing', MEDIUM, 3.2, (straight(60, 160, 110), straight(580, -160))),
    Scene('crossing slowly', MEDIUM, 4.5, (straight(160, 70, 110), straight(480, -70))),
    Scene('crossing at 10 Hz', MEDIUM, 3.2, (straight(60, 160, 110), straight(580, -160)), 10.0),
    Scene('passing someone', MEDIUM, 4, (straight(20, 150, 120), straight(320, 0, 95))),
    Scene('running', MEDIUM, 1.6, (straight(0, 400, 110), straight(640, -400))),
    Scene('leaving, returning', MEDIUM, 4, (there_and_back(160, -330, 4), straight(440, 0))),
    Scene('running out and back', MEDIUM, 3.4, (there_and_back(300, -640, 3.4), straight(480, 0))),
    Scene(
        'coming nearer',
        MEDIUM,
        3.5,
        (straight(160, 0, 50, grows=40), straight(500, 0, 150, grows=-30)),
    ),
    Scene(
        'three crossing',
        MEDIUM,
        4.5,
        (straight(60, 120, 90), straight(580, -120, 80), straight(320, 0, 70)),
    ),
    Scene(
        'four crossing',
        MEDIUM,
        5,
        (
            straight(40, 90, 80),
            straight(230, 60, 70, y=280),
            straight(420, -80, 75),
            straight(600, -90, 90, y=310),
        ),
    ),
    Scene(
        'crossing with misses',
        MEDIUM,
        4.2,
        (straight(60, 120, 90), straight(580, -120, 80)),
        misses_hz=1.0,
        miss_s=0.5,
    ),
    Scene(
        'twins crossing', HARD, 3.5, (straight(160, 90, 110), straight(480, -90, 109)), alike=True
    ),
    Scene(
        'turning back when hidden',
        HARD,
        4,
        (there_and_back(80, 240, 4, 110), there_and_back(560, -240, 4, 95)),
    ),
    Scene('circling', HARD, 8, (around(0, 110, 100), around(math.pi, 110, 100))),
    Scene(
        'crowd of four',
        HARD,
        10,
        tuple(strolling(each, 70) for each in range(4)),
        misses_hz=2.5,
        miss_s=0.5,
    ),
    Scene(
        'crowd of six',
        HARD,
        10,
        tuple(strolling(each, 60) for each in range(6)),
        misses_hz=2.5,
        miss_s=0.5,
    ),
)
