# SPDX-License-Identifier: Apache-2.0
"""
Calls MediaPipe's C library for a task: on the caller's thread, with landmarks as arrays.

MediaPipe's Python package hands every call to a thread of the task's, so that threads can share
it, makes an object of each landmark, and tells twenty functions their types again for each image.
Here one thread at a time calls it and wants arrays, in few steps: after an inference Python's code
and data are no longer in the processor's nearer caches, and each new piece of them costs.

What is used here is private to MediaPipe, and the same in 0.10.33 and 1.2.3. So it is proved
before it is trusted, see `mediapipe_calls`.
"""

from __future__ import annotations

import ctypes
from functools import cache
import sys
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.mediapipe_package import Image, ImageFormat, vision
from pose_ros.detection.options import RunningMode

__all__ = ['DifferenceError', 'DirectCalls', 'MediaPipeError', 'compare']

COLUMNS = 'x', 'y', 'z', 'visibility', 'presence'
FLOAT_SIZE = ctypes.sizeof(ctypes.c_float)


class MediaPipeError(RuntimeError):
    """MediaPipe itself refused a call, and said why."""


class DifferenceError(Exception):
    """The C library gave another result than MediaPipe's Python package."""


class DirectCalls:
    """
    A task's calls past MediaPipe's Python package; not to be used when the task is closed.

    :ivar description: what is called, for a log
    :cvar distrusted: why no landmarker of this process may use these calls; empty: they may
    :cvar proved: the running modes in which they gave for nobody what the package gives
    :cvar layout_proved: whether they did so for somebody
    """

    description = 'through its C library'
    distrusted: ClassVar[str] = ''
    proved: ClassVar[frozenset[RunningMode]] = frozenset()
    layout_proved: ClassVar[bool] = False

    def __init__(self, task: vision.PoseLandmarker) -> None:
        """
        Look the library up.

        :raises AttributeError: when this version of MediaPipe is made in another way
        """
        self._task = task  # which closes itself when nobody has it any more
        self._library, self._handle = task._lib._lib, task._handle
        # Tells the library's functions their types.
        Image(ImageFormat.SRGB, np.zeros((1, 1, 3), np.uint8))
        self._create_image = self._library.MpImageCreateFromUint8Data
        self._detect_image = self._library.MpPoseLandmarkerDetectImage
        self._detect_for_video = self._library.MpPoseLandmarkerDetectForVideo
        self._close_result = self._library.MpPoseLandmarkerCloseResult
        self._free_error = self._library.MpErrorFree
        self._raise = sys.modules[type(task).__module__].mediapipe_c_utils.handle_status
        self._result_type = self._close_result.argtypes[0]._type_

    @classmethod
    def distrust(cls, error: Exception) -> None:
        """Have no landmarker that is built from now on use these calls."""
        cls.distrusted = f'its C library is not as expected: {type(error).__name__}: {error}'

    def image(self, rgb: NDArray[np.uint8]) -> Image:
        """Return a copy of uint8 (H, W, 3), C-contiguous, for MediaPipe."""
        image, error = Image.__new__(Image), ctypes.c_char_p()
        image._lib, image._image_ptr = self._library, ctypes.c_void_p()
        height, width, _ = rgb.shape
        first_sample = ctypes.c_uint8.from_address(rgb.ctypes.data)
        self._check(
            self._create_image(
                ImageFormat.SRGB,
                width,
                height,
                ctypes.byref(first_sample),
                rgb.size,
                ctypes.byref(image._image_ptr),
                ctypes.byref(error),
            ),
            error,
        )
        return image

    def detect(self, image: Image) -> vision.PoseLandmarkerResult:
        """
        Return what the task's method does, with float32 (N, 33, 5) in place of N lists.

        :raises MediaPipeError: where the task's method raises
        """
        return self._call(self._detect_image, image)

    def detect_for_video(self, image: Image, stamp_ms: int) -> vision.PoseLandmarkerResult:
        """See detect()."""
        return self._call(self._detect_for_video, image, stamp_ms)

    def _call(self, function: Any, image: Image, *stamp_ms: int) -> vision.PoseLandmarkerResult:
        found, error = self._result_type(), ctypes.c_char_p()
        self._check(
            function(
                self._handle,
                image._image_ptr,
                None,
                *stamp_ms,
                ctypes.byref(found),
                ctypes.byref(error),
            ),
            error,
        )
        try:
            result = vision.PoseLandmarkerResult(
                _arrays(found.pose_landmarks, found.pose_landmarks_count),
                _arrays(found.pose_world_landmarks, found.pose_world_landmarks_count),
                [
                    Image.create_from_ctypes(found.segmentation_masks[i])
                    for i in range(found.segmentation_masks_count)
                ],
            )
            if len(result.pose_landmarks) and not DirectCalls.layout_proved:
                compare(result, vision.PoseLandmarkerResult.from_ctypes(found))
                DirectCalls.layout_proved = True
            return result
        finally:
            self._close_result(ctypes.byref(found))

    def _check(self, status: int, error: ctypes.c_char_p) -> None:
        if not status:
            return
        try:
            self._raise(status, error)
        except Exception as said:
            raise MediaPipeError(str(said)) from said
        finally:
            if error.value is not None:
                self._free_error(error)


def compare(ours: vision.PoseLandmarkerResult, theirs: vision.PoseLandmarkerResult) -> None:
    """
    Compare a result of DirectCalls with one of the task.

    :raises DifferenceError: when they are not the same, to the bit
    """
    for name in ('pose_landmarks', 'pose_world_landmarks'):
        expected = [
            [[getattr(point, column) for column in COLUMNS] for point in person]
            for person in getattr(theirs, name)
        ]
        found = getattr(ours, name)
        if len(found) != len(expected) or not np.array_equal(
            found, np.array(expected, np.float32), equal_nan=True
        ):
            raise DifferenceError(f'{name} differ from those of the Python package')
    masks = [image.numpy_view() for image in theirs.segmentation_masks or ()]
    if not all(
        np.array_equal(image.numpy_view(), mask)
        for image, mask in zip(ours.segmentation_masks, masks, strict=True)
    ):
        raise DifferenceError('masks differ from those of the Python package')


def _arrays(people: Any, count: int) -> NDArray[np.float32]:
    return np.array([_array(people[i]) for i in range(count)], np.float32)


def _array(person: Any) -> NDArray[np.float32]:
    structure, count = person.landmarks._type_, person.landmarks_count
    size = ctypes.sizeof(structure)
    floats: NDArray[np.float32] = np.ndarray(
        (count, size // FLOAT_SIZE), np.float32, ctypes.string_at(person.landmarks, count * size)
    )
    return floats.take(_columns(structure), axis=1)


@cache
def _columns(structure: type[ctypes.Structure]) -> list[int]:
    return [getattr(structure, name).offset // FLOAT_SIZE for name in COLUMNS]
