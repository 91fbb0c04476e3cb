# SPDX-License-Identifier: Apache-2.0
"""
Holds a copy of a checked file in memory, which nobody can change, and which opens by a path.

MediaPipe opens the model's file whenever a landmarker is built, and maps it into memory. In the
file itself another content may stand by then, and a mapped file that is cut ends the process.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
import weakref

__all__ = ['SealedCopy']

DESCRIPTORS = Path('/proc/self/fd')
# From linux/fcntl.h. Python has them from 3.8 on, where it was built for a kernel that has them.
F_ADD_SEALS, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE = 1033, 1, 2, 4, 8


class SealedCopy:
    """
    A copy of some bytes in memory; it is freed when nobody refers to it any more.

    :ivar descriptor: for a process that is to inherit it
    """

    def __init__(self, data: bytes) -> None:
        """
        Copy them, and forbid every change.

        :raises OSError: when the system lacks memory or descriptors for it
        """
        self.descriptor = os.memfd_create('pose_ros_model', os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        weakref.finalize(self, os.close, self.descriptor)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]
        seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL
        fcntl.fcntl(self.descriptor, F_ADD_SEALS, seals)

    @property
    def path(self) -> Path:
        """Opens it in this process, and in one that inherits the descriptor."""
        return DESCRIPTORS / str(self.descriptor)
