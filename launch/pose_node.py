# SPDX-License-Identifier: Apache-2.0
"""
The arguments of pose.launch.xml in, its node out.

In Python, because an argument that was not given must leave the YAML file alone, and the XML form
has no condition for a single parameter.
"""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
import yaml

# Parameters of the node that are arguments too.
OVERRIDES = ('model', 'num_poses', 'output_segmentation_masks', 'use_sim_time', 'autostart')


def pose_node(context: LaunchContext) -> list[Node]:
    """
    Return the node.

    :raises FileNotFoundError: when there is no params_file; launch_ros would go on without it
    """

    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    if not Path(given('params_file')).is_file():
        raise FileNotFoundError(f'params_file: wanted a YAML file, got {given("params_file")!r}')
    beside, slash, _ = given('image').rpartition('/')
    return [
        Node(
            package='pose_ros',
            executable='pose_node',
            output='screen',
            # With both given, launch_ros addresses the overrides to this very node: they win over
            # a file that does so too.
            name=given('name'),
            namespace=given('namespace'),
            parameters=[
                given('params_file'),
                {name: yaml.safe_load(given(name)) for name in OVERRIDES if given(name)},
            ],
            remappings=[
                ('image', given('image')),
                ('depth', given('depth')),
                ('camera_info', given('camera_info') or f'{beside}{slash}camera_info'),
            ],
        )
    ]


def generate_launch_description() -> LaunchDescription:
    """Return the node, to be made when the arguments are known."""
    return LaunchDescription([OpaqueFunction(function=pose_node)])
