# SPDX-License-Identifier: Apache-2.0
"""Measures what a node needs: time and CPU until its first landmarks, memory, and masks' cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
import sys

__all__ = ['Footprint', 'Measured', 'footprint_table', 'median_of', 'own_node']

# Texts of the table, by field.
TEXTS = {
    'start_s': 'process start to first landmarks at a subscriber, s',
    'start_cpu_s': 'CPU until then, s',
    'configured_mb': 'resident memory, configured and idle, MB',
    'running_mb': 'resident memory, running, MB',
    'alone_ms': 'CPU a frame, masks not asked for, ms',
    'unheard_ms': 'CPU a frame, masks asked for, nobody subscribes, ms',
    'heard_ms': 'CPU a frame, a subscriber to ~/mask, ms',
    'heard_mb': 'resident memory, masks switched on and off, MB',
    'lost': 'frames without landmarks while the subscriber came and went',
    'worst_ms': 'latency then, the largest, ms',
}


@dataclass(frozen=True)
class Footprint:
    """What one node needs, at one size of image; TEXTS says what the fields are."""

    start_s: float
    start_cpu_s: float
    configured_mb: float
    running_mb: float
    alone_ms: float
    unheard_ms: float
    heard_ms: float
    heard_mb: float
    lost: float
    worst_ms: float


def own_node() -> Path:
    """Return the executable of the node that is installed here."""
    return Path(sys.executable).with_name('pose_node')


@dataclass(frozen=True)
class Measured:
    """
    What was measured of a node.

    :param size: of the images, width and height in pixels
    :param is_own: it is the node that is installed here, and not another one beside it
    """

    size: tuple[int, int]
    is_own: bool
    footprint: Footprint


def footprint_table(found: Sequence[Measured]) -> str:
    """Return the figures as a Markdown table, a column for each size and node."""
    heads = [
        f'{each.size[0]}x{each.size[1]}' + ('' if each.is_own else ', before') for each in found
    ]
    lines = [f'| footprint, full | {" | ".join(heads)} |', '| --- |' + ' --- |' * len(heads)]
    for name, text in TEXTS.items():
        cells = (f'{getattr(each.footprint, name):.4g}' for each in found)
        lines.append(f'| {text} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def median_of(found: Sequence[Footprint]) -> Footprint:
    """Return the medians of several rounds."""
    return Footprint(
        *(median(getattr(each, field.name) for each in found) for field in fields(Footprint))
    )
