# SPDX-License-Identifier: Apache-2.0
"""Defines the options of a landmarker, checked: MediaPipe itself accepts impossible ones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pose_ros.models.sealed_copy import SealedCopy

__all__ = [
    'MAX_NUM_POSES',
    'MAX_NUM_THREADS',
    'Delegate',
    'LandmarkerError',
    'LandmarkerOptions',
    'RunningMode',
]

MAX_NUM_POSES = 32
MAX_NUM_THREADS = 64


class LandmarkerError(RuntimeError):
    """MediaPipe could not build a landmarker or process a frame; the text says what to do."""


class RunningMode(str, Enum):
    """How MediaPipe treats successive frames."""

    IMAGE = 'image'  # every frame by itself, no tracking
    VIDEO = 'video'  # tracking from frame to frame, one result for every frame
    LIVE_STREAM = 'live_stream'  # the same asynchronously; MediaPipe drops frames when it is busy


class Delegate(str, Enum):
    """What the networks run on."""

    CPU = 'cpu'
    GPU = 'gpu'


@dataclass(frozen=True)
class LandmarkerOptions:
    """
    The options of one landmarker, checked: MediaPipe itself accepts impossible ones.

    :param model: the model bundle's file
    :param num_poses: the most people found in a frame, 1-32
    :param min_pose_detection_confidence: the person detector's least score, [0, 1]
    :param min_pose_presence_confidence: the landmark model's least presence score, [0, 1]
    :param min_tracking_confidence: the overlap needed to keep tracking, [0, 1]; below it the
        detector runs again
    :param output_segmentation_masks: one mask a person
    :param num_threads: of a network on the CPU, 0-64; 0: MediaPipe's own choice, which is one
    :param forbid_network: MediaPipe cannot open internet sockets, whatever its version
    :param model_copy: of the model bundle, to be opened in place of its file
    :raises ValueError: when a value is out of range
    """

    model: Path
    running_mode: RunningMode = RunningMode.VIDEO
    num_poses: int = 1
    min_pose_detection_confidence: float = 0.5
    min_pose_presence_confidence: float = 0.5
    min_tracking_confidence: float = 0.5
    output_segmentation_masks: bool = False
    delegate: Delegate = Delegate.CPU
    num_threads: int = 0
    forbid_network: bool = True
    model_copy: SealedCopy | None = None

    @property
    def smooths(self) -> bool:
        """Whether MediaPipe smooths the landmarks itself: for one person in a stream."""
        return self.num_poses == 1 and self.running_mode is not RunningMode.IMAGE

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 1 <= self.num_poses <= MAX_NUM_POSES:
            raise ValueError(f'num_poses: wanted 1 to {MAX_NUM_POSES}, got {self.num_poses}')
        if not 0 <= self.num_threads <= MAX_NUM_THREADS:
            raise ValueError(f'num_threads: wanted 0 to {MAX_NUM_THREADS}, got {self.num_threads}')
        for name in (
            'min_pose_detection_confidence',
            'min_pose_presence_confidence',
            'min_tracking_confidence',
        ):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f'{name}: wanted 0.0 to 1.0, got {getattr(self, name)}')
