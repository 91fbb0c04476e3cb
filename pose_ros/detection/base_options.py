# SPDX-License-Identifier: Apache-2.0
"""Makes MediaPipe's options of a model: its file, what runs it, and with how many threads."""

from __future__ import annotations

from typing import Any

from pose_ros.detection.mediapipe_package import VERSION, BaseOptions
from pose_ros.detection.options import Delegate, LandmarkerError, LandmarkerOptions

__all__ = ['base_options', 'takes_num_threads']


def takes_num_threads() -> bool:
    """Return whether this MediaPipe has a public way to set the number of threads."""
    return hasattr(BaseOptions, 'to_pb2')


class _ThreadedOptions(BaseOptions):
    """Base options with a number of threads, which MediaPipe's C++ takes, and its Python not."""

    num_threads = 0

    def to_pb2(self) -> Any:
        """Return what MediaPipe's C++ reads."""
        message = super().to_pb2()
        message.acceleration.xnnpack.num_threads = self.num_threads
        return message


def base_options(options: LandmarkerOptions) -> BaseOptions:
    """
    Return MediaPipe's options of a model.

    :raises LandmarkerError: when `num_threads` cannot be honoured
    """
    delegate = BaseOptions.Delegate[options.delegate.name]
    path = str(options.model_copy.path if options.model_copy else options.model)
    if not options.num_threads:
        return BaseOptions(path, delegate=delegate)
    if options.delegate is Delegate.GPU:
        raise LandmarkerError('num_threads is for the CPU: set it to 0, or delegate to cpu')
    if not takes_num_threads():
        raise LandmarkerError(
            f'num_threads: MediaPipe {VERSION} has no way to set it; leave it 0 (0.10.18 has one)'
        )
    threaded = _ThreadedOptions(path, delegate=delegate)
    threaded.num_threads = options.num_threads
    return threaded
