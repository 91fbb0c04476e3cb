# SPDX-License-Identifier: Apache-2.0
"""
The launch files.

What needs the real launch runs them with `ros2 launch`, as a user does, and skips where there is
none; what can be held without it is held always.
"""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from importlib.util import find_spec
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
import time
from typing import Any
from xml.etree import ElementTree

from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
import numpy as np
from numpy.typing import NDArray
import pytest
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from sensor_msgs.msg import Image
import yaml

from pose_ros.demo.camera_node import CameraOptions
from pose_ros.msg import PoseLandmarksArray
from pose_ros.stream.parameters import Parameters
from simulation.ros_world import World, image_message

ROOT = Path(__file__).parent.parent
XML = sorted(ROOT.glob('launch/*.xml'))
PYTHON = sorted(ROOT.glob('launch/*.py'))

# What launch_xml and launch_ros understand since Humble, as far as it is used.
ATTRIBUTES = {
    'launch': set(),
    'arg': {'name', 'default', 'description', 'value'},
    'group': {'if'},
    'include': {'file', 'if'},
    'set_env': {'name', 'value', 'if'},
    'node': {'pkg', 'exec', 'name', 'namespace', 'args', 'output', 'if'},
    'param': {'name', 'value', 'type'},
    'remap': {'from', 'to'},
}
SUBSTITUTIONS = {'var', 'find-pkg-share', 'eval', 'env'}
IMPORTS = {
    'LaunchContext',
    'LaunchDescription',
    'DeclareLaunchArgument',
    'GroupAction',
    'IncludeLaunchDescription',
    'OpaqueFunction',
    'AnyLaunchDescriptionSource',
    'LaunchConfiguration',
    'Node',
}

REAL_LAUNCH = pytest.mark.skipif(
    not all(map(find_spec, ('launch_ros', 'launch_xml', 'ros2launch'))),
    reason='launch_ros and ros2launch come with a ROS 2 installation only',
)


def elements(path: Path, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.parse(path).getroot().iter(tag))


def declared(path: Path) -> dict[str, str]:
    """Return the descriptions of the arguments by name."""
    found = [each for each in ElementTree.parse(path).getroot() if each.tag == 'arg']
    assert len({each.attrib['name'] for each in found}) == len(found)
    assert all('default' in each.attrib for each in found)
    return {each.attrib['name']: each.attrib['description'] for each in found}


@pytest.mark.parametrize('path', XML, ids=lambda path: path.name)
def test_an_xml_file_has_nothing_that_humble_lacks(path: Path) -> None:
    for each in ElementTree.parse(path).getroot().iter():
        assert set(each.attrib) <= ATTRIBUTES[each.tag], each.tag
    assert set(re.findall(r'\$\(([\w-]+)', path.read_text())) <= SUBSTITUTIONS


