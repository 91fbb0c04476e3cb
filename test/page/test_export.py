# SPDX-License-Identifier: Apache-2.0
"""What is copied from the page starts such a node again."""

import yaml

from pose_ros.page.export import as_launch_line, as_yaml, defaults
from pose_ros.page.graph import Inputs


def test_defaults_are_left_out() -> None:
    assert yaml.safe_load(as_yaml('/pose', defaults())) == {'/pose': {'ros__parameters': {}}}


def test_the_yaml_has_what_differs() -> None:
    values = {**defaults(), 'num_poses': 3, 'overlay_background': '#ff0000'}
    assert yaml.safe_load(as_yaml('/front/pose', values)) == {
        '/front/pose': {'ros__parameters': {'num_poses': 3, 'overlay_background': '#ff0000'}}
    }


def test_a_launch_line_for_arguments_alone() -> None:
    values = {**defaults(), 'num_poses': 2, 'output_segmentation_masks': True, 'autostart': True}
    inputs = Inputs('/front/image_raw', '/front/camera_info')
    assert as_launch_line('/front/pose', inputs, values) == (
        'ros2 launch pose_ros pose.launch.xml image:=/front/image_raw namespace:=front '
        'num_poses:=2 output_segmentation_masks:=true'
    )


def test_a_launch_line_with_a_file_for_the_rest() -> None:
    values = {**defaults(), 'depth_slop': 0.2, 'model': "it's mine.task"}
    inputs = Inputs('/image', '/elsewhere/camera_info')
    assert as_launch_line('/eyes', inputs, values) == (
        'ros2 launch pose_ros pose.launch.xml image:=/image camera_info:=/elsewhere/camera_info '
        """name:=eyes model:='it'"'"'s mine.task' params_file:=pose.yaml"""
    )
