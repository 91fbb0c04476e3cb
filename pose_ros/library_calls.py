"""
A task of MediaPipe's in, calls of its C library out: on the caller's thread, landmarks as arrays.

MediaPipe's Python package hands every call to a thread of the task's, so that threads can share
it, and makes an object of each landmark. Here one thread at a time calls it and wants arrays.
What is used here is private to MediaPipe, and the same from 0.10.31 to 1.2.2.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from mediapipe import Image
from mediapipe.tasks.python import vision
from mediapipe.tasks.python.vision import pose_landmarker
import numpy as np
from numpy.typing import NDArray

__all__ = ['LibraryCalls']

COLUMNS = 'x', 'y', 'z', 'visibility', 'presence'


class LibraryCalls:
    """What is called for every frame, as on the task itself; not to be used when it is closed."""

    def __init__(self, task: vision.PoseLandmarker) -> None:
        """
        Look the library up.

        :raises AttributeError: when this version of MediaPipe is made in another way
        """
        self._task = task  # which closes itself when nobody has it any more
        library, self._handle = task._lib._lib, task._handle
        self._detect_image = library.MpPoseLandmarkerDetectImage
        self._detect_for_video = library.MpPoseLandmarkerDetectForVideo
        self._close_result = library.MpPoseLandmarkerCloseResult
        self._free_error = library.MpErrorFree
        self._raise = pose_landmarker.mediapipe_c_utils.handle_status
        self._result_type = self._close_result.argtypes[0]._type_

    def detect(self, image: Image) -> vision.PoseLandmarkerResult:
        """
        Return what the task's method does, with float32 (N, 33, 5) in place of N lists.

        :raises RuntimeError, ValueError: as the task's method
        """
        return self._call(self._detect_image, image)

    def detect_for_video(self, image: Image, stamp_ms: int) -> vision.PoseLandmarkerResult:
        """See detect()."""
        return self._call(self._detect_for_video, image, stamp_ms)

    def _call(self, function: Any, image: Image, *stamp_ms: int) -> vision.PoseLandmarkerResult:
        found, error = self._result_type(), ctypes.c_char_p()
        status = function(self._handle, image._image_ptr, None, *stamp_ms, ctypes.byref(found),
                          ctypes.byref(error))
        try:
            self._raise(status, error)
        finally:
            if error.value is not None:
                self._free_error(error)
        try:
            return vision.PoseLandmarkerResult(
                _arrays(found.pose_landmarks, found.pose_landmarks_count),
                _arrays(found.pose_world_landmarks, found.pose_world_landmarks_count),
                [Image.create_from_ctypes(found.segmentation_masks[i])
                 for i in range(found.segmentation_masks_count)])
        finally:
            self._close_result(ctypes.byref(found))


def _arrays(people: Any, count: int) -> NDArray[np.float32]:
    return np.array([_array(people[i]) for i in range(count)], np.float32)


def _array(person: Any) -> NDArray[np.float32]:
    structure = person.landmarks._type_
    landmarks = ctypes.string_at(
        person.landmarks, person.landmarks_count * ctypes.sizeof(structure))
    floats = np.frombuffer(landmarks, np.float32).reshape(person.landmarks_count, -1)
    return floats[:, _columns(structure)]


@cache
def _columns(structure: type[ctypes.Structure]) -> list[int]:
    return [getattr(structure, name).offset // ctypes.sizeof(ctypes.c_float) for name in COLUMNS]
