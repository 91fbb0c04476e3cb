# SPDX-License-Identifier: Apache-2.0
"""The RViz configurations: classes that RViz 2 has, topics and QoS of the nodes, the view."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header
import yaml

from pose_ros.demo.camera_node import DemoCamera
from pose_ros.node.node import PoseNode
from pose_ros.outputs.tf_frames import view_transform
from pose_ros.stream.parameters import Parameters
from simulation.ros_world import World, parameters

CONFIG = Path(__file__).parents[2] / 'config'
# The file, the namespaces of its nodes, and whether the demo camera is among them.
FILES = {'pose.rviz': ([''], True), 'multi_camera.rviz': (['front', 'rear'], False)}

# Of rviz_common and rviz_default_plugins, from Humble on.
PANELS = {
    f'rviz_common/{name}'
    for name in (
        'Displays',
        'Help',
        'Selection',
        'Time',
        'Tool Properties',
        'Transformation',
        'Views',
    )
}
DISPLAYS = {
    f'rviz_default_plugins/{name}': message
    for name, message in {
        'Axes': None,
        'Camera': 'Image',
        'Grid': None,
        'Image': 'Image',
        'MarkerArray': 'MarkerArray',
        'TF': None,
    }.items()
}
TOOLS = {
    f'rviz_default_plugins/{name}'
    for name in (
        'FocusCamera',
        'Interact',
        'Measure',
        'MoveCamera',
        'PublishPoint',
        'Select',
        'SetGoal',
        'SetInitialPose',
    )
}
VIEWS = {
    f'rviz_default_plugins/{name}'
    for name in ('FPS', 'Orbit', 'ThirdPersonFollower', 'TopDownOrtho', 'XYOrbit')
}

VERTICAL_FOV_RAD = np.pi / 4  # of Ogre's cameras


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIG / name).read_text())


def displays(name: str) -> list[dict[str, Any]]:
    return load(name)['Visualization Manager']['Displays']


def profile(topic: dict[str, Any]) -> QoSProfile:
    """Return what RViz subscribes with; it saves 'Best Effort' for BEST_EFFORT."""
    history, reliability, durability = (
        topic[f'{name} Policy'].upper().replace(' ', '_')
        for name in ('History', 'Reliability', 'Durability')
    )
    return QoSProfile(
        depth=topic['Depth'],
        history=HistoryPolicy[history],
        reliability=ReliabilityPolicy[reliability],
        durability=DurabilityPolicy[durability],
        liveliness=LivelinessPolicy.AUTOMATIC,
    )  # by default


@pytest.mark.parametrize('name', FILES)
def test_rviz_has_every_class(name: str) -> None:
    config = load(name)
    manager = config['Visualization Manager']
    assert {each['Class'] for each in config['Panels']} <= PANELS
    assert {each['Class'] for each in manager['Displays']} <= set(DISPLAYS)
    assert {each['Class'] for each in manager['Tools']} <= TOOLS
    assert manager['Views']['Current']['Class'] in VIEWS
    assert manager['Transformation']['Current']['Class'] == 'rviz_default_plugins/TF'


@pytest.mark.parametrize('name', FILES)
def test_every_display_is_on(name: str) -> None:
    kinds = {each['Class'].split('/')[1] for each in displays(name)}
    assert {'Image', 'MarkerArray', 'TF', 'Grid'} <= kinds
    assert all(each['Enabled'] and each['Value'] for each in displays(name))
    names = [each['Name'] for each in displays(name)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize('name', FILES)
def test_every_topic_is_published_in_that_type_and_qos(
    ros: World, name: str, models: dict[str, Path]
) -> None:
    namespaces, with_camera = FILES[name]
    for namespace in namespaces:
        node = ros.add(
            PoseNode(
                namespace=namespace, parameter_overrides=parameters(model=str(models['full']))
            )
        )
        assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
    if with_camera:
        ros.add(DemoCamera(parameter_overrides=parameters(rate=1.0)))
    shown = [
        (each['Topic'], DISPLAYS[each['Class']]) for each in displays(name) if 'Topic' in each
    ]
    assert {topic['Value'] for topic, _ in shown} >= {
        f'{namespace and "/"}{namespace}/pose/{output}'
        for namespace in namespaces
        for output in ('overlay', 'markers')
    }
    for topic, message in shown:
        publishers = ros.until(lambda: ros.node.get_publishers_info_by_topic(topic['Value']))  # noqa: B023
        assert len(publishers) == 1
        assert publishers[0].topic_type.endswith(f'/{message}')
        verdict, reason = qos_check_compatible(publishers[0].qos_profile, profile(topic))
        assert verdict == QoSCompatibility.OK, reason


def looks_at(view: dict[str, Any], point: list[float]) -> NDArray[np.float64]:
    """
    Return where RViz' OrbitViewController shows a point of the fixed frame.

    :returns: right, up, and forward, each in metres from RViz' camera
    """
    focus = np.array([view['Focal Point'][axis] for axis in 'XYZ'])
    yaw, pitch = view['Yaw'], view['Pitch']
    position = focus + view['Distance'] * np.array(
        [np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)]
    )
    forward = (focus - position) / view['Distance']
    right = np.cross(forward, [0, 0, 1])  # up is as near to z as the direction allows
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(right, forward), forward]) @ (np.array(point) - position)


def on_screen(view: dict[str, Any], point: list[float]) -> NDArray[np.float64]:
    """Return right and up of a point on the screen; from -1 at its bottom to 1 at its top."""
    right, up, forward = looks_at(view, point)
    assert forward > view['Near Clip Distance']
    return np.array([right, up]) / forward / np.tan(VERTICAL_FOV_RAD / 2)


def in_view_frame(optical_m: list[float]) -> list[float]:
    """Return where the frame for viewers has a point of the camera's optical frame."""
    header = Header(frame_id='camera_optical_frame')
    q = view_transform('pose_view', header).transform.rotation
    turned = Rotation.from_quat([q.x, q.y, q.z, q.w]).inv().apply(optical_m)
    return [float(value) for value in turned]


