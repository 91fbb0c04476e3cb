# SPDX-License-Identifier: Apache-2.0
"""Finds the people in frames with MediaPipe's Pose Landmarker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.base_options import base_options
from pose_ros.detection.free_memory import free_memory
from pose_ros.detection.masks import mask_of
from pose_ros.detection.mediapipe_c import DirectCalls
from pose_ros.detection.mediapipe_calls import PackageCalls, choose_calls
from pose_ros.detection.mediapipe_package import VERSION, Image, vision
from pose_ros.detection.network_guard import GuardError, NetworkGuard
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode
from pose_ros.detection.picture import Picture, Widening, widened
from pose_ros.detection.refusal import explain
from pose_ros.poses.poses import Poses

__all__ = ['Landmarker']

# A task that nobody closed (its landmarker hung and was left behind) is kept: MediaPipe's own
# destructor would wait for ever for a thread that Python's collector ends before it.
_open_tasks: set[vision.PoseLandmarker] = set()


class Landmarker:
    """
    One Pose Landmarker, to be closed after use (it is a context manager).

    It runs on the thread that calls it where that thread or the options let it; else, on a thread
    that cannot open internet sockets (see `forbid_network`), which costs 0.3 ms a call.

    A frame is found in two steps: `load` copies its pixels into MediaPipe's memory, `detect` runs
    the networks. Not thread-safe: never two calls at once. In LIVE_STREAM, where `detect_async`
    takes the place of `detect`, results arrive on a thread of MediaPipe's.
    """

    def __init__(
        self,
        options: LandmarkerOptions,
        on_live_result: Callable[[int, Poses], None] | None = None,
    ) -> None:
        """
        Build the landmarker; takes 0.1-0.3 s.

        :param on_live_result: called with (stamp_ms, poses) for each frame that MediaPipe did not
            drop; for LIVE_STREAM, and only there. The poses are those of the picture as it was
            loaded: its widening is to be undone
        :raises LandmarkerError: when MediaPipe refuses
        """
        self.options = options
        self._task: vision.PoseLandmarker | None = None
        try:
            self._guard = NetworkGuard.choose(options.forbid_network, VERSION)
        except GuardError as error:
            raise LandmarkerError(str(error)) from error
        try:
            self._guard.run(self._open, on_live_result)
        except LandmarkerError:
            raise
        except Exception as error:  # of MediaPipe; which kinds there are differs with its version
            self.close()
            raise LandmarkerError(explain(options, error)) from error

    def _open(self, on_live_result: Callable[[int, Poses], None] | None) -> None:
        self._task = _build(self.options, on_live_result)
        self._calls, remembers = choose_calls(self._task, self.options.running_mode)
        if remembers:
            self._task.close()
            self._task = _build(self.options, on_live_result)
            self._calls, _ = choose_calls(self._task, self.options.running_mode)
        _open_tasks.add(self._task)

    @property
    def engine(self) -> str:
        """Which MediaPipe this is, on what, how it is called, what it may not; for a log."""
        calls, network = self._calls.description, self._guard.description
        return (
            f'MediaPipe {VERSION} on the {self.options.delegate.name}, called {calls}; {network}'
        )

    def load(self, rgb: NDArray[np.uint8]) -> Picture:
        """
        Copy a frame into MediaPipe's memory, for any landmarker that gives masks when this does.

        :param rgb: uint8 (H, W, 3), C-contiguous
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        self._open_task()
        with self._calling('take the frame'):
            wide = widened(rgb) if self.options.output_segmentation_masks else rgb
            width = rgb.shape[1]
            image = self._guard.run(self._calls.image, wide)
            return Picture(image, Widening(width, wide.shape[1] - width))

    def detect(self, picture: Picture, stamp_ms: int) -> Poses:
        """
        Find the people in one frame (IMAGE and VIDEO).

        :param picture: what `load` returned
        :param stamp_ms: milliseconds, larger than at every earlier call; IMAGE ignores it
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        self._open_task()
        with self._calling('process the frame'):
            if self.options.running_mode is RunningMode.IMAGE:
                found = self._guard.run(self._calls.detect, picture.image)
            else:
                found = self._guard.run(self._calls.detect_for_video, picture.image, stamp_ms)
            return picture.widening.undone(_to_poses(found, self.options))

    def detect_async(self, picture: Picture, stamp_ms: int) -> None:
        """
        Hand over one frame (LIVE_STREAM); its result, if any, comes to `on_live_result`.

        :param picture: what `load` returned
        :param stamp_ms: milliseconds, larger than at every earlier call
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        task = self._open_task()
        with self._calling('take the frame'):
            self._guard.run(task.detect_async, picture.image, stamp_ms)

    @contextmanager
    def _calling(self, wanted: str) -> Iterator[None]:
        """Explain what a call of MediaPipe raises, and distrust the C library where it is that."""
        try:
            yield
        except (RuntimeError, ValueError) as error:  # MediaPipe's own
            raise LandmarkerError(f'MediaPipe could not {wanted}: {error}') from error
        except Exception as error:
            problem = f'MediaPipe could not {wanted}: {type(error).__name__}: {error}'
            if isinstance(self._calls, DirectCalls):
                DirectCalls.distrust(error)
                self._calls = PackageCalls(self._open_task(), DirectCalls.distrusted)
                problem += "; from now on it is called through MediaPipe's Python package"
            raise LandmarkerError(problem) from error

    def _open_task(self) -> vision.PoseLandmarker:
        if self._task is None:
            raise LandmarkerError('the landmarker is closed')
        return self._task

    def close(self) -> None:
        """Release MediaPipe's graph and threads; a frame in work is finished first. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            self._guard.run(task.close)
            _open_tasks.discard(task)
            del task
            free_memory()

    def __enter__(self) -> Landmarker:
        """Return the landmarker itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def _build(
    options: LandmarkerOptions, on_live_result: Callable[[int, Poses], None] | None
) -> vision.PoseLandmarker:
    callback = None
    if on_live_result is not None:

        def callback(found: vision.PoseLandmarkerResult, _image: Image, stamp_ms: int) -> None:
            on_live_result(stamp_ms, _to_poses(found, options))

    return vision.PoseLandmarker.create_from_options(
        vision.PoseLandmarkerOptions(
            base_options(options),
            running_mode=vision.RunningMode[options.running_mode.name],
            num_poses=options.num_poses,
            min_pose_detection_confidence=options.min_pose_detection_confidence,
            min_pose_presence_confidence=options.min_pose_presence_confidence,
            min_tracking_confidence=options.min_tracking_confidence,
            output_segmentation_masks=options.output_segmentation_masks,
            result_callback=callback,
        )
    )


def _to_poses(found: vision.PoseLandmarkerResult, options: LandmarkerOptions) -> Poses:
    if not len(found.pose_landmarks):
        return Poses.empty()
    masks = tuple(map(mask_of, found.segmentation_masks or ()))
    return Poses(
        _array(found.pose_landmarks),
        _array(found.pose_world_landmarks),
        masks,
        is_smooth=options.smooths,
    )


def _array(poses: NDArray[np.float32] | list[list[Any]]) -> NDArray[np.float32]:
    if isinstance(poses, np.ndarray):
        return poses
    return np.array(
        [
            [(point.x, point.y, point.z, point.visibility, point.presence) for point in pose]
            for pose in poses
        ],
        np.float32,
    )
