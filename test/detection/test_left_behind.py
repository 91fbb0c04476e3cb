# SPDX-License-Identifier: Apache-2.0
"""A landmarker that nobody closes, as one that hangs in an image."""

from pathlib import Path
import subprocess
import sys

SCRIPT = """
import gc, os, sys
from pathlib import Path
import numpy as np
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions

landmarker = Landmarker(LandmarkerOptions(Path(sys.argv[1])))
landmarker.detect(landmarker.load(np.zeros((48, 64, 3), np.uint8)), 1)
circle = [landmarker]
del landmarker
circle.append(circle)
del circle
gc.collect()
print('collected', flush=True)
os._exit(0)
"""


def test_pythons_collector_does_not_wait_for_it(models: dict[str, Path]) -> None:
    done = subprocess.run(
        [sys.executable, '-c', SCRIPT, str(models['full'])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == 'collected\n', done.stderr