def test_a_person_is_seen_upright_and_as_the_camera_sees_them() -> None:
    manager = load('pose.rviz')['Visualization Manager']
    assert manager['Global Options']['Fixed Frame'] == 'pose_view'
    view = manager['Views']['Current']
    assert view['Class'].endswith('/Orbit')
    assert not view['Invert Z Axis']
    z_m = Parameters().marker_distance  # in the optical frame: x right, y down, z forward
    head, feet, left, right = (
        on_screen(view, in_view_frame([x, y, z_m]))
        for x, y in ((0, -0.8), (0, 0.9), (-0.8, 0), (0.8, 0))
    )
    assert feet[1] < -0.3 < 0.3 < head[1]
    assert left[0] < -0.3 < 0.3 < right[0]
    assert abs(head[0]) < 0.01
    assert abs(left[1] - right[1]) < 0.01
    assert np.abs([head, feet, left, right]).max() < 1


@pytest.mark.parametrize('yaw', [0.0, 1.0, 2.0, 4.0, 5.5])
def test_who_walks_round_a_person_sees_them_upright(yaw: float) -> None:
    view = load('pose.rviz')['Visualization Manager']['Views']['Current'] | {'Yaw': yaw}
    head, feet = (on_screen(view, in_view_frame([0, y, 2])) for y in (-0.8, 0.9))
    assert feet[1] < -0.3 < 0.3 < head[1]
    assert abs(head[0] - feet[0]) < 0.01


def test_the_grid_is_the_floor() -> None:
    for name in FILES:
        (grid,) = (each for each in displays(name) if each['Class'].endswith('/Grid'))
        assert grid['Plane'] == 'XY'
    (grid,) = (each for each in displays('pose.rviz') if each['Class'].endswith('/Grid'))
    view = load('pose.rviz')['Visualization Manager']['Views']['Current']
    near, far = (on_screen(view, [x, 0, grid['Offset']['Z']]) for x in (1.5, 4))
    assert near[1] < far[1] < 0.5  # seen from above


def test_frames_do_not_bury_the_people() -> None:
    for name in FILES:
        (tf,) = (each for each in displays(name) if each['Class'].endswith('/TF'))
        assert not tf['Show Names']
        assert tf['Marker Scale'] <= 0.3
        timeout = Parameters().track_timeout
        assert timeout < tf['Frame Timeout'] <= timeout + 2


def test_the_view_of_several_cameras_is_upright() -> None:
    view = load('multi_camera.rviz')['Visualization Manager']['Views']['Current']
    for x in (2, -2):  # in front of and behind the robot; z is up
        head, feet = on_screen(view, [x, 0, 1.7]), on_screen(view, [x, 0, 0])
        assert feet[1] < head[1]
        assert np.abs([head, feet]).max() < 1
