# SPDX-License-Identifier: Apache-2.0
"""
Lets a process compute on Mesa's software renderer (llvmpipe) as if that were a GPU.

For tests of the GPU's path on machines without one. What is asked for by environment variables is
read when a process first uses EGL, so such a test has processes of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

import mediapipe
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.network_guard import reports_home

__all__ = [
    'NEAR',
    'NEAR_M',
    'OVERLAP',
    'REFUSES_SOFTWARE',
    'SEEN',
    'SOFTWARE_GPU',
    'needs_mesa',
    'overlap',
    'takes_software',
]

MESA = Path('/usr/share/glvnd/egl_vendor.d/50_mesa.json')

# Without a display, in software, and by Mesa also where another vendor's EGL is installed.
SOFTWARE_GPU = {
    'EGL_PLATFORM': 'surfaceless',
    'LIBGL_ALWAYS_SOFTWARE': '1',
    '__EGL_VENDOR_LIBRARY_FILENAMES': str(MESA),
}

# A GPU computes in floats of 16 bit, and fits a person into the network's input with its own
# sampling. For landmarks in view Mesa was 0.011 of the side and 0.022 m from the CPU, masks
# overlapped by 0.97. Guessed landmarks, as of hands out of view, differ by ten times as much.
SEEN = 0.9  # visibility of a landmark in view
NEAR = 0.02  # of the image's side
NEAR_M = 0.04
OVERLAP = 0.95  # of the masks, intersection over union

REFUSES_SOFTWARE = reports_home(mediapipe.__version__)  # 0.10.35 and newer

INITIALIZE = """
import ctypes

egl = ctypes.CDLL('libEGL.so.1')
egl.eglGetDisplay.argtypes, egl.eglGetDisplay.restype = [ctypes.c_void_p], ctypes.c_void_p
egl.eglInitialize.argtypes = [ctypes.c_void_p] * 3
assert egl.eglInitialize(egl.eglGetDisplay(None), None, None)
"""


def works() -> bool:
    """Return whether this machine's EGL has Mesa's software renderer."""
    tried = subprocess.run(
        [sys.executable, '-c', INITIALIZE],
        env=os.environ | SOFTWARE_GPU,
        capture_output=True,
        check=False,
    )
    return tried.returncode == 0


needs_mesa = pytest.mark.skipif(
    not works(),
    reason="Mesa's software renderer is missing: apt-get install libegl-mesa0 libgl1-mesa-dri",
)
takes_software = pytest.mark.skipif(
    REFUSES_SOFTWARE, reason=f'MediaPipe {mediapipe.__version__} refuses software renderers'
)


def overlap(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> float:
    """Return the intersection over the union of two masks."""
    return float((ours & theirs).sum() / (ours | theirs).sum())
