# SPDX-License-Identifier: Apache-2.0
"""
Keeps the memory of one image for the next, instead of giving it back to the kernel in between.

By default glibc fetches every large block from the kernel, page fault by page fault, and an image
on its way through ROS and MediaPipe is several of them. docs/dds.md has the effect.
"""

from __future__ import annotations

import ctypes

__all__ = ['tune_allocator']

# From malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8

KEPT_BYTES = 256 << 20  # more than the images of one frame take at once
STEP_BYTES = 32 << 20
LARGEST_BLOCK_BYTES = 32 << 20  # glibc refuses more in some versions
# By default eight for each core. Every landmarker has threads of its own, and they do not use the
# memory that was freed in the arenas of earlier threads: 670 MB in a soak of three minutes.
ARENAS = 2


def tune_allocator() -> bool:
    """
    Let malloc keep blocks the size of images, in few arenas; call it before threads are started.

    :returns: whether that was possible: not without glibc, where nothing changes
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return all(
        [
            mallopt(M_MMAP_THRESHOLD, LARGEST_BLOCK_BYTES),
            mallopt(M_TRIM_THRESHOLD, KEPT_BYTES),
            mallopt(M_TOP_PAD, STEP_BYTES),
            mallopt(M_ARENA_MAX, ARENAS),
        ]
    )
