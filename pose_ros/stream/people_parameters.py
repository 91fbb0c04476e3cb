# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: how people are followed, smoothed and placed."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.following.positions import PositionOptions
from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['PeopleParameters']

MIN_PERSON_HEIGHT_M = 0.5  # of a newborn child


@dataclass(frozen=True)
class PeopleParameters:
    """How people are followed, smoothed and placed."""

    track_timeout: float = parameter(
        2.0,
        'Seconds that a person may be out of sight and keep the track id.',
        within=(0.0, 3600.0),
    )
    smooth_landmarks: bool = parameter(
        True,
        'Smooth the landmarks of each person with a One Euro filter where MediaPipe does '
        'not: with num_poses above 1. In running mode image nothing is smoothed.',
    )
    smooth_segmentation: bool = parameter(
        True,
        'Mix the mask of each person with the one before where it is uncertain. In running '
        'mode image nothing is smoothed.',
    )
    horizontal_fov: float = parameter(
        0.0,
        'Degrees between the left and the right edge of the image, to estimate positions '
        'with while no camera_info is known; 0: not known.',
        within=(0.0, 179.0),
    )
    image_rectified: bool = parameter(
        False,
        'The images are rectified (image_rect): the matrix p of camera_info describes '
        'them, and there is no distortion.',
    )
    depth_slop: float = parameter(
        0.1,
        'Seconds that an image and the depth image for its positions may be apart.',
        within=(0.0, 10.0),
    )

    person_height: float = parameter(
        0.0,
        'Standing height in metres of everybody in view, 0.5 to 2.5; 0: not known, and '
        'MediaPipe takes everybody for a person of average size. World landmarks and distances '
        'are scaled to it, and position_error is smaller.',
        within=(0.0, 2.5),
    )

    def require_sense(self) -> None:
        """
        Check that people can have that height.

        :raises ValueError: when they cannot
        """
        if 0 < self.person_height < MIN_PERSON_HEIGHT_M:
            raise ValueError(
                f'person_height: wanted 0 (not known) or {MIN_PERSON_HEIGHT_M:g} to 2.5 metres, '
                f'got {self.person_height:g}'
            )

    def positions(self) -> PositionOptions:
        """Return how people are placed."""
        return PositionOptions(
            self.horizontal_fov, self.image_rectified, self.depth_slop, self.person_height
        )
