# SPDX-License-Identifier: Apache-2.0
"""Standard error without MediaPipe's habitual remarks, and with everything else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
import re
import sys
import tempfile

__all__ = ['quiet_stderr']

# What MediaPipe's C++ writes for every healthy landmarker. It has no switch for this.
KNOWN_NOISE = re.compile(
    rb'INFO: Created TensorFlow Lite XNNPACK delegate'
    rb'|All log messages before absl::InitializeLog\(\)'
    rb'|Feedback manager requires a model with a single signature inference'
    rb'|Using NORM_RECT without IMAGE_DIMENSIONS'
)


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """
    Hold back what is written to standard error, then write what is not habitual.

    Works on the file descriptor, so it also holds what C++ writes, on every thread of the process;
    all other lines come out whole and in order when the block ends, also by an exception.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        standard_error = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(standard_error, 2)
            os.close(standard_error)
            held.seek(0)
            for line in held:
                if not KNOWN_NOISE.search(line):
                    os.write(2, line)
