# SPDX-License-Identifier: Apache-2.0
"""Says in one line why MediaPipe builds no landmarker, and what to do."""

from __future__ import annotations

import platform
import re

from pose_ros.detection.mediapipe_package import VERSION
from pose_ros.detection.options import Delegate, LandmarkerOptions

__all__ = ['explain', 'no_gpu']

NO_GPU = 'MediaPipe cannot run on the GPU: '

# What MediaPipe says of its GPU, and what that means.
MEANINGS = {
    'GPU processing is disabled in build flags': (
        f'MediaPipe {VERSION} for {platform.machine()} was built without it'
    ),
    'EGL_NO_DISPLAY': 'EGL has no display, or no driver',
    'Unable to initialize EGL': (
        'EGL has no display; without a window system Mesa gives one when EGL_PLATFORM is '
        'surfaceless in the environment'
    ),
    'GPU emulation detected': (
        f'MediaPipe {VERSION} refuses software renderers, and EGL has no other here'
    ),
    'GL_INVALID_': 'its driver has less than OpenGL ES 3.1',
}


def explain(options: LandmarkerOptions, error: Exception) -> str:
    """
    Return why a landmarker was not built.

    :param error: what MediaPipe raised
    """
    text = str(error) or type(error).__name__
    if options.delegate is Delegate.CPU:
        return f'MediaPipe cannot load {options.model}: {text.splitlines()[0]}'
    for words, meaning in MEANINGS.items():
        if words in text:
            return no_gpu(meaning)
    # Its texts name long paths of nodes; what went wrong stands at the end.
    return no_gpu(re.sub(r'\s+', ' ', text)[-200:])


def no_gpu(problem: str) -> str:
    """Return a problem with the GPU as an error of the landmarker, with what to do."""
    if problem.startswith(NO_GPU):
        return problem
    return f'{NO_GPU}{problem}; see docs/gpu.md, or set delegate to cpu'
