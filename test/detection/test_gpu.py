# SPDX-License-Identifier: Apache-2.0
"""The GPU finds what the CPU finds; Mesa's software renderer stands for a GPU."""

import os
from pathlib import Path
import platform
import subprocess
import sys

import mediapipe
from mediapipe import Image, ImageFormat
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection import usable_model
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.masks import mask_of
from pose_ros.detection.options import Delegate, LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.refusal import explain
from pose_ros.poses.poses import VISIBILITY
from simulation.software_gpu import (
    NEAR,
    NEAR_M,
    OVERLAP,
    REFUSES_SOFTWARE,
    SEEN,
    SOFTWARE_GPU,
    needs_mesa,
    overlap,
    takes_software,
)

FIND = """
from pathlib import Path
import sys

import numpy as np

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import Delegate, LandmarkerError, LandmarkerOptions, RunningMode

model, photo, found, forbid = sys.argv[1:]
options = LandmarkerOptions(
    Path(model),
    RunningMode.IMAGE,
    delegate=Delegate.GPU,
    output_segmentation_masks=True,
    forbid_network=forbid == 'True',
)
try:
    with Landmarker(options) as landmarker:
        print(landmarker.engine)
        poses = landmarker.detect(landmarker.load(np.load(photo)), 0)
except LandmarkerError as error:
    sys.exit(str(error))
np.savez(found, landmarks=poses.landmarks, world=poses.world_landmarks, masks=poses.masks)
"""


def find(
    model: Path, rgb: NDArray[np.uint8], folder: Path, forbid: bool, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run FIND; what is found is in found.npz."""
    np.save(folder / 'photo.npy', rgb)
    return subprocess.run(
        [sys.executable, '-c', FIND, model, folder / 'photo.npy', folder / 'found', str(forbid)],
        env=os.environ | SOFTWARE_GPU | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@needs_mesa
@takes_software
@pytest.mark.parametrize('forbid', [True, False], ids=['guarded', 'unguarded'])
def test_the_gpu_finds_what_the_cpu_finds(
    forbid: bool, models: dict[str, Path], astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    run = find(models['lite'], astronaut, tmp_path, forbid)
    assert run.returncode == 0, run.stderr
    assert ' on the GPU,' in run.stdout
    assert ('no internet sockets' in run.stdout) == forbid
    options = LandmarkerOptions(models['lite'], RunningMode.IMAGE, output_segmentation_masks=True)
    with Landmarker(options) as landmarker:
        expected = landmarker.detect(landmarker.load(astronaut), 0)
    found = np.load(tmp_path / 'found.npz')
    assert found['landmarks'].shape == expected.landmarks.shape == (1, 33, 5)
    seen = expected.landmarks[0, :, VISIBILITY] > SEEN
    assert seen.sum() > 10
    assert 0 < np.abs(found['landmarks'] - expected.landmarks)[0, seen, :2].max() < NEAR
    assert np.abs(found['world'] - expected.world_landmarks)[0, seen, :3].max() < NEAR_M
    [mask] = found['masks']
    assert (mask.dtype, mask.shape) == (np.float32, (512, 512))
    assert overlap(mask > 0.5, expected.masks[0] > 0.5) > OVERLAP


@needs_mesa
@pytest.mark.skipif(not REFUSES_SOFTWARE, reason='this MediaPipe takes software renderers')
def test_a_version_that_refuses_software_renderers_says_so(
    models: dict[str, Path], astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    run = find(models['lite'], astronaut, tmp_path, True)
    assert run.returncode != 0
    assert 'refuses software renderers' in run.stderr


@needs_mesa
@takes_software
@pytest.mark.parametrize(
    ('environment', 'words'),
    [
        ({'EGL_PLATFORM': 'x11', 'DISPLAY': ''}, 'EGL has no display'),
        ({'__EGL_VENDOR_LIBRARY_FILENAMES': '/nowhere'}, 'no driver'),
        ({'MESA_GLES_VERSION_OVERRIDE': '3.0'}, 'less than OpenGL ES 3.1'),
    ],
    ids=['no display', 'no driver', 'OpenGL ES 3.0'],
)
def test_a_gpu_that_does_not_suffice_is_refused_with_the_reason(
    environment: dict[str, str],
    words: str,
    models: dict[str, Path],
    astronaut: NDArray[np.uint8],
    tmp_path: Path,
) -> None:
    run = find(models['lite'], astronaut, tmp_path, True, **environment)
    said = run.stderr.splitlines()[-1]
    assert said.startswith('MediaPipe cannot run on the GPU: ')
    assert words in said
    assert said.endswith('docs/gpu.md, or set delegate to cpu')


@needs_mesa
@takes_software
def test_a_driver_that_ends_the_process_ends_another_one_than_ours(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With OpenGL ES 2.0 only, MediaPipe aborts."""
    for name, value in SOFTWARE_GPU.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(usable_model, '_usable', set())
    monkeypatch.setenv('MESA_GLES_VERSION_OVERRIDE', '2.0')
    with pytest.raises(LandmarkerError, match='a process that tried it out was ended by SIGABRT'):
        usable_model.require_usable_gpu(models['lite'])
    monkeypatch.delenv('MESA_GLES_VERSION_OVERRIDE')
    usable_model.require_usable_gpu(models['lite'])
    monkeypatch.setenv('MESA_GLES_VERSION_OVERRIDE', '2.0')
    usable_model.require_usable_gpu(models['lite'])  # one success is enough


def test_a_mediapipe_without_gpu_is_told_from_a_machine_without(models: dict[str, Path]) -> None:
    """The words are those of the ARM64 package of 0.10.18."""
    error = RuntimeError(
        'ValidatedGraphConfig Initialization failed.\n'
        'ImageCloneCalculator: GPU processing is disabled in build flags'
    )
    said = explain(LandmarkerOptions(models['lite'], delegate=Delegate.GPU), error)
    assert f'{mediapipe.__version__} for {platform.machine()} was built without it' in said
    assert '\n' not in said


def test_masks_of_bytes_become_floats() -> None:
    """Some GPUs give masks in the first of four channels of bytes."""
    pixels = np.zeros((3, 4, 4), np.uint8)
    pixels[:, :, 0] = np.arange(12).reshape(3, 4) * 20
    mask = mask_of(Image(ImageFormat.SRGBA, pixels))
    assert mask.dtype == np.float32
    np.testing.assert_allclose(mask, pixels[:, :, 0] / 255, rtol=1e-6)
