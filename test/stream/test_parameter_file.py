# SPDX-License-Identifier: Apache-2.0
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from pose_ros.node.node import PoseNode
from pose_ros.stream.parameter_file import read_parameter_file, read_parameter_value
from pose_ros.stream.parameters import Parameters
from simulation.ros_world import World

CONFIG = Path(__file__).parents[2] / 'config' / 'pose.yaml'


def test_the_shipped_file_has_the_defaults() -> None:
    given = read_parameter_file(CONFIG)
    assert given.parameters == Parameters()
    assert given.unknown == ()


def test_without_a_file_all_have_their_defaults_but_those_given() -> None:
    assert read_parameter_file(None).parameters == Parameters()
    assert read_parameter_file(None, {'num_poses': 3}).parameters == Parameters(num_poses=3)


@pytest.mark.parametrize(
    ('section', 'namespace', 'counts'),
    [
        ({'/**': {}}, '', True),
        ({'pose': {}}, '', True),
        ({'/pose': {}}, '', True),
        ({'/*': {}}, '', True),
        ({'pose_two': {}}, '', False),
        ({'/front/pose': {}}, '', False),
        ({'/front/pose': {}}, '/front', True),
        ({'front': {'pose': {}}}, '/front', True),
        ({'/**/pose': {}}, '/front', True),
        ({'/*': {}}, '/front', False),
    ],
)
def test_sections_count_for_whom_they_are_as_in_a_node(
    ros: World, tmp_path: Path, section: dict[str, Any], namespace: str, counts: bool
) -> None:
    innermost = next(iter(section.values()))
    (innermost.get('pose', innermost))['ros__parameters'] = {'num_poses': 7}
    path = tmp_path / 'given.yaml'
    path.write_text(yaml.safe_dump(section))
    node = ros.add(
        PoseNode(namespace=namespace, cli_args=['--ros-args', '--params-file', str(path)])
    )
    assert node.settings.num_poses == (7 if counts else 1)
    assert read_parameter_file(path, namespace=namespace).parameters == node.settings


def test_a_later_section_wins_and_a_given_value_over_it(tmp_path: Path) -> None:
    path = tmp_path / 'given.yaml'
    path.write_text(
        '/**: {ros__parameters: {num_poses: 2, model: lite}}\n'
        'pose: {ros__parameters: {num_poses: 3, track_timeout: 1, num_pose: 9}}\n'
    )
    given = read_parameter_file(path, {'track_timeout': 5.0})
    assert given.parameters == Parameters(num_poses=3, model='lite', track_timeout=5.0)
    assert given.unknown == ('num_pose',)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('/**: {ros__parameters: {num_poses: 0}}', ['num_poses', '1 to 32', 'got 0']),
        ('[1, 2]', ['parameter file', 'got list']),
        ('/**: 3', ['parameter file', '3']),
        ('/**: {', ['parameter file', 'line 1']),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / 'given.yaml'
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        read_parameter_file(path)
    assert all(word in str(caught.value) for word in [str(path), *words])


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='No such file'):
        read_parameter_file(tmp_path / 'none.yaml')


def test_values_of_a_command_line() -> None:
    assert read_parameter_value('num_poses:=2') == ('num_poses', 2)
    assert read_parameter_value('model:=lite') == ('model', 'lite')
    assert read_parameter_value('hri:=true') == ('hri', True)
    assert {each.name for each in fields(Parameters)} >= {'num_poses', 'model', 'hri'}
    with pytest.raises(ValueError, match='NAME:=VALUE'):
        read_parameter_value('num_poses=2')
