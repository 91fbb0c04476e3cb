# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: what is looked for, by which model, on what hardware."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pose_ros.detection.options import MAX_NUM_POSES, Delegate, LandmarkerOptions, RunningMode
from pose_ros.detection.usable_model import usable_model
from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['DetectionParameters']


@dataclass(frozen=True)
class DetectionParameters:
    """What is looked for, by which model, on what hardware."""

    model: str = parameter('full', 'Model bundle: lite, full, heavy, or the path of a .task file.')
    running_mode: str = parameter(
        'video',
        'How successive frames are treated. image: each by itself. video: with tracking, '
        'a result for every frame. live_stream: with tracking, asynchronously; MediaPipe drops '
        'frames when it is busy.',
        choices=(mode.value for mode in RunningMode),
    )
    num_poses: int = parameter(
        1,
        'The most people found in one image. With fewer people in view than this, the person '
        'detector runs on every frame, which costs up to 2.4 times as much: see search_interval.',
        within=(1, MAX_NUM_POSES),
    )
    search_interval: float = parameter(
        0.0,
        'Seconds; 0: off. In running mode video with num_poses above 1: while one person is '
        'in view, look for more only this often, at nearly the cost of num_poses 1. Takes a '
        'second landmarker, about 100 MB.',
        within=(0.0, 60.0),
    )
    min_pose_detection_confidence: float = parameter(
        0.5, 'The least score of the person detector for a person to be found.', within=(0.0, 1.0)
    )
    min_pose_presence_confidence: float = parameter(
        0.5,
        'The least presence score of the landmark model for a person to be reported.',
        within=(0.0, 1.0),
    )
    min_tracking_confidence: float = parameter(
        0.5,
        'The overlap of a person from frame to frame that is needed to keep tracking; below '
        'it the detector runs again.',
        within=(0.0, 1.0),
    )
    output_segmentation_masks: bool = parameter(
        False, 'Compute a segmentation mask of each person; ~/mask and ~/instance_mask need it.'
    )
    delegate: str = parameter(
        'cpu',
        'What the networks run on. gpu needs OpenGL ES 3.1.',
        choices=(delegate.value for delegate in Delegate),
    )
    forbid_network: bool = parameter(
        True,
        'Keep the threads that run MediaPipe from opening internet sockets: from 0.10.35 on '
        'MediaPipe reports every run to its maker.',
        read_only=True,
    )

    def landmarker_options(self, model: Path | None = None) -> LandmarkerOptions:
        """
        Return the options of the landmarker.

        :param model: the model bundle, when it was found before; else it is looked for, checked,
            and tried out where it is not known
        :raises ModelError: when the model bundle is missing, damaged, or cannot be run
        """
        return LandmarkerOptions(
            model=model or usable_model(self.model),
            running_mode=RunningMode(self.running_mode),
            num_poses=self.num_poses,
            min_pose_detection_confidence=self.min_pose_detection_confidence,
            min_pose_presence_confidence=self.min_pose_presence_confidence,
            min_tracking_confidence=self.min_tracking_confidence,
            output_segmentation_masks=self.output_segmentation_masks,
            delegate=Delegate(self.delegate),
            forbid_network=self.forbid_network,
        )