@pytest.mark.parametrize('path', PYTHON, ids=lambda path: path.name)
def test_a_python_file_compiles_and_has_nothing_that_humble_lacks(path: Path) -> None:
    tree = ast.parse(path.read_text())
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith('launch')
        for alias in node.names
    }
    assert names <= IMPORTS
    assert 'generate_launch_description' in {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize('path', XML, ids=lambda path: path.name)
def test_what_an_xml_file_names_exists(path: Path) -> None:
    text = path.read_text()
    assert set(re.findall(r'\$\(var (\w+)\)', text)) <= set(declared(path))
    assert all(declared(path).values())
    for shared in re.findall(r'\$\(find-pkg-share pose_ros\)/([\w./]+)', text):
        assert (ROOT / shared).is_file(), shared
    executables = re.search(r'IN ITEMS ([\w ]+)\)', (ROOT / 'CMakeLists.txt').read_text())
    assert executables
    for node in elements(path, 'node'):
        if node.get('pkg') == 'pose_ros':
            assert node.attrib['exec'] in executables[1].split()


def test_the_arguments_that_people_change_are_there() -> None:
    assert set(declared(ROOT / 'launch/pose.launch.xml')) >= {
        'image',
        'camera_info',
        'depth',
        'params_file',
        'model',
        'num_poses',
        'output_segmentation_masks',
        'namespace',
        'name',
        'autostart',
        'use_sim_time',
        'rviz',
        'dds_profile',
    }


def test_parameters_and_topics_are_the_nodes() -> None:
    (camera,) = (
        each
        for each in elements(ROOT / 'launch/demo.launch.xml', 'node')
        if each.get('exec') == 'demo_camera'
    )
    assert {each.attrib['name'] for each in camera.iter('param')} <= {
        each.name for each in fields(CameraOptions)
    }
    source = (ROOT / 'launch/pose_node.launch.py').read_text()
    constants = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    known = {each.name: each for each in fields(Parameters)}
    assert set(constants['OVERRIDES']) <= set(known) | {'use_sim_time'}
    assert set(constants['SWITCHES']) == {
        name
        for name in constants['OVERRIDES']
        if name == 'use_sim_time' or isinstance(known[name].default, bool)
    }
    assert set(re.findall(r"overrides\['(\w+)'\]", source)) <= set(known)
    assert set(constants['OVERRIDES']) | set(re.findall(r"given\('(\w+)'\)", source)) <= set(
        declared(ROOT / 'launch/pose.launch.xml')
    )
    shown = yaml.safe_load((ROOT / 'config/pose.rviz').read_text())
    topics = {
        each['Topic']['Value']
        for each in shown['Visualization Manager']['Displays']
        if 'Topic' in each
    }
    assert set(re.findall(r"\('(/[\w/]+)', ", source)) == topics


def session(leader: int) -> list[str]:
    """Return the command lines of the living processes of a session."""
    found = []
    for process in Path('/proc').glob('[0-9]*'):
        try:
            state, _, _, of = (process / 'stat').read_text().rsplit(')', 1)[1].split()[:4]
            if int(of) == leader and state != 'Z':
                found.append((process / 'cmdline').read_text().replace('\0', ' '))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


@contextmanager
def ros2_launch(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `ros2 launch pose_ros`, and see that Ctrl-C ends it and leaves nothing behind."""
    ros2 = shutil.which('ros2', path=f'{Path(sys.executable).parent}:{os.environ["PATH"]}')
    assert ros2
    process = subprocess.Popen(
        [ros2, 'launch', 'pose_ros', *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=20)[0]
        assert process.returncode == 0, output
        assert 'process has died' not in output
        assert not session(process.pid)
    finally:
        if session(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def is_active(ros: World, node: str) -> bool:
    answer = ros.call(GetState, f'{node}/get_state', GetState.Request())
    return answer.current_state.id == State.PRIMARY_STATE_ACTIVE


def values(ros: World, node: str, *names: str) -> dict[str, Any]:
    request = GetParameters.Request(names=list(names))
    answer = ros.call(GetParameters, f'{node}/get_parameters', request)
    return dict(zip(names, map(parameter_value_to_python, answer.values), strict=True))


@REAL_LAUNCH
def test_one_command_brings_the_node_to_active(
    ros: World, astronaut: NDArray[np.uint8], models: dict[str, Path]
) -> None:
    camera = ros.node.create_publisher(Image, '/camera/image_raw', 1)
    with ros2_launch('pose.launch.xml', 'image:=/camera/image_raw', f'model:={models["full"]}'):
        poses = ros.collect(PoseLandmarksArray, '/pose/landmarks')
        ros.until(lambda: is_active(ros, '/pose'))
        ros.until(camera.get_subscription_count)
        camera.publish(image_message(astronaut, time.time_ns()))
        ros.until(lambda: poses)
        assert len(poses[0].poses) == 1


FILE = """
/**:
  ros__parameters: {num_poses: 3, output_segmentation_masks: true, mask_encoding: 32FC1}
/robot/body:
  ros__parameters: {num_poses: 4, autostart: true}
"""


@REAL_LAUNCH
@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        (
            [],
            {
                'num_poses': 4,
                'output_segmentation_masks': True,
                'mask_encoding': '32FC1',
                'model': 'full',
                'use_sim_time': False,
                'autostart': True,
            },
        ),
        (
            [
                'num_poses:=2',
                'output_segmentation_masks:=false',
                'model:=lite',
                'use_sim_time:=true',
                'autostart:=false',
            ],
            {
                'num_poses': 2,
                'output_segmentation_masks': False,
                'mask_encoding': '32FC1',
                'model': 'lite',
                'use_sim_time': True,
                'autostart': False,
            },
        ),
    ],
    ids=['not given', 'given'],
)
def test_what_is_given_wins_over_the_file_and_what_is_not_leaves_it_alone(
    ros: World, tmp_path: Path, arguments: list[str], expected: dict[str, Any]
) -> None:
    (tmp_path / 'own.yaml').write_text(FILE)
    with ros2_launch(
        'pose.launch.xml',
        'namespace:=robot',
        'name:=body',
        f'params_file:={tmp_path}/own.yaml',
        *arguments,
    ):
        assert values(ros, '/robot/body', *expected) == expected


@REAL_LAUNCH
def test_each_camera_has_its_node_in_its_namespace(ros: World, models: dict[str, Path]) -> None:
    with ros2_launch(
        'multi_camera.launch.py',
        'cameras:=[front, rear]',
        'num_poses:=2',
        f'model:={models["full"]}',
    ):
        topics = []
        for camera in ('front', 'rear'):
            ros.until(lambda: is_active(ros, f'/{camera}/pose'))  # noqa: B023
            assert values(ros, f'/{camera}/pose', 'num_poses') == {'num_poses': 2}
            topics.append(
                {
                    name
                    for of in (
                        ros.node.get_subscriber_names_and_types_by_node,
                        ros.node.get_publisher_names_and_types_by_node,
                    )
                    for name, _ in of('pose', f'/{camera}')
                }
            )
            assert f'/{camera}/image_raw' in topics[-1]
        common = {'/parameter_events', '/rosout', '/diagnostics', '/clock'}
        assert not (topics[0] & topics[1]) - common


@REAL_LAUNCH
def test_several_cameras_share_one_page(ros: World) -> None:
    pytest.importorskip('nicegui')
    with ros2_launch('multi_camera.launch.py', 'autostart:=false', 'page:=true') as launch:
        ros.until(lambda: {'pose', 'pose_page'} <= set(ros.node.get_node_names()))
        pages = [each for each in session(launch.pid) if 'lib/pose_ros/pose_page' in each]
        assert len(pages) == 1


@REAL_LAUNCH
def test_the_demo_shows_people(ros: World, models: dict[str, Path]) -> None:
    with ros2_launch('demo.launch.xml', 'rviz:=false', f'model:={models["full"]}'):
        poses = ros.collect(PoseLandmarksArray, '/pose/landmarks')
        ros.until(lambda: any(each.poses for each in poses))
        assert poses[-1].header.frame_id == CameraOptions().frame_id


@REAL_LAUNCH
def test_the_profile_of_fast_dds_is_that_of_node_and_camera(
    ros: World, models: dict[str, Path]
) -> None:
    with ros2_launch(
        'demo.launch.xml', 'rviz:=false', 'dds_profile:=true', f'model:={models["lite"]}'
    ) as launch:
        ros.until(lambda: is_active(ros, '/pose'))
        variables = [
            (Path('/proc') / str(pid) / 'environ').read_text().split('\0')
            for pid in children(launch.pid)
        ]
        assert len(variables) == 2
        for each in variables:
            (profile,) = (entry for entry in each if '_DEFAULT_PROFILES_FILE=' in entry)
            assert Path(profile.split('=')[1]).name == 'fastdds_images.xml'


def children(parent: int) -> list[int]:
    text = Path(f'/proc/{parent}/task/{parent}/children').read_text()
    return [int(pid) for pid in text.split()]


@REAL_LAUNCH
@pytest.mark.skipif(bool(shutil.which('rviz2')), reason='RViz 2 is installed')
@pytest.mark.parametrize('arguments', [['pose.launch.xml', 'rviz:=true'], ['demo.launch.xml']])
def test_where_rviz_is_missing_nothing_is_started(arguments: list[str]) -> None:
    test_wrong_arguments_are_refused_and_leave_nothing_behind(arguments, 'rviz:=false')


@REAL_LAUNCH
def test_several_cameras_show_the_arguments_of_one() -> None:
    with ros2_launch('multi_camera.launch.py', '--show-args') as process:
        output, _ = process.communicate(timeout=30)
    shown = set(re.findall(r"^ +'(\w+)':", output, re.MULTILINE))
    assert shown == {*declared(ROOT / 'launch/pose.launch.xml'), 'cameras'}


@REAL_LAUNCH
@pytest.mark.parametrize(
    ('arguments', 'frame', 'fixed'),
    [
        ([], 'pose_view', 'pose_view'),
        (['namespace:=/robot/left', 'name:=body'], 'robot_left_body_view', 'robot_left_body_view'),
        (['fixed_frame:=base_link'], '', 'base_link'),
    ],
)
def test_rviz_has_a_fixed_frame_that_exists(
    ros: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    frame: str,
    fixed: str,
) -> None:
    """RViz is a script here, which writes down its arguments: that it is called, and how."""
    if not find_spec('tf2_msgs'):
        pytest.skip('tf2_msgs is not installed')
    prefix = tmp_path / 'rviz2'
    (prefix / 'share/ament_index/resource_index/packages').mkdir(parents=True)
    (prefix / 'share/ament_index/resource_index/packages/rviz2').touch()
    (prefix / 'share/rviz2').mkdir()
    script = prefix / 'lib/rviz2/rviz2'
    script.parent.mkdir(parents=True)
    script.write_text(
        f'#!/bin/sh\ntrap "exit 0" INT TERM\necho "$@" > {tmp_path}/called\n'
        'while :; do sleep 0.1; done\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{prefix}:{os.environ["AMENT_PREFIX_PATH"]}')
    with ros2_launch('pose.launch.xml', 'rviz:=true', 'autostart:=false', *arguments):
        ros.until((tmp_path / 'called').exists)
        name = '/robot/left/body' if 'name:=body' in arguments else '/pose'
        assert values(ros, name, 'view_frame') == {'view_frame': frame}
    words = (tmp_path / 'called').read_text().split()
    assert words[words.index('-d') + 1].endswith('share/pose_ros/config/pose.rviz')
    assert words[words.index('-f') + 1] == fixed


@REAL_LAUNCH
@pytest.mark.parametrize(
    ('arguments', 'word'),
    [
        (['pose.launch.xml', 'params_file:=absent.yaml'], 'absent.yaml'),
        (['demo.launch.xml', 'params_file:=absent.yaml'], 'absent.yaml'),
        (['pose.launch.xml', 'autostart:=maybe'], 'autostart: wanted true or false'),
        (['pose.launch.xml', 'use_sim_time:="1"'], 'use_sim_time: wanted true or false'),
        (['multi_camera.launch.py', 'cameras:=[front, front]'], 'cameras: wanted'),
        (['multi_camera.launch.py', 'cameras:=front'], 'cameras: wanted'),
        (['multi_camera.launch.py', 'image:=/image_raw'], 'image: wanted'),
        (['multi_camera.launch.py', 'page:=maybe'], 'page: wanted true or false'),
    ],
)
def test_wrong_arguments_are_refused_and_leave_nothing_behind(
    arguments: list[str], word: str
) -> None:
    with pytest.raises(AssertionError, match=word), ros2_launch(*arguments) as process:
        process.wait(30)
    assert process.returncode == 1
    assert not session(process.pid)
