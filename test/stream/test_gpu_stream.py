# SPDX-License-Identifier: Apache-2.0
"""A stream goes from the CPU to the GPU and back; Mesa's software renderer stands for a GPU."""

import os
from pathlib import Path
import subprocess
import sys

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import VISIBILITY
from simulation.software_gpu import NEAR, SEEN, SOFTWARE_GPU, needs_mesa, takes_software

SWITCH = """
from dataclasses import replace
from pathlib import Path
import sys

import numpy as np
from std_msgs.msg import Header

from pose_ros.detection.options import Delegate, LandmarkerOptions
from pose_ros.images.frame import Frame
from pose_ros.stream.pose_stream import PoseStream

model, photo, found = sys.argv[1:]
rgb = np.load(photo)
options = LandmarkerOptions(Path(model))
stream = PoseStream(options, 1.0)
results, stamp_ns = [], 1_000_000_000
for delegate in (Delegate.CPU, Delegate.GPU, Delegate.CPU):
    stream.set_options(replace(options, delegate=delegate))
    for _ in range(2):
        stamp_ns += 100_000_000
        frame = Frame(rgb, Header(), stamp_ns)
        result = stream.find(frame, stream.admit(frame, 0))
    results.append(result.poses.landmarks)
    print(delegate.value, stream.engine)
stream.close()
np.save(found, np.stack(results))
"""


@needs_mesa
@takes_software
def test_a_stream_changes_to_the_gpu_and_back(
    models: dict[str, Path], astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    photo, found = tmp_path / 'photo.npy', tmp_path / 'found.npy'
    np.save(photo, astronaut)
    run = subprocess.run(
        [sys.executable, '-c', SWITCH, models['lite'], photo, found],
        env=os.environ | SOFTWARE_GPU,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert [' on the GPU,' in line for line in run.stdout.splitlines()] == [False, True, False]
    before, on_gpu, after = np.load(found)
    np.testing.assert_array_equal(before, after)
    seen = before[0, :, VISIBILITY] > SEEN
    assert 0 < np.abs(on_gpu - before)[0, seen, :2].max() < NEAR
