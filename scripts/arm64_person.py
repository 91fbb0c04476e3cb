# SPDX-License-Identifier: Apache-2.0
"""
Finds the person of a photograph, or compares what is found here with what another machine found.

`scripts/test_arm64.sh` runs it twice: on this machine's processor with --expect, and emulated.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import platform
import sys
import time

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.models.store import find_model
from pose_ros.poses.poses import VISIBILITY, Poses

FRAMES = 2  # the second is tracked
# Versions of MediaPipe, and processors, differ by less than 0.001; somebody else by far more.
TOLERANCE = 0.01  # of the image's side
TOLERANCE_M = 0.03
MIN_OVERLAP = 0.98  # of the masks, intersection over union


def find(rgb: NDArray[np.uint8]) -> Poses:
    """Return who is seen in the last of some equal frames of a stream, with masks."""
    options = LandmarkerOptions(
        find_model('full'), RunningMode.VIDEO, output_segmentation_masks=True
    )
    with Landmarker(options) as landmarker:
        print(f'{platform.machine()}, Python {platform.python_version()}: {landmarker.engine}')
        for i in range(FRAMES):
            started_s = time.monotonic()
            poses = landmarker.detect(landmarker.load(rgb), 33 * i)
            seconds = time.monotonic() - started_s
            print(f'frame {i + 1}: {len(poses)} found, {seconds:.2f} s', flush=True)
    return poses


def compare(poses: Poses, expected: dict[str, NDArray[np.float32]]) -> bool:
    """Print how far apart both are, and return whether they are near."""
    if len(poses) != 1:
        print(f'wanted 1 person, got {len(poses)}')
        return False
    seen = expected['landmarks'][0, :, VISIBILITY] > 0.5
    apart = np.abs(poses.landmarks - expected['landmarks'])[0, seen, :2].max()
    apart_m = np.abs(poses.world_landmarks - expected['world_landmarks'])[0, seen, :3].max()
    ours, theirs = poses.masks[0] > 0.5, expected['mask'] > 0.5
    overlap = (ours & theirs).sum() / (ours | theirs).sum()
    print(f'largest difference of {seen.sum()} visible landmarks: {apart:.6f} of the side')
    print(f'the same of the world landmarks: {apart_m:.6f} m; overlap of masks: {overlap:.4f}')
    return bool(apart < TOLERANCE and apart_m < TOLERANCE_M and overlap > MIN_OVERLAP)


def main() -> int:
    """Find the person, and write down or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('file', type=Path, help='what was found, with the photograph; .npz')
    parser.add_argument('--expect', action='store_true', help='write it in place of reading it')
    arguments = parser.parse_args()
    if arguments.expect:
        import skimage.data  # noqa: PLC0415  not needed, and not there, in the emulated machine

        rgb = skimage.data.astronaut()
        poses = find(rgb)
        np.savez(
            arguments.file,
            rgb=rgb,
            landmarks=poses.landmarks,
            world_landmarks=poses.world_landmarks,
            mask=poses.masks[0],
        )
        return 0
    with np.load(arguments.file) as expected:
        is_near = compare(find(expected['rgb']), dict(expected))
    print('the same person' if is_near else 'NOT the same person')
    return 0 if is_near else 1


if __name__ == '__main__':
    sys.exit(main())
