# SPDX-License-Identifier: Apache-2.0
"""
Tries a bundle out: `python -m pose_ros.detection.try_model cpu|gpu PARENT PATH`.

A bundle whose form is right may still end the process that loads it, and so may a GPU's driver.
This process is there to be ended; PARENT is the process that began it, see `usable_model`.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
import resource
import signal
import sys

from pose_ros.detection.options import Delegate, LandmarkerError, LandmarkerOptions, RunningMode

__all__ = ['main', 'try_model']

MAX_MEMORY_BYTES = 2 << 30  # the published models take 0.3 GB
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def try_model(path: Path, delegate: Delegate) -> None:
    """
    Run both networks of a bundle.

    :raises LandmarkerError: when MediaPipe refuses or fails
    """
    import numpy as np  # noqa: PLC0415, these take more than a second

    from pose_ros.detection.landmarker import Landmarker  # noqa: PLC0415

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


def _end_with(parent: int) -> None:
    """Have the kernel end this process with the one that began it, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was ended already
        sys.exit(1)


def main() -> int:
    """Try the bundle out that is named on the command line; say on stdout what is wrong."""
    _end_with(int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    delegate, path = Delegate(sys.argv[1]), Path(sys.argv[3])
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
