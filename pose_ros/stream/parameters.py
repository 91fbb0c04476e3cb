# SPDX-License-Identifier: Apache-2.0
"""Puts the groups of parameters together: all parameters of the pose node, in one frozen class."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from rclpy.node import Node
from rclpy.parameter import Parameter

from pose_ros.following.people import FollowingOptions
from pose_ros.outputs.looks import Looks
from pose_ros.rclpy_tools.parameter_declaration import check, declare
from pose_ros.stream.detection_parameters import DetectionParameters
from pose_ros.stream.health_parameters import HealthParameters
from pose_ros.stream.input_parameters import InputParameters
from pose_ros.stream.output_parameters import OutputParameters
from pose_ros.stream.people_parameters import PeopleParameters

__all__ = ['GROUPS', 'Parameters', 'declare_parameters']

# In the order in which users read them.
GROUPS = (
    DetectionParameters,
    InputParameters,
    PeopleParameters,
    OutputParameters,
    Looks,
    HealthParameters,
)


@dataclass(frozen=True)
class Parameters(
    HealthParameters,
    Looks,
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
        """Check every value."""
        check(self)

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
    return Parameters(**values), problems
