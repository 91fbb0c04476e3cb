# SPDX-License-Identifier: Apache-2.0
"""The names of some cameras in, a pose node for each out, in the camera's namespace."""

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare
import yaml

ARGUMENTS = (
    DeclareLaunchArgument(
        'cameras',
        default_value='[front, rear]',
        description='Names of the cameras. Each has its namespace: /front/image_raw in, '
        '/front/pose/landmarks and so on out. All other arguments of pose.launch.xml can be '
        'given too, and are for every camera; what is for one stands in params_file under the '
        "node's name, /front/pose.",
    ),
    DeclareLaunchArgument(
        'image',
        default_value='image_raw',
        description="Topic of each camera's images, in the camera's namespace.",
    ),
    DeclareLaunchArgument(
        'namespace',
        default_value='',
        description='Namespace of all cameras together, such as that of a robot.',
    ),
)


def pose_nodes(context: LaunchContext) -> list[GroupAction]:
    """
    Return pose.launch.xml for each camera.

    :raises ValueError: when the cameras are not a list of different names, or when they would
        share a topic
    """

    def given(name: str) -> str:
        return LaunchConfiguration(name, default='').perform(context)

    cameras = yaml.safe_load(given('cameras'))
    if not (
        isinstance(cameras, list)
        and cameras
        and all(isinstance(camera, str) for camera in cameras)
        and len(set(cameras)) == len(cameras)
    ):
        raise ValueError(
            f'cameras: wanted different names as in [front, rear], got {given("cameras")}'
        )
    for name in ('image', 'camera_info', 'depth'):
        if given(name).startswith('/'):
            raise ValueError(
                f"{name}: wanted a topic in each camera's namespace, such as "
                f'image_raw, got {given(name)}'
            )
    source = PathJoinSubstitution([FindPackageShare('pose_ros'), 'launch', 'pose.launch.xml'])
    namespaces = ['/'.join(filter(None, (given('namespace'), camera))) for camera in cameras]
    return [
        GroupAction(
            [
                IncludeLaunchDescription(
                    AnyLaunchDescriptionSource(source),
                    launch_arguments=[('namespace', namespace), ('image', given('image'))],
                )
            ]
        )
        for namespace in namespaces
    ]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and the nodes, to be made when the arguments are known."""
    return LaunchDescription([*ARGUMENTS, OpaqueFunction(function=pose_nodes)])
