# SPDX-License-Identifier: Apache-2.0
"""Makes random values for ROS parameters, valid and invalid, from their descriptors."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

from rcl_interfaces.msg import ParameterDescriptor, ParameterType, ParameterValue

__all__ = ['random_value']

# None of these can be used for any parameter but a free string.
WRONG: tuple[Any, ...] = (
    float('nan'),
    float('inf'),
    -float('inf'),
    -1,
    2**63 - 1,
    -(2**63),
    1e308,
    '',
    'nonsense',
    '/dev/zero',
    '/nowhere/model.task',
    'ä' * 5000,
    True,
    [],
    ['a', ''],
    None,
)


def random_value(random: Random, descriptor: ParameterDescriptor, valid: bool) -> ParameterValue:
    """
    Return a value for a parameter.

    :param valid: that its type and range allow; it may be refused for other reasons
    """
    if not valid:
        return _message(random.choice(WRONG))
    make: _Maker = _MAKERS.get(descriptor.type, _a_string)
    return _message(make(random, descriptor))


def _a_bool(random: Random, _descriptor: ParameterDescriptor) -> bool:
    return random.random() < 0.5


def _an_integer(random: Random, descriptor: ParameterDescriptor) -> int:
    for each in descriptor.integer_range:
        return random.randint(each.from_value, min(each.to_value, each.from_value + 5))
    return random.randint(0, 5)


def _a_double(random: Random, descriptor: ParameterDescriptor) -> float:
    for each in descriptor.floating_point_range:
        edges = (each.from_value, each.to_value)
        return random.choice((*edges, random.uniform(*edges)))
    return random.random()


def _a_string(random: Random, descriptor: ParameterDescriptor) -> str:
    constraints = descriptor.additional_constraints
    if constraints.startswith('One of '):
        return random.choice(constraints.removeprefix('One of ').rstrip('.').split(', '))
    if descriptor.name == 'model':
        return random.choice(('lite', 'lite', 'full'))
    return random.choice(('', 'robot/', '#102030'))


_Maker: TypeAlias = Callable[[Random, ParameterDescriptor], Any]

_MAKERS: dict[int, _Maker] = {
    ParameterType.PARAMETER_BOOL: _a_bool,
    ParameterType.PARAMETER_INTEGER: _an_integer,
    ParameterType.PARAMETER_DOUBLE: _a_double,
}


_FIELDS: dict[type, tuple[int, str]] = {
    bool: (ParameterType.PARAMETER_BOOL, 'bool_value'),
    int: (ParameterType.PARAMETER_INTEGER, 'integer_value'),
    float: (ParameterType.PARAMETER_DOUBLE, 'double_value'),
    str: (ParameterType.PARAMETER_STRING, 'string_value'),
    list: (ParameterType.PARAMETER_STRING_ARRAY, 'string_array_value'),
}


def _message(value: Any) -> ParameterValue:
    if value is None:
        return ParameterValue(type=ParameterType.PARAMETER_NOT_SET)
    kind, field = _FIELDS[type(value)]
    return ParameterValue(**{'type': kind, field: value})
