# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: what is published, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.outputs.markers import MARKER_STYLE_RANGES, MarkerStyle
from pose_ros.outputs.overlay import OverlayMask, OverlayStyle
from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['OutputParameters']


@dataclass(frozen=True)
class OutputParameters:
    """What is published, and how it looks."""

    publish_tf: bool = parameter(
        False,
        'Publish a TF frame body_ID at the hip midpoint of each person whose position is '
        "known, in the frame of the image's header. Needs tf2_msgs.",
    )
    tf_landmarks: bool = parameter(
        False, 'With publish_tf: a frame body_ID_LANDMARK for each visible landmark as well.'
    )
    tf_prefix: str = parameter(
        '',
        "Put before the names of these frames. Empty: the node's namespace and a slash, if it "
        'has one.',
        pattern='([^/].*)?',
    )
    hri: bool = parameter(
        False,
        'Publish the topics and frames of ROS4HRI (REP-155) for bodies. Needs hri_msgs '
        'and tf2_msgs.',
    )
    mask_encoding: str = parameter(
        'mono8',
        'Encoding of ~/mask: mono8 (0-255) or 32FC1 (0.0-1.0).',
        choices=('mono8', '32FC1'),
    )
    instance_mask_values: str = parameter(
        'index',
        'Values of ~/instance_mask. index: 1 + index of the person in poses. track_id: '
        'the track id, from 256 on counted from 1 again.',
        choices=('index', 'track_id'),
    )
    marker_distance: float = parameter(
        2.0,
        'Metres in front of the camera at which the markers of a person stand whose position '
        'is unknown.',
        within=MARKER_STYLE_RANGES['distance_m'],
    )
    marker_min_visibility: float = parameter(
        0.5,
        'Landmarks with a lower visibility, and their bones, are not shown in the markers.',
        within=MARKER_STYLE_RANGES['min_visibility'],
    )
    marker_landmark_diameter: float = parameter(
        0.03,
        'Metres, of the sphere at each landmark.',
        within=MARKER_STYLE_RANGES['landmark_diameter_m'],
    )
    marker_bone_width: float = parameter(
        0.015,
        'Metres, of the line between two landmarks.',
        within=MARKER_STYLE_RANGES['bone_width_m'],
    )
    marker_lifetime: float = parameter(
        0.5,
        'Seconds after which RViz removes a marker that is not renewed.',
        within=MARKER_STYLE_RANGES['lifetime_s'],
    )
    overlay_mask: str = parameter(
        'none',
        'What ~/overlay does with the masks: none, tint the people, or replace the '
        'background. tint and background need output_segmentation_masks.',
        choices=(mask.value for mask in OverlayMask),
    )
    overlay_background: str = parameter(
        '#00b140',
        'The colour that replaces the background, as #rrggbb.',
        pattern='#[0-9a-fA-F]{6}',
    )

    def marker_style(self) -> MarkerStyle:
        """Return the looks of the markers."""
        return MarkerStyle(
            landmark_diameter_m=self.marker_landmark_diameter,
            bone_width_m=self.marker_bone_width,
            min_visibility=self.marker_min_visibility,
            distance_m=self.marker_distance,
            lifetime_s=self.marker_lifetime,
        )

    def overlay_style(self) -> OverlayStyle:
        """Return the looks of the overlay."""
        red, green, blue = bytes.fromhex(self.overlay_background[1:])
        return OverlayStyle(mask=OverlayMask(self.overlay_mask), background_rgb=(red, green, blue))
