# SPDX-License-Identifier: Apache-2.0
"""
Declares the fields of a frozen dataclass as ROS parameters, and checks their values.

The dataclass is the declaration: each field has its default, text and range.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import Field, field, fields
import re
from typing import TYPE_CHECKING, Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException

if TYPE_CHECKING:
    from rclpy.node import Node

__all__ = ['check', 'declare', 'parameter']

_TYPE_NAMES = {bool: 'bool', int: 'integer', float: 'number', str: 'string'}


def parameter(
    default: Any,
    text: str,
    *,
    within: tuple[float, float] | None = None,
    step: int = 1,
    choices: Iterable[str] = (),
    pattern: str = '',
    read_only: bool = False,
    takes_list: bool = False,
) -> Any:
    """
    Return a dataclass field that is a ROS parameter.

    :param default: bool, int, float or str
    :param text: what it means, for users
    :param within: the least and the greatest number
    :param step: of an integer from the least on
    :param choices: the possible strings; empty: any
    :param pattern: a regular expression that the string matches; empty: any
    :param read_only: it cannot be changed after the start
    :param takes_list: whether a list of numbers passes for a string with commas between them
    """
    return field(
        default=default,
        metadata={
            'text': text,
            'within': within,
            'step': step,
            'choices': tuple(choices),
            'pattern': pattern,
            'read_only': read_only,
            'takes_list': takes_list,
        },
    )


def check(values: Any) -> None:
    """
    Check every field of a dataclass made with `parameter`; for its __post_init__.

    Integers pass for numbers and strings: command lines and launch files turn 1.0 and '0' into
    integers.

    :raises ValueError: when a value has the wrong type or is out of range: wanted and came
    """
    for declared in fields(values):
        value = _checked(declared, getattr(values, declared.name))
        object.__setattr__(values, declared.name, value)


def _checked(declared: Field[Any], value: Any) -> Any:
    wanted = type(declared.default)
    if wanted in (float, str) and type(value) is int:
        value = wanted(value)
    if declared.metadata['takes_list'] and isinstance(value, list | tuple | array):
        value = ', '.join(map(str, value))
    within, pattern = declared.metadata['within'], declared.metadata['pattern']
    choices = declared.metadata['choices']
    if type(value) is not wanted:
        raise ValueError(f'{declared.name}: wanted a {_TYPE_NAMES[wanted]}, got {value!r}')
    if choices and value not in choices:
        raise ValueError(f'{declared.name}: wanted one of {", ".join(choices)}, got {value!r}')
    if pattern and not re.fullmatch(pattern, str(value)):
        raise ValueError(f'{declared.name}: wanted {pattern}, got {value!r}')
    if within and not within[0] <= value <= within[1]:
        raise ValueError(f'{declared.name}: wanted {within[0]} to {within[1]}, got {value}')
    if within and wanted is int and (value - within[0]) % declared.metadata['step']:
        possible = range(within[0], within[1] + 1, declared.metadata['step'])
        listed = ', '.join(map(str, possible))
        raise ValueError(f'{declared.name}: wanted one of {listed}, got {value}')
    return value


def _descriptor(declared: Field[Any]) -> ParameterDescriptor:
    metadata = declared.metadata
    descriptor = ParameterDescriptor(
        name=declared.name,
        description=metadata['text'],
        read_only=metadata['read_only'],
        dynamic_typing=isinstance(declared.default, (float, str)),
    )  # for what `check` lets pass
    if metadata['choices']:
        descriptor.additional_constraints = f'One of {", ".join(metadata["choices"])}.'
    if metadata['within']:
        low, high = metadata['within']
        if isinstance(declared.default, int):
            descriptor.integer_range = [
                IntegerRange(from_value=low, to_value=high, step=metadata['step'])
            ]
        else:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=float(low), to_value=float(high))
            ]
    return descriptor


def declare(node: Node, parameters_type: type[Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Declare all fields of a dataclass made with `parameter` on a node.

    :returns: the values by name, and for each parameter whose given value cannot be used (it has
        its default instead) what is wrong with it
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for declared in fields(parameters_type):
        descriptor = _descriptor(declared)
        try:
            value = node.declare_parameter(declared.name, declared.default, descriptor).value
            values[declared.name] = _checked(declared, value)
        except (
            InvalidParameterTypeException,
            InvalidParameterValueException,
            ValueError,
        ) as error:
            problems[declared.name] = str(error)
            if node.has_parameter(declared.name):
                if descriptor.read_only:
                    continue  # rclpy does not take it back
                node.undeclare_parameter(declared.name)
            node.declare_parameter(
                declared.name, declared.default, descriptor, ignore_override=True
            )
    return values, problems
