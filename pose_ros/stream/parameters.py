# SPDX-License-Identifier: Apache-2.0
"""Puts the groups of parameters together: all parameters of the pose node, in one frozen class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node
from rclpy.parameter import Parameter

from pose_ros.detection.options import RunningMode
from pose_ros.following.people import FollowingOptions
from pose_ros.outputs.looks import Looks
from pose_ros.outputs.markers import MarkerLooks
from pose_ros.outputs.overlay import OverlayLooks
from pose_ros.rclpy_tools.parameter_declaration import check, declare
from pose_ros.stream.detection_parameters import DetectionParameters
from pose_ros.stream.health_parameters import HealthParameters
from pose_ros.stream.input_parameters import InputParameters
from pose_ros.stream.output_parameters import OutputParameters
from pose_ros.stream.people_parameters import PeopleParameters

__all__ = ['GROUPS', 'Parameters', 'declare_parameters']

# Names of parameters by heading, in the order in which users read them.
GROUPS = {
    heading: tuple(group.__annotations__)
    for heading, group in {
        'Detection': DetectionParameters,
        'Images': InputParameters,
        'People and positions': PeopleParameters,
        'Outputs': OutputParameters,
        'Colours of markers and overlay': Looks,
        'Markers': MarkerLooks,
        'Overlay': OverlayLooks,
        'Health and start': HealthParameters,
    }.items()
}

# What there was, and what is to be used in its place.
RETIRED = {'search_interval': 'search: windows, which looks for more people at little cost'}


@dataclass(frozen=True)
class Parameters(
    HealthParameters,
    OverlayLooks,
    MarkerLooks,
    OutputParameters,
    PeopleParameters,
    InputParameters,
    DetectionParameters,
):  # a dataclass has the fields of its last base first
    """
    All parameters of the node. Each is declared in its group, with its text, range and default.

    :raises ValueError: when a value has the wrong type or is out of range: what was wanted and
        what came
    """

    def __post_init__(self) -> None:
        """Check every value, and what goes together."""
        check(self)
        self.require_sense()
        self.search_options().require_fit(RunningMode(self.running_mode))

    def changed(self, changes: Iterable[Parameter]) -> Parameters:
        """
        Return a copy with some values changed.

        :param changes: ROS parameters; names that are not ours are passed over
        :raises ValueError: when a value is not acceptable; self stays as it is
        """
        names = {declared.name for declared in fields(self)}
        return replace(
            self, **{change.name: change.value for change in changes if change.name in names}
        )

    def following(self) -> FollowingOptions:
        """Return how people are followed."""
        return FollowingOptions(
            max_missed_s=self.track_timeout,
            smooth_landmarks=self.smooth_landmarks,
            smooth_segmentation=self.smooth_segmentation,
            still=self.running_mode == 'image',
        )


def declare_parameters(node: Node) -> tuple[Parameters, dict[str, str]]:
    """
    Declare all parameters on a node.

    :returns: the values, and for each parameter whose given value cannot be used (it has its
        default instead) what is wrong with it
    """
    values, problems = declare(node, Parameters)
    for name, instead in RETIRED.items():
        given = node.declare_parameter(name, descriptor=ParameterDescriptor(dynamic_typing=True))
        node.undeclare_parameter(name)
        if given.type_ is not Parameter.Type.NOT_SET:
            problems[name] = f'{name}: is no parameter any more; use {instead}'
    try:
        return Parameters(**values), problems
    except ValueError as error:  # values that do not go together; the first word is a parameter
        name = str(error).partition(':')[0]
        problems[name] = str(error)
        del values[name]
        parameters = Parameters(**values)
        node.set_parameters([Parameter(name, value=getattr(parameters, name))])
        return parameters, problems
