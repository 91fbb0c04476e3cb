# SPDX-License-Identifier: Apache-2.0
"""Reads the node's parameters from a YAML file as ROS 2 has it, without a node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from pose_ros.stream.parameters import Parameters

__all__ = ['GivenParameters', 'read_parameter_file', 'read_parameter_value']

NODE_NAME = 'pose'
ROS_PARAMETERS = 'ros__parameters'


@dataclass(frozen=True)
class GivenParameters:
    """
    What a file holds.

    :param parameters: all parameters; those that the file does not name have their defaults
    :param unknown: names in the file that are no parameters of ours: the node takes no notice of
        them either, but they may be mistyped
    """

    parameters: Parameters
    unknown: tuple[str, ...] = ()


def read_parameter_file(
    path: Path | None, overrides: Mapping[str, Any] | None = None, namespace: str = ''
) -> GivenParameters:
    """
    Return the parameters that the node `pose` would have with this file.

    :param path: a YAML file as for `--params-file`; None: none
    :param overrides: values that win over the file's
    :param namespace: of the node
    :raises ValueError: when the file cannot be read, is no parameter file, or holds a value that
        the node would refuse: which file, what was wanted and what came
    """
    values: dict[str, Any] = {}
    if path is not None:
        for pattern, section in _sections(path):
            if _matches(pattern, f'{namespace}/{NODE_NAME}'):
                values |= section
    values |= overrides or {}
    known = {declared.name for declared in fields(Parameters)}
    try:
        parameters = Parameters(**{name: values[name] for name in values.keys() & known})
    except ValueError as error:
        raise ValueError(f'{path}: {error}' if path else str(error)) from error
    return GivenParameters(parameters, tuple(sorted(values.keys() - known)))


def read_parameter_value(text: str) -> tuple[str, Any]:
    """
    Return name and value of `name:=value`; the value is YAML, as for `ros2 run ... -p`.

    :raises ValueError: when it is another text
    """
    name, separator, value = text.partition(':=')
    if not (name and separator):
        raise ValueError(f'parameter: wanted NAME:=VALUE, got {text!r}')
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ValueError(f'parameter {name}: wanted a value in YAML, got {value!r}') from error


def _sections(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield for whom each section is, and its parameters."""
    wanted = f'{path}: wanted a parameter file of ROS 2 (/**: {ROS_PARAMETERS}: name: value)'
    try:
        content = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ValueError(f'{wanted}: {error.strerror}') from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f'{wanted}: {" ".join(str(error).split())}') from error
    if content is None:
        return
    if not isinstance(content, Mapping):
        raise ValueError(f'{wanted}, got {type(content).__name__}')
    yield from _nested(content, '', wanted)


def _nested(
    content: Mapping[Any, Any], prefix: str, wanted: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, section in content.items():
        if not isinstance(section, Mapping):
            raise ValueError(f'{wanted}, got {key}: {section!r}')
        if key == ROS_PARAMETERS:
            yield prefix, {str(name): value for name, value in section.items()}
        else:  # a namespace around a node's name
            yield from _nested(section, f'{prefix}/{str(key).strip("/")}', wanted)


def _matches(pattern: str, name: str) -> bool:
    return _tokens_match(pattern.strip('/').split('/'), name.strip('/').split('/'))


def _tokens_match(pattern: list[str], name: list[str]) -> bool:
    """Say whether a name matches; `*` stands for one token and `**` for any number of them."""
    if not pattern:
        return not name
    if pattern[0] == '**':
        return any(_tokens_match(pattern[1:], name[skipped:]) for skipped in range(len(name) + 1))
    return bool(name) and pattern[0] in ('*', name[0]) and _tokens_match(pattern[1:], name[1:])
