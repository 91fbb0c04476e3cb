# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: what is published."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['OutputParameters']


@dataclass(frozen=True)
class OutputParameters:
    """What is published; how people look in it is declared beside what draws them."""

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
        "has one, then the node's name and a slash, if it is not pose.",
        pattern='([^/].*)?',
    )
    view_frame: str = parameter(
        '',
        'The name of a frame at the camera that the node publishes for viewers such as RViz: x '
        'ahead, y left and z up in the image. Empty: none. Needs tf2_msgs.',
        pattern='([^/].*)?',
    )
    hri: bool = parameter(
        False,
        'Publish the topics and frames of ROS4HRI (REP-155) for bodies, unless another node does '
        'already. Needs hri_msgs and tf2_msgs.',
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
