# SPDX-License-Identifier: Apache-2.0
"""Writes the line of a machine for the table in docs/hardware.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.measurement import OURS, Measurement, Scene
from benchmark.scenes import SIZES

__all__ = ['HEADING', 'hardware_line']

MODELS = ('lite', 'full', 'heavy')
HEADING = '| Machine | Cores | ROS 2, Python | MediaPipe | lite | full | heavy |'


def hardware_line(rows: Sequence[Measurement], about: Mapping[str, Any], distro: str) -> str:
    """
    Return the line: latency at 30 Hz and the highest rate of each model, at 640x480.

    :param about: see machine()
    """
    cells = [
        about['cpu'],
        str(about['cores']),
        f'{distro}, {about["python"]}',
        about['mediapipe'],
        *(_cell(rows, model) for model in MODELS),
    ]
    return f'| {" | ".join(cells)} |'


def _cell(rows: Sequence[Measurement], model: str) -> str:
    found = [row for row in rows if row.scene == Scene(OURS, model, *SIZES[0])]
    latency_ms = [row.latency_ms for row in found if not row.saturated]
    rate_hz = [row.rate_hz for row in found if row.saturated]
    if not latency_ms or not rate_hz:
        return '-'
    return f'{latency_ms[0]:.1f} ms, {rate_hz[0]:.0f} Hz'
