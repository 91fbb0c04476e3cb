# SPDX-License-Identifier: Apache-2.0
"""Writes the parameters that differ from their defaults, as params file and command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
import shlex
from typing import Any

import yaml

from pose_ros.page.graph import Inputs, split_name
from pose_ros.stream.parameters import Parameters

__all__ = ['as_launch_line', 'as_yaml', 'changed', 'defaults']

# Parameters that are arguments of pose.launch.xml, too; autostart is true there by itself.
ARGUMENTS = ('model', 'num_poses', 'output_segmentation_masks', 'use_sim_time')
SET_BY_LAUNCH = ('autostart',)


def defaults() -> dict[str, Any]:
    """Return the defaults of the pose node's parameters."""
    return {each.name: each.default for each in fields(Parameters)}


def changed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a node's values that differ from the defaults."""
    known: dict[str, Any] = {**defaults(), 'use_sim_time': False}
    return {
        name: value for name, value in values.items() if name in known and value != known[name]
    }


def as_yaml(name: str, values: Mapping[str, Any]) -> str:
    """
    Return a params file.

    :param name: of the node, fully qualified
    :param values: its parameters
    """
    return yaml.safe_dump({name: {'ros__parameters': changed(values)}}, sort_keys=False)


def as_launch_line(name: str, inputs: Inputs, values: Mapping[str, Any]) -> str:
    """
    Return the command that starts such a node.

    What no argument of the launch file can say is left to a file pose.yaml: `as_yaml`.
    """
    base, namespace = split_name(name)
    arguments: dict[str, Any] = {'image': inputs.image} if inputs.image else {}
    if inputs.camera_info and inputs.camera_info != _beside(inputs.image):
        arguments['camera_info'] = inputs.camera_info
    if namespace != '/':
        arguments['namespace'] = namespace.removeprefix('/')
    if base != 'pose':
        arguments['name'] = base
    different = changed(values)
    arguments.update({key: different[key] for key in ARGUMENTS if key in different})
    if different.keys() - {*ARGUMENTS, *SET_BY_LAUNCH}:
        arguments['params_file'] = 'pose.yaml'
    words = [f'{key}:={shlex.quote(_text(value))}' for key, value in arguments.items()]
    return ' '.join(('ros2 launch pose_ros pose.launch.xml', *words))


def _beside(image: str) -> str:
    before, slash, _ = image.rpartition('/')
    return f'{before}{slash}camera_info'


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
