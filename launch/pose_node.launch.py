# SPDX-License-Identifier: Apache-2.0
"""
Starts the pose node, and RViz where it is wanted, with the arguments of pose.launch.xml.

In Python, because an argument that was not given must leave the YAML file alone, and the XML form
has no condition for a single parameter. All is checked before anything is started.
"""

from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
import yaml

# Parameters of the node that are arguments too; those of type bool.
OVERRIDES = ('model', 'num_poses', 'output_segmentation_masks', 'use_sim_time', 'autostart')
SWITCHES = ('output_segmentation_masks', 'use_sim_time', 'autostart')


def pose_node(context: LaunchContext) -> list[Node]:
    """
    Return the node, and RViz.

    :raises FileNotFoundError: when there is no params_file; launch_ros would go on without it
    :raises ValueError: when an argument that is true or false is neither
    :raises PackageNotFoundError: when RViz is wanted and not installed
    """

    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    overrides = {name: yaml.safe_load(given(name)) for name in OVERRIDES if given(name)}
    check(given('params_file'), overrides)
    rviz = yaml.safe_load(given('rviz'))
    if rviz and not given('fixed_frame'):
        overrides['view_frame'] = view_frame(given('namespace'), given('name'))
    beside, slash, _ = given('image').rpartition('/')
    node = Node(
        package='pose_ros',
        executable='pose_node',
        output='screen',
        # With both given, launch_ros addresses the overrides to this very node: they win over
        # a file that does so too.
        name=given('name'),
        namespace=given('namespace'),
        parameters=[given('params_file'), overrides],
        remappings=[
            ('image', given('image')),
            ('depth', given('depth')),
            ('camera_info', given('camera_info') or f'{beside}{slash}camera_info'),
        ],
    )
    if not rviz:
        return [node]
    fixed_frame = given('fixed_frame') or overrides['view_frame']
    remappings = [
        ('/image_raw', given('image')),
        ('/pose/overlay', f'{given("name")}/overlay'),
        ('/pose/markers', f'{given("name")}/markers'),
    ]
    return [
        node,
        rviz_node(
            given('namespace'), fixed_frame, bool(overrides.get('use_sim_time')), remappings
        ),
    ]


def check(params_file: str, overrides: dict[str, object]) -> None:
    """
    Check the arguments that the node would not complain of.

    :raises FileNotFoundError, ValueError: see pose_node
    """
    if not Path(params_file).is_file():
        raise FileNotFoundError(f'params_file: wanted a YAML file, got {params_file!r}')
    for name in SWITCHES:
        if not isinstance(overrides.get(name, True), bool):
            raise ValueError(f'{name}: wanted true or false, got {overrides[name]!r}')


def view_frame(namespace: str, name: str) -> str:
    """Return the name of a frame that no other pose node has."""
    return '_'.join([*filter(None, namespace.split('/')), name, 'view'])


def rviz_node(
    namespace: str, fixed_frame: str, use_sim_time: bool, remappings: list[tuple[str, str]]
) -> Node:
    """
    Return RViz with config/pose.rviz.

    :raises PackageNotFoundError: when RViz is not installed
    """
    try:
        get_package_share_directory('rviz2')
    except PackageNotFoundError as error:
        raise PackageNotFoundError(
            'rviz: wanted RViz 2, which is not installed: sudo apt install '
            'ros-$ROS_DISTRO-rviz2, or set rviz:=false'
        ) from error
    config = Path(get_package_share_directory('pose_ros'), 'config/pose.rviz')
    return Node(
        package='rviz2',
        executable='rviz2',
        namespace=namespace,
        arguments=['-d', str(config), '-f', fixed_frame],
        parameters=[{'use_sim_time': use_sim_time}],
        remappings=remappings,
    )


def generate_launch_description() -> LaunchDescription:
    """Return the node, to be made when the arguments are known."""
    return LaunchDescription([OpaqueFunction(function=pose_node)])
