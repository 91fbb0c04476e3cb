# SPDX-License-Identifier: Apache-2.0
"""Landmarks bit-equal to direct calls of MediaPipe, and clear errors."""

from pathlib import Path
import signal
import subprocess
import sys
import threading
from typing import Any

from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.base_options import takes_num_threads
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import (
    Delegate,
    LandmarkerError,
    LandmarkerOptions,
    RunningMode,
)
from pose_ros.poses.poses import Poses

MODELS = ('lite', 'full', 'heavy')


def moved(rgb: NDArray[np.uint8], frames: int) -> list[NDArray[np.uint8]]:
    return [np.ascontiguousarray(np.roll(rgb, 4 * i, axis=1)) for i in range(frames)]


def directly(
    model: Path, mode: vision.RunningMode, frames: list[NDArray[np.uint8]], **options: object
) -> list[vision.PoseLandmarkerResult]:
    with vision.PoseLandmarker.create_from_options(
        vision.PoseLandmarkerOptions(BaseOptions(str(model)), running_mode=mode, **options)
    ) as task:
        images = [Image(ImageFormat.SRGB, frame) for frame in frames]
        if mode is vision.RunningMode.IMAGE:
            return [task.detect(image) for image in images]
        return [task.detect_for_video(image, 33 * i) for i, image in enumerate(images)]


def assert_same(result: Poses, direct: vision.PoseLandmarkerResult) -> None:
    """Hold that not a bit differs."""
    assert len(result) == len(direct.pose_landmarks)
    for ours, theirs in (
        (result.landmarks, direct.pose_landmarks),
        (result.world_landmarks, direct.pose_world_landmarks),
    ):
        for person, pose in zip(ours, theirs, strict=True):
            assert [tuple(row) for row in person.tolist()] == [
                (p.x, p.y, p.z, p.visibility, p.presence) for p in pose
            ]
    for ours, theirs in zip(result.masks, direct.segmentation_masks or (), strict=True):
        np.testing.assert_array_equal(ours, theirs.numpy_view().reshape(ours.shape))


