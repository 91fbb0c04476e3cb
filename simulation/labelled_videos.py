# SPDX-License-Identifier: Apache-2.0
"""Puts videos and what is known of the people in them together, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.ground_truth import GroundTruth, read_ground_truth
from simulation.recordings import names, recording
from simulation.video import read_frames

__all__ = ['LabelledVideo', 'labelled_recording', 'labelled_recordings']

WALK_HZ, ROOM_HZ = 30.0, 60.0


@dataclass(frozen=True)
class LabelledVideo:
    """
    A video, and who is where in it.

    :param rate_hz: frames a second
    :param read: returns the frames in order, rgb uint8 (H, W, 3)
    """

    name: str
    rate_hz: float
    truth: GroundTruth
    read: Callable[[], Iterator[NDArray[np.uint8]]]


def labelled_recording(name: str) -> LabelledVideo:
    """
    Return a recording with its labels; it is fetched when it is first read.

    :param name: one of recordings.names()
    """

    def read() -> Iterator[NDArray[np.uint8]]:
        return (rgb for _, rgb in read_frames(recording(name)))

    rate_hz = WALK_HZ if name == 'walk' else ROOM_HZ
    return LabelledVideo(name, rate_hz, read_ground_truth(name), read)


def labelled_recordings() -> list[LabelledVideo]:
    """Return all recordings with their labels."""
    return [labelled_recording(name) for name in names()]
