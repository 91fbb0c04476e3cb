# SPDX-License-Identifier: Apache-2.0
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

import pytest
from rcl_interfaces.msg import ParameterType
from rclpy.node import Node
from rclpy.parameter import Parameter
import yaml

from pose_ros.detection.options import LandmarkerOptions
from pose_ros.detection.search_options import Part, Search, SearchOptions
from pose_ros.stream.parameters import Parameters, declare_parameters
from pose_ros.stream.regions import RegionsOptions
from simulation.ros_world import World, parameters

CONFIG = Path(__file__).parents[2] / 'config' / 'pose.yaml'


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        ({'num_poses': 0}, ['num_poses', '1 to 32', 'got 0']),
        ({'color_left': 'red'}, ['color_left', '#', 'red']),
        ({'num_poses': 1.0}, ['num_poses', 'integer', '1.0']),
        ({'num_poses': True}, ['num_poses', 'integer', 'True']),
        ({'min_tracking_confidence': 1.5}, ['min_tracking_confidence', '0.0 to 1.0', '1.5']),
        ({'min_tracking_confidence': float('nan')}, ['min_tracking_confidence', 'nan']),
        ({'running_mode': 'movie'}, ['running_mode', 'image, video, live_stream', 'movie']),
        ({'model': 3.5}, ['model', 'string', '3.5']),
        ({'model': [0]}, ['model', 'string', '[0]']),
        ({'image_rotation': 45}, ['image_rotation', '0, 90, 180, 270', '45']),
        ({'region_of_interest': 'left'}, ['region_of_interest', 'x, y, width, height', 'left']),
        ({'region_of_interest': '0.5, 0, 0.6, 1'}, ['region_of_interest', 'between 0 and 1']),
        ({'search': 'windows', 'running_mode': 'live_stream'}, ['search', 'video', 'live_stream']),
        ({'search': 'regions', 'running_mode': 'image'}, ['search', 'video', 'got image']),
        ({'regions_slop': -0.1}, ['regions_slop', '0.0 to 3600.0', '-0.1']),
        ({'mask_encoding': 'rgb8'}, ['mask_encoding', 'mono8, 32FC1', 'rgb8']),
    ],
)
def test_bad_values_are_refused_in_words(wrong: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        Parameters(**wrong)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize('declared', fields(Parameters), ids=lambda it: it.name)
def test_every_parameter_refuses_what_it_cannot_be(declared: Field[Any]) -> None:
    metadata = declared.metadata
    wrong: list[Any] = [2.5 if isinstance(declared.default, str) else 'another type']
    if metadata['within']:
        low, high = metadata['within']
        wrong += [low - 1, high + 1]
    if isinstance(declared.default, float):
        wrong += [float('nan'), float('inf')]
    if metadata['choices'] or metadata['pattern']:
        wrong.append('/')
    for value in wrong:
        with pytest.raises(ValueError, match=f'^{declared.name}: wanted .*, got '):
            Parameters(**{declared.name: value})


@pytest.mark.parametrize('declared', fields(Parameters), ids=lambda it: it.name)
def test_every_parameter_takes_the_ends_of_its_range_and_each_choice(
    declared: Field[Any],
) -> None:
    values = declared.metadata['choices'] or declared.metadata['within'] or [declared.default]
    for value in values:
        assert getattr(Parameters(**{declared.name: value}), declared.name) == value


def test_an_integer_passes_for_a_number() -> None:
    value = Parameters(min_tracking_confidence=1).min_tracking_confidence
    assert value == 1.0
    assert isinstance(value, float)


def test_a_list_passes_for_a_string() -> None:
    values: dict[str, Any] = {'region_of_interest': [0.25, 0.0, 0.5, 1.0]}
    given = Parameters(**values)
    assert given.search_options().region_of_interest == Part(0.25, 0.0, 0.5, 1.0)


def test_the_class_of_a_person_may_be_a_number() -> None:
    values: dict[str, Any] = {'person_class': 0, 'regions_slop': 1}
    assert Parameters(**values).regions_options() == RegionsOptions('0', 1.0)


def test_search_options_carry_every_option() -> None:
    given = Parameters(
        search='windows',
        min_person_height=0.2,
        search_budget=7.0,
        people_budget=50.0,
        image_rotation=270,
        region_of_interest='0, 0, 1, 0.5',
    )
    assert given.search_options() == SearchOptions(
        Search.WINDOWS, 0.2, 7.0, 50.0, 270, Part(0.0, 0.0, 1.0, 0.5)
    )


def test_changed_checks_and_leaves_the_rest() -> None:
    old = Parameters()
    new = old.changed([Parameter('num_poses', value=4), Parameter('use_sim_time', value=True)])
    assert (old.num_poses, new.num_poses, new.model) == (1, 4, 'full')
    with pytest.raises(ValueError, match='num_poses'):
        old.changed([Parameter('num_poses', value=99)])


def test_landmarker_options_carry_every_option(models: dict[str, Path]) -> None:
    given = Parameters(
        model='lite',
        running_mode='image',
        num_poses=3,
        min_pose_detection_confidence=0.1,
        min_pose_presence_confidence=0.2,
        min_tracking_confidence=0.3,
        output_segmentation_masks=True,
    )
    options = given.landmarker_options()
    assert options.model == models['lite']
    assert options.model_copy
    assert options.model_copy.path.read_bytes() == models['lite'].read_bytes()
    for each in fields(LandmarkerOptions):
        if each.name not in ('model', 'model_copy', 'delegate'):
            assert getattr(options, each.name) == getattr(given, each.name)


def test_declared_with_text_and_range(ros: World) -> None:
    node = ros.add(Node('declared'))
    values, problems = declare_parameters(node)
    assert (values, problems) == (Parameters(), {})
    for each in fields(Parameters):
        descriptor = node.describe_parameter(each.name)
        assert len(descriptor.description) > 20
        assert descriptor.type != ParameterType.PARAMETER_NOT_SET
        if type(each.default) is int:
            assert descriptor.integer_range
        if type(each.default) is float:
            assert descriptor.floating_point_range


def test_bad_overrides_are_reported_and_replaced_by_defaults(ros: World) -> None:
    given = parameters(
        num_poses=1000,
        min_tracking_confidence=1,
        running_mode='film',
        model=5.5,
        marker_distance=0.5,
    )
    node = ros.add(Node('overridden', parameter_overrides=given))
    values, problems = declare_parameters(node)
    assert set(problems) == {'num_poses', 'running_mode', 'model'}
    assert '1000' in problems['num_poses']
    assert values == Parameters(min_tracking_confidence=1.0, marker_distance=0.5)
    assert node.get_parameter('num_poses').value == 1


def test_the_config_file_carries_every_parameter_with_its_default() -> None:
    given = yaml.safe_load(CONFIG.read_text())['/**']['ros__parameters']
    assert given == {each.name: each.default for each in fields(Parameters)}
    assert [type(value) for value in given.values()] == [
        type(each.default) for each in fields(Parameters)
    ]


def test_values_that_do_not_go_together_are_reported(ros: World) -> None:
    given = parameters(search='windows', running_mode='live_stream', num_poses=3)
    node = ros.add(Node('contradictory', parameter_overrides=given))
    values, problems = declare_parameters(node)
    assert values == Parameters(running_mode='live_stream', num_poses=3)
    assert list(problems) == ['search']
    assert node.get_parameter('search').value == 'image'


def test_a_parameter_that_is_gone_is_refused_with_what_to_use(ros: World) -> None:
    node = ros.add(Node('old', parameter_overrides=parameters(search_interval=0.5)))
    values, problems = declare_parameters(node)
    assert values == Parameters()
    assert 'search: windows' in problems['search_interval']
    assert not node.has_parameter('search_interval')
