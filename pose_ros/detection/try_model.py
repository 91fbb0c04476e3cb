# SPDX-License-Identifier: Apache-2.0
"""
Tries a bundle out: `python -m pose_ros.detection.try_model cpu|gpu PATH`, see `usable_model`.

A bundle whose form is right may still end the process that loads it, and so may a GPU's driver.
This process is there to be ended.
"""

from __future__ import annotations

from pathlib import Path
import resource
import sys

import numpy as np

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import Delegate, LandmarkerError, LandmarkerOptions, RunningMode

__all__ = ['main', 'try_model']

MAX_MEMORY_BYTES = 2 << 30  # the published models take 0.3 GB


def try_model(path: Path, delegate: Delegate) -> None:
    """
    Run both networks of a bundle.

    :raises LandmarkerError: when MediaPipe refuses or fails
    """
    options = LandmarkerOptions(
        path,
        RunningMode.IMAGE,
        # So that somebody is "found" in noise, and the second network runs, too.
        min_pose_detection_confidence=0.0,
        min_pose_presence_confidence=0.0,
        output_segmentation_masks=True,
        delegate=delegate,
    )
    noise = np.random.default_rng(1).integers(0, 256, (256, 256, 3)).astype(np.uint8)
    with Landmarker(options) as landmarker:
        landmarker.detect(landmarker.load(noise), 0)


def main() -> int:
    """Try the bundle out that is named on the command line; say on stdout what is wrong."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    delegate, path = Delegate(sys.argv[1]), Path(sys.argv[2])
    if delegate is Delegate.CPU:  # who knows what a GPU's driver reserves
        resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    try:
        try_model(path, delegate)
    except (LandmarkerError, MemoryError, ValueError) as error:
        print(str(error) or type(error).__name__)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
