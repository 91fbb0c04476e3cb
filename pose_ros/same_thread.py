"""What is usually done on another thread done on the caller's, MediaPipe's calls above all."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from mediapipe.tasks.python import vision
from mediapipe.tasks.python.vision import pose_landmarker

__all__ = ['SameThread', 'call_on_same_thread']


class SameThread(Executor):
    """Has done what is submitted when it returns."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return what became of the call."""
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def call_on_same_thread(task: vision.PoseLandmarker) -> bool:
    """
    Have the further calls of a task made on their caller's thread.

    MediaPipe's Python package hands every call to a thread of the task, so that a task can be
    shared among threads. Where that is not done, two changes of threads and back a frame, 0.3 ms,
    are for nothing. What this changes is private to MediaPipe: seen in 0.10.31 to 1.2.2.

    :param task: to be called by one thread at a time from now on
    :returns: False when this version of MediaPipe is made in another way; nothing is changed then
    """
    try:
        functions, calls = pose_landmarker._CTYPES_SIGNATURES, task._lib
        wrappers = {function.func_name: function.create_python_wrapper(calls._lib, SameThread())
                    for function in functions}
    except AttributeError:
        return False
    for name, wrapper in wrappers.items():
        setattr(calls, name, wrapper)
    return True