@pytest.mark.parametrize('name', MODELS)
@pytest.mark.parametrize('masks', [False, True])
def test_video_equals_mediapipe_bit_for_bit(
    name: str, masks: bool, models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    frames = moved(astronaut, 4)
    direct = directly(
        models[name], vision.RunningMode.VIDEO, frames, output_segmentation_masks=masks
    )
    with Landmarker(LandmarkerOptions(models[name], output_segmentation_masks=masks)) as ours:
        for i, frame in enumerate(frames):
            result = ours.detect(ours.load(frame), 33 * i)
            assert_same(result, direct[i])
            assert len(result) == 1
            assert len(result.masks) == masks


def test_image_mode_equals_mediapipe_bit_for_bit(
    models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    both = np.ascontiguousarray(np.hstack([astronaut, astronaut[:, ::-1]]))
    options: dict[str, Any] = {'num_poses': 3, 'min_pose_detection_confidence': 0.3}
    direct = directly(models['full'], vision.RunningMode.IMAGE, [both], **options)
    with Landmarker(
        LandmarkerOptions(models['full'], running_mode=RunningMode.IMAGE, **options)
    ) as ours:
        result = ours.detect(ours.load(both), 0)
    assert len(result) == 2
    assert_same(result, direct[0])


def test_live_stream_gives_the_results_of_video(
    models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    frames = moved(astronaut, 4)
    direct = directly(models['lite'], vision.RunningMode.VIDEO, frames)
    results: dict[int, Poses] = {}
    arrived = threading.Event()

    def keep(stamp_ms: int, result: Poses) -> None:
        results[stamp_ms] = result
        arrived.set()

    options = LandmarkerOptions(models['lite'], running_mode=RunningMode.LIVE_STREAM)
    with Landmarker(options, keep) as ours:
        for i, frame in enumerate(frames):
            arrived.clear()
            ours.detect_async(ours.load(frame), 33 * i)
            assert arrived.wait(20.0)
    for i, expected in enumerate(direct):
        assert_same(results[33 * i], expected)


@pytest.mark.parametrize('columns', [1, 2, 3])
def test_masks_of_any_width(
    columns: int, models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    """MediaPipe ends the process at a mask whose width is no multiple of four."""
    width = 512 - columns
    frame = np.ascontiguousarray(astronaut[:, :width])
    wide = np.pad(frame, ((0, 0), (0, columns), (0, 0)), mode='edge')
    options = LandmarkerOptions(models['full'], RunningMode.IMAGE, output_segmentation_masks=True)
    with Landmarker(options) as ours:
        result, expected = (ours.detect(ours.load(rgb), 0) for rgb in (frame, wide))
    assert [mask.shape for mask in result.masks] == [(512, width)]
    np.testing.assert_array_equal(result.masks[0], expected.masks[0][:, :width])
    assert result.masks[0][400, 230] > 0.9  # on her chest
    scale = np.array((512 / width, 1, 512 / width, 1, 1), np.float32)
    np.testing.assert_allclose(result.landmarks, expected.landmarks * scale, rtol=1e-6)
    np.testing.assert_array_equal(result.world_landmarks, expected.world_landmarks)


def test_nobody_is_an_empty_result(models: dict[str, Path]) -> None:
    with Landmarker(LandmarkerOptions(models['full'], output_segmentation_masks=True)) as ours:
        result = ours.detect(ours.load(np.zeros((48, 64, 3), np.uint8)), 1)
    assert len(result) == 0
    assert result.masks == ()


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        ({'num_poses': 0}, ['num_poses', '1 to 32', 'got 0']),
        ({'num_poses': 1000}, ['num_poses', '1 to 32', '1000']),
        ({'min_pose_detection_confidence': 1.5}, ['min_pose_detection_confidence', '1.5']),
        ({'min_pose_presence_confidence': -0.1}, ['min_pose_presence_confidence', '-0.1']),
        ({'num_threads': -1}, ['num_threads', '0 to 64', '-1']),
        ({'min_tracking_confidence': float('nan')}, ['min_tracking_confidence', 'nan']),
    ],
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        LandmarkerOptions(Path('any.task'), **wrong)
    assert all(word in str(caught.value) for word in words)


def test_a_file_that_is_no_bundle_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / 'photo.task'
    path.write_bytes(b'\xff\xd8\xff\xe0' * 100)
    with pytest.raises(LandmarkerError, match=r'photo\.task'):
        Landmarker(LandmarkerOptions(path))


def test_time_that_does_not_increase_is_refused_and_the_landmarker_goes_on(
    models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    with Landmarker(LandmarkerOptions(models['lite'])) as ours:
        ours.detect(ours.load(astronaut), 100)
        with pytest.raises(LandmarkerError, match='timestamp'):
            ours.detect(ours.load(astronaut), 100)
        assert len(ours.detect(ours.load(astronaut), 101)) == 1


def test_after_close_nothing_runs(models: dict[str, Path], astronaut: NDArray[np.uint8]) -> None:
    ours = Landmarker(LandmarkerOptions(models['lite']))
    ours.close()
    ours.close()
    with pytest.raises(LandmarkerError, match='closed'):
        ours.detect(ours.load(astronaut), 1)


@pytest.mark.skipif(not takes_num_threads(), reason='this MediaPipe has no way to set threads')
def test_more_threads_find_the_same(models: dict[str, Path], astronaut: NDArray[np.uint8]) -> None:
    found, counts = [], []
    for num_threads in (0, 1, 4):  # the first starts threads that stay
        options = LandmarkerOptions(models['lite'], num_threads=num_threads)
        with Landmarker(options) as ours:
            found.append(ours.detect(ours.load(astronaut), 0).landmarks)
            counts.append(len(list(Path('/proc/self/task').iterdir())))
    for each in found[1:]:
        np.testing.assert_array_equal(found[0], each)
    assert counts[2] >= counts[1] + 3


@pytest.mark.skipif(takes_num_threads(), reason='this MediaPipe has a way to set threads')
def test_threads_are_refused_where_they_cannot_be_set(models: dict[str, Path]) -> None:
    with pytest.raises(LandmarkerError, match=r'num_threads: MediaPipe .* has no way'):
        Landmarker(LandmarkerOptions(models['lite'], num_threads=2))


def test_threads_are_not_for_the_gpu(models: dict[str, Path]) -> None:
    options = LandmarkerOptions(models['lite'], num_threads=2, delegate=Delegate.GPU)
    with pytest.raises(LandmarkerError, match='num_threads is for the CPU'):
        Landmarker(options)


@pytest.mark.skipif(
    Path('/dev/dri').exists() or Path('/dev/nvidia0').exists(), reason='this machine has a GPU'
)
def test_a_machine_without_gpu_is_told_so(models: dict[str, Path]) -> None:
    with pytest.raises(LandmarkerError, match=r'set delegate to cpu$'):
        Landmarker(LandmarkerOptions(models['lite'], delegate=Delegate.GPU))


CRASHES = """
import os, signal, sys, threading
import numpy as np
from pathlib import Path
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions

def look(frames):
    with Landmarker(LandmarkerOptions(Path(sys.argv[1]))) as landmarker:
        for i in range(frames):
            landmarker.detect(landmarker.load(np.zeros((48, 64, 3), np.uint8)), i)

before = os.fstat(2)
nodes = [threading.Thread(target=look, args=(frames,)) for frames in (5, 15, 25)]
for node in nodes:
    node.start()
for node in nodes:
    node.join()
assert os.fstat(2) == before
os.write(2, b'the last words\\n')
os.kill(os.getpid(), signal.SIGSEGV)
"""


def test_several_landmarkers_leave_standard_error_alone_and_last_words_come_out(
    models: dict[str, Path],
) -> None:
    run = subprocess.run(
        [sys.executable, '-c', CRASHES, models['lite']],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == -signal.SIGSEGV, run.stderr
    assert run.stderr.endswith(b'the last words\n')
