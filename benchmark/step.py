# SPDX-License-Identifier: Apache-2.0
"""Holds what one step between camera and subscriber costs by itself."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ['ALONE', 'FOLLOWED', 'INFER', 'TWO_PEOPLE', 'Step']

TWO_PEOPLE = '2 people'  # stands for the output of the steps with two people in the image
INFER, FOLLOWED, ALONE = 'infer', 'follow, message', 'message alone'  # names of steps


@dataclass(frozen=True)
class Step:
    """
    One step.

    :param width: of the image in pixels
    :param height: of the image in pixels
    :param output: that needs it; what the landmarks need, all outputs need
    :param ms: wall clock, median
    :param cpu_ms: of the calling thread; the time of MediaPipe's own threads is missing from it
    """

    width: int
    height: int
    output: str
    name: str
    ms: float
    cpu_ms: float
