# SPDX-License-Identifier: Apache-2.0
"""Starts a pose node for each of some cameras, in the camera's namespace."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
import yaml

POSE = Path(__file__).with_name('pose.launch.xml')
ARGUMENTS = (
    DeclareLaunchArgument(
        'cameras',
        default_value='[front, rear]',
        description='Names of the cameras. Each has its namespace: /front/image_raw in, '
        '/front/pose/landmarks and so on out. The other arguments of pose.launch.xml are for '
        "every camera; what is for one stands in params_file under the node's name, "
        '/front/pose.',
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


def pose_nodes(context: LaunchContext) -> list[GroupAction | Node]:
    """
    Return pose.launch.xml for each camera, and one page for all of them where it is wanted.

    :raises ValueError: when the cameras are not a list of different names, when they would share
        a topic, or when page is neither true nor false
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
    page = yaml.safe_load(given('page') or 'false')
    if not isinstance(page, bool):
        raise ValueError(f'page: wanted true or false, got {given("page")!r}')
    namespaces = ['/'.join(filter(None, (given('namespace'), camera))) for camera in cameras]
    nodes: list[GroupAction | Node] = [
        GroupAction(
            [
                IncludeLaunchDescription(
                    AnyLaunchDescriptionSource(str(POSE)),
                    launch_arguments=[
                        ('namespace', namespace),
                        ('image', given('image')),
                        ('page', 'false'),
                    ],
                )
            ]
        )
        for namespace in namespaces
    ]
    if page:
        nodes.append(Node(package='pose_ros', executable='pose_page', output='screen'))
    return nodes


def arguments_of(path: Path) -> list[DeclareLaunchArgument]:
    """Return the arguments that another launch file declares, for --show-args."""
    description = AnyLaunchDescriptionSource(str(path)).get_launch_description(LaunchContext())
    return [entity for entity in description.entities if isinstance(entity, DeclareLaunchArgument)]


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and the nodes, to be made when the arguments are known."""
    own = {argument.name for argument in ARGUMENTS}
    others = [argument for argument in arguments_of(POSE) if argument.name not in own]
    return LaunchDescription([*ARGUMENTS, *others, OpaqueFunction(function=pose_nodes)])
