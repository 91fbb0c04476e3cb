# SPDX-License-Identifier: Apache-2.0
"""Puts photographs of people together into pictures in which they move; who is where is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
from matplotlib import cbook
import numpy as np
from numpy.typing import NDArray
import skimage.data

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.poses.poses import VISIBILITY
from pose_ros.poses.skeleton import Landmark
from simulation.sequences import HEIGHT, NOBODY, WIDTH, Seen

SENSOR_NOISE = 2.0  # standard deviation, of 255
RATE_HZ = 30.0
MIRRORED = [
    Landmark[name]
    for name in (
        each.name.replace('LEFT', '*').replace('RIGHT', 'LEFT').replace('*', 'RIGHT')
        for each in Landmark
    )
]
FAR_OFF = 0.35  # of the shoulders' width; a skeleton farther from everybody is nobody's


@dataclass(frozen=True)
class Cutout:
    """
    A person cut out of a photograph.

    :param rgb: float32 (H, W, 3)
    :param mask: float32 (H, W)
    :param points: (33, 2), the landmarks in pixels of the photograph
    :param visible: (33,), which of them are surely seen
    """

    rgb: NDArray[np.float32]
    mask: NDArray[np.float32]
    points: NDArray[np.float64]
    visible: NDArray[np.bool_]

    @property
    def shoulders(self) -> float:
        """The width of the shoulders in pixels."""
        left, right = self.points[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]]
        return float(np.linalg.norm(left - right))

    def mirrored(self) -> Cutout:
        """Return another person: mirrored, in other colours."""
        points = self.points[MIRRORED].copy()
        points[:, 0] = self.mask.shape[1] - points[:, 0]
        return Cutout(
            np.ascontiguousarray(self.rgb[:, ::-1, ::-1]),
            np.ascontiguousarray(self.mask[:, ::-1]),
            points,
            self.visible[MIRRORED],
        )


@dataclass(frozen=True)
class Standing:
    """Somebody's place in a picture, at its lower edge: the nose's x, the shoulders' width."""

    cutout: Cutout
    x: float
    shoulders: float

    @property
    def transform(self) -> NDArray[np.float64]:
        """(2, 3), from the photograph's pixels to the picture's."""
        scale = self.shoulders / self.cutout.shoulders
        x, y = self.cutout.points[Landmark.NOSE, 0], self.cutout.mask.shape[0]
        return np.array(((scale, 0, self.x - scale * x), (0, scale, HEIGHT - scale * y)))

    @property
    def points(self) -> NDArray[np.float64]:
        """(N, 2), where the visible landmarks are in the picture."""
        transform = self.transform
        seen = self.cutout.points[self.cutout.visible]
        return seen @ transform[:, :2].T + transform[:, 2]


def cutouts(model: Path) -> tuple[Cutout, Cutout, Cutout]:
    """Return three people: an astronaut, an admiral, and the astronaut mirrored."""
    options = LandmarkerOptions(model, RunningMode.IMAGE, output_segmentation_masks=True)
    admiral = cv2.imread(cbook.get_sample_data('grace_hopper.jpg', asfileobj=False))
    assert admiral is not None
    astronaut: NDArray[np.uint8] = skimage.data.astronaut()
    with Landmarker(options) as landmarker:
        people = [
            _cut_out(landmarker, rgb)
            for rgb in (astronaut, np.ascontiguousarray(admiral[:, :, ::-1]))
        ]
    return people[0], people[1], people[0].mirrored()


def _cut_out(landmarker: Landmarker, rgb: NDArray[np.uint8]) -> Cutout:
    result = landmarker.detect(landmarker.load(rgb), 0)
    landmarks, mask = result.landmarks[0], result.masks[0]
    return Cutout(
        rgb.astype(np.float32),
        np.where(mask > 0.5, mask, 0),
        landmarks[:, :2] * rgb.shape[1::-1],
        landmarks[:, VISIBILITY] > 0.8,
    )


def compose(people: Sequence[Standing], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a picture, uint8 (HEIGHT, WIDTH, 3), the last person in front, with noise."""
    down = np.linspace(0, 1, HEIGHT, dtype=np.float32)[:, None, None]
    picture = np.broadcast_to(
        (1 - down) * (205, 210, 215) + down * (120, 130, 115), (HEIGHT, WIDTH, 3)
    )
    for each in people:
        mask = cv2.warpAffine(each.cutout.mask, each.transform, (WIDTH, HEIGHT))[:, :, None]
        rgb = cv2.warpAffine(
            each.cutout.rgb, each.transform, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
        )
        picture = (1 - mask) * picture + mask * rgb
    noise = SENSOR_NOISE * rng.standard_normal(picture.shape, np.float32)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def watch(
    pictures: Sequence[Sequence[Standing]],
    options: LandmarkerOptions,
    seed: int = 0,
) -> Iterator[Seen]:
    """Show a landmarker the pictures at RATE_HZ, each with the same people in the same order."""
    rng = np.random.default_rng(seed)
    with Landmarker(replace(options, running_mode=RunningMode.VIDEO)) as landmarker:
        for index, people in enumerate(pictures):
            stamp_ms = 1000 + round(index * 1000 / RATE_HZ)
            result = landmarker.detect(landmarker.load(compose(people, rng)), stamp_ms)
            who = tuple(_whose(pose[:, :2] * (WIDTH, HEIGHT), people) for pose in result.landmarks)
            yield Seen(stamp_ms * 10**6, result, who)


def _whose(points: NDArray[np.float64], people: Sequence[Standing]) -> int:
    """Return whose skeleton it is: whose landmarks are nearest, in the median."""
    errors = [
        float(np.median(np.linalg.norm(points[each.cutout.visible] - each.points, axis=1)))
        / each.shoulders
        for each in people
    ]
    nearest = int(np.argmin(errors))
    return nearest if errors[nearest] < FAR_OFF else NOBODY
