# SPDX-License-Identifier: Apache-2.0
"""
Measures how near a landmarker that began later is to one that was there all the time.

That is what a subscriber sees when masks are switched on: python benchmark/handover.py
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions
from pose_ros.models.store import fetch
from pose_ros.poses.poses import VISIBILITY, Poses
from pose_ros.poses.skeleton import Landmark
from simulation.recordings import recording
from simulation.video import read_frames

RECORDINGS = ('walk', 'single_cam1', 'single_cam2', 'single_cam3', 'single_cam4')
FRAMES = 100
STEP = 20  # frames between two who begin later
SEEN = (1, 2, 3, 5, 7, 10, 15, 20, 30)  # frames that the later one has seen
PERIOD_MS = 33
VISIBLE = 0.5
TORSO = (Landmark.LEFT_SHOULDER, Landmark.RIGHT_HIP)


def found(options: LandmarkerOptions, frames: list[NDArray[np.uint8]], first: int) -> list[Poses]:
    """Return what a landmarker finds that begins with the first frame."""
    with Landmarker(options) as landmarker:
        return [
            landmarker.detect(landmarker.load(rgb), PERIOD_MS * (first + index))
            for index, rgb in enumerate(frames)
        ]


def distance(one: Poses, other: Poses, width: int, height: int) -> float:
    """Return how far visible landmarks are apart, the median, in torsos; NaN without a person."""
    if not len(one) or not len(other):
        return float('nan')
    size = np.array((width, height), np.float32)
    points, others = (each.landmarks[0, :, :2] * size for each in (one, other))
    visible = one.landmarks[0, :, VISIBILITY] > VISIBLE
    if not visible.any():
        return float('nan')
    shoulder, hip = points[TORSO[0]], points[TORSO[1]]
    torso = float(np.linalg.norm(shoulder - hip))
    return float(np.median(np.linalg.norm(points - others, axis=1)[visible]) / torso)


def measure(model: Path, name: str, apart: dict[int, list[float]], moved: list[float]) -> None:
    """
    Note the distances in one recording.

    :param apart: takes them, by the number of frames seen
    :param moved: takes how far the person moved from frame to frame
    """
    frames = [rgb for _, rgb in islice(read_frames(recording(name)), FRAMES)]
    height, width, _ = frames[0].shape
    always = found(LandmarkerOptions(model), frames, 0)
    moved += [distance(before, after, width, height) for before, after in pairwise(always)]
    masking = LandmarkerOptions(model, output_segmentation_masks=True)
    for first in range(STEP, len(frames) - max(SEEN), STEP):
        later = found(masking, frames[first : first + max(SEEN)], first)
        for seen in SEEN:
            apart[seen].append(distance(always[first + seen - 1], later[seen - 1], width, height))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--model', default='full')
    model = fetch(parser.parse_args().model)
    apart: dict[int, list[float]] = defaultdict(list)
    moved: list[float] = []
    for name in RECORDINGS:
        measure(model, name, apart, moved)
    print(f'moved from frame to frame: median {100 * np.nanmedian(moved):.2f} % of a torso')
    print('| frames seen | median, % of a torso | 90th percentile | largest |')
    print('| --- | --- | --- | --- |')
    for seen, values in apart.items():
        median, most, largest = np.nanpercentile(values, (50, 90, 100)) * 100
        print(f'| {seen} | {median:.2f} | {most:.2f} | {largest:.2f} |')


if __name__ == '__main__':
    main()
