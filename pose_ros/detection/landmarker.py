# SPDX-License-Identifier: Apache-2.0
"""Frames in, what MediaPipe's Pose Landmarker finds in them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Any

from mediapipe import Image
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.mediapipe_c import DirectCalls, PackageCalls
from pose_ros.detection.stderr_filter import quiet_stderr
from pose_ros.poses.poses import Poses

__all__ = ['Delegate', 'Landmarker', 'LandmarkerError', 'LandmarkerOptions', 'RunningMode']

MAX_NUM_POSES = 32


class LandmarkerError(RuntimeError):
    """MediaPipe could not build a landmarker or process a frame; the text says what to do."""


class RunningMode(str, Enum):
    """How MediaPipe treats successive frames."""

    IMAGE = 'image'  # every frame by itself, no tracking
    VIDEO = 'video'  # tracking from frame to frame, one result for every frame
    LIVE_STREAM = 'live_stream'  # the same asynchronously; MediaPipe drops frames when it is busy


class Delegate(str, Enum):
    """What the networks run on."""

    CPU = 'cpu'
    GPU = 'gpu'


@dataclass(frozen=True)
class LandmarkerOptions:
    """
    The options of one landmarker, checked: MediaPipe itself accepts impossible ones.

    :param model: the model bundle
    :param num_poses: the most people found in a frame, 1-32
    :param min_pose_detection_confidence: the person detector's least score, [0, 1]
    :param min_pose_presence_confidence: the landmark model's least presence score, [0, 1]
    :param min_tracking_confidence: the overlap needed to keep tracking, [0, 1]; below it the
        detector runs again
    :param output_segmentation_masks: one mask a person
    :raises ValueError: when a value is out of range
    """

    model: Path
    running_mode: RunningMode = RunningMode.VIDEO
    num_poses: int = 1
    min_pose_detection_confidence: float = 0.5
    min_pose_presence_confidence: float = 0.5
    min_tracking_confidence: float = 0.5
    output_segmentation_masks: bool = False
    delegate: Delegate = Delegate.CPU

    @property
    def smooths(self) -> bool:
        """Whether MediaPipe smooths the landmarks itself: for one person in a stream."""
        return self.num_poses == 1 and self.running_mode is not RunningMode.IMAGE

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.num_poses <= MAX_NUM_POSES:
            raise ValueError(f'num_poses: wanted 1 to {MAX_NUM_POSES}, got {self.num_poses}')
        for name in (
            'min_pose_detection_confidence',
            'min_pose_presence_confidence',
            'min_tracking_confidence',
        ):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f'{name}: wanted 0.0 to 1.0, got {getattr(self, name)}')


class Landmarker:
    """
    One Pose Landmarker, to be closed after use (it is a context manager).

    Not thread-safe: all calls come from one thread. In LIVE_STREAM results arrive on a thread of
    MediaPipe's.
    """

    def __init__(
        self,
        options: LandmarkerOptions,
        on_result: Callable[[int, Poses], None] | None = None,
        on_begin: Callable[[], None] | None = None,
    ) -> None:
        """
        Build the landmarker; takes 0.1-0.3 s.

        :param on_result: called with (stamp_ms, result) for each frame that MediaPipe did not
            drop; for LIVE_STREAM, and only there
        :param on_begin: called when MediaPipe is just about to begin with a frame (IMAGE and
            VIDEO): what it starts on another thread has Python's lock until MediaPipe is through
        :raises LandmarkerError: when MediaPipe refuses
        """
        self.options = options
        self._on_begin = on_begin
        self._people_seen = False
        try:
            with quiet_stderr():
                self._task: vision.PoseLandmarker | None = _build(options, on_result)
        except (RuntimeError, ValueError, OSError) as error:
            raise LandmarkerError(_explain(options, error)) from error
        self._calls = _calls(self._task)

    def detect(self, rgb: NDArray[np.uint8], stamp_ms: int) -> Poses:
        """
        Find the people in one frame (IMAGE and VIDEO).

        :param rgb: uint8 (H, W, 3), C-contiguous
        :param stamp_ms: milliseconds, larger than at every earlier call; IMAGE ignores it
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        if self._people_seen:
            return self._detect(rgb, stamp_ms)
        with quiet_stderr():  # it speaks once more at the first person
            result = self._detect(rgb, stamp_ms)
        self._people_seen = len(result) > 0
        return result

    def _detect(self, rgb: NDArray[np.uint8], stamp_ms: int) -> Poses:
        self._open_task()
        image = self._calls.image(rgb)
        if self._on_begin:
            self._on_begin()
        try:
            if self.options.running_mode is RunningMode.IMAGE:
                return _to_result(self._calls.detect(image), self.options)
            return _to_result(self._calls.detect_for_video(image, stamp_ms), self.options)
        except (RuntimeError, ValueError) as error:
            raise LandmarkerError(f'MediaPipe could not process the frame: {error}') from error

    def detect_async(self, rgb: NDArray[np.uint8], stamp_ms: int) -> None:
        """
        Hand over one frame (LIVE_STREAM); its result, if any, comes to `on_result`.

        :param rgb: uint8 (H, W, 3), C-contiguous
        :param stamp_ms: milliseconds, larger than at every earlier call
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        try:
            self._open_task().detect_async(self._calls.image(rgb), stamp_ms)
        except (RuntimeError, ValueError) as error:
            raise LandmarkerError(f'MediaPipe could not take the frame: {error}') from error

    def _open_task(self) -> vision.PoseLandmarker:
        if self._task is None:
            raise LandmarkerError('the landmarker is closed')
        return self._task

    def close(self) -> None:
        """Release MediaPipe's graph and threads; a frame in work is finished first. Idempotent."""
        task, self._task = self._task, None
        if task is not None:
            task.close()

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
    options: LandmarkerOptions, on_result: Callable[[int, Poses], None] | None
) -> vision.PoseLandmarker:
    callback = None
    if on_result is not None:

        def callback(found: vision.PoseLandmarkerResult, _image: Image, stamp_ms: int) -> None:
            on_result(stamp_ms, _to_result(found, options))

    return vision.PoseLandmarker.create_from_options(
        vision.PoseLandmarkerOptions(
            BaseOptions(str(options.model), delegate=BaseOptions.Delegate[options.delegate.name]),
            running_mode=vision.RunningMode[options.running_mode.name],
            num_poses=options.num_poses,
            min_pose_detection_confidence=options.min_pose_detection_confidence,
            min_pose_presence_confidence=options.min_pose_presence_confidence,
            min_tracking_confidence=options.min_tracking_confidence,
            output_segmentation_masks=options.output_segmentation_masks,
            result_callback=callback,
        )
    )


def _calls(task: vision.PoseLandmarker) -> DirectCalls | PackageCalls:
    """Return the faster way to a task's calls, or where there is none its own."""
    try:
        return DirectCalls(task)
    except AttributeError:
        return PackageCalls(task)


def _explain(options: LandmarkerOptions, error: Exception) -> str:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    if options.delegate is Delegate.GPU:
        return f"MediaPipe cannot run on this machine's GPU ({reason}); set delegate to cpu"
    return f'MediaPipe cannot load {options.model}: {reason}'


def _to_result(found: vision.PoseLandmarkerResult, options: LandmarkerOptions) -> Poses:
    if not len(found.pose_landmarks):
        return Poses.empty()
    masks = tuple(np.asarray(_Pixels(mask)) for mask in found.segmentation_masks or ())
    return Poses(
        _array(found.pose_landmarks),
        _array(found.pose_world_landmarks),
        masks,
        is_smooth=options.smooths,
    )


class _Pixels:
    """Lends numpy the only channel of an Image: the array keeps this, and this keeps the Image."""

    def __init__(self, image: Image) -> None:
        view = image.numpy_view()[:, :, 0]
        self.__array_interface__ = view.__array_interface__
        self._kept = image, view


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
