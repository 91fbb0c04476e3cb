# SPDX-License-Identifier: Apache-2.0
"""Says on which machine, and with which versions, the figures were measured."""

from __future__ import annotations

from importlib.metadata import version
import os
from pathlib import Path
import platform
from typing import Any

__all__ = ['machine']


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    cpu = next(
        (
            line.partition(':')[2].strip()
            for line in Path('/proc/cpuinfo').read_text().splitlines()
            if line.startswith('model name')
        ),
        _board(),
    )
    return {
        'cpu': cpu,
        'cores': os.cpu_count(),
        'kernel': platform.release(),
        'python': platform.python_version(),
        'load_at_start': os.getloadavg()[0],
        **{name: version(name) for name in ('mediapipe', 'numpy', 'rclpy')},
    }


def _board() -> str:
    """Return the name of a board, for processors that do not say theirs, as ARM's."""
    name = Path('/proc/device-tree/model')
    return name.read_text().strip('\0\n ') if name.exists() else platform.machine()
