# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: how people are followed, smoothed and placed."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['PeopleParameters']


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

    def positions(self) -> tuple[float, bool, float]:
        """Return the options of Positions."""
        return self.horizontal_fov, self.image_rectified, self.depth_slop
