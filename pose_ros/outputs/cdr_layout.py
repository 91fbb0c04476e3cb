# SPDX-License-Identifier: Apache-2.0
"""Derives from a message's definition how its fields are serialized."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
import re
from struct import Struct
from typing import Any

__all__ = ['Layout', 'LayoutError']

# Size in bytes, and character of Python's struct, of the basic types by IDL's names.
BASIC_TYPES = {
    'boolean': (1, '?'),
    'octet': (1, 'B'),
    'uint8': (1, 'B'),
    'int8': (1, 'b'),
    'uint16': (2, 'H'),
    'int16': (2, 'h'),
    'uint32': (4, 'I'),
    'int32': (4, 'i'),
    'uint64': (8, 'Q'),
    'int64': (8, 'q'),
    'float': (4, 'f'),
    'double': (8, 'd'),
}

# A field's type as rosidl names it: uint8, float[36], std_msgs/Header or pose_ros/Landmark[33].
FIXED_SIZE = re.compile(r'(?:(?P<package>\w+)/)?(?P<type>\w+)(?:\[(?P<length>\d+)\])?')


class LayoutError(TypeError):
    """A message that has no fixed layout: one line, which field."""


@dataclass(frozen=True)
class _Field:
    """
    A basic value, or an array of which the elements follow one another without gaps.

    :param size: in bytes
    :param alignment: it begins at a multiple of this
    :param default: its value where none is given
    """

    name: str
    size: int
    alignment: int
    code: str
    default: Any


class Layout:
    """
    How the fields of a message lie in CDR, version 1, little endian, from some place on.

    Each basic value begins at a multiple of its size, so that the gaps depend on the place.
    """

    def __init__(
        self, message_type: type[Any], start: int = 0, fields: slice = slice(None)
    ) -> None:
        """
        Derive the layout.

        :param message_type: a message class of rosidl
        :param start: where it begins in the stream, in bytes behind the encapsulation
        :param fields: which of its fields, in the order of the definition
        :raises LayoutError: when a field is a string or a sequence, or an array with gaps
        """
        code, end = '<', start
        leaves = list(_leaves(message_type, fields))
        for leaf in leaves:
            gap = -end % leaf.alignment
            code += f'{gap}x{leaf.code}'
            end += gap + leaf.size
        self._defaults = [(leaf.name, leaf.default) for leaf in leaves]
        self._struct = Struct(code)

    def pack(self, values: Mapping[str, Any]) -> bytes:
        """
        Return the serialized fields, with the gap before the first one.

        :param values: by name, like `track_id` or `roi.width`, of arrays their bytes; a field that
            is not among them is zero
        """
        return self._struct.pack(*[values.get(name, zero) for name, zero in self._defaults])


def _leaves(message_type: type[Any], fields: slice = slice(None)) -> Iterator[_Field]:
    for name, kind in list(message_type.get_fields_and_field_types().items())[fields]:
        yield from _leaves_of_field(name, kind)


def _leaves_of_field(name: str, kind: str) -> Iterator[_Field]:
    fixed = FIXED_SIZE.fullmatch(kind)
    if not fixed:
        raise LayoutError(f'{name}: wanted a type of fixed size, got {kind}')
    if fixed['length']:
        element = list(_leaves_of_field(name, kind.partition('[')[0]))
        size = element[0].size
        if any(leaf.size != size or leaf.alignment != size for leaf in element):
            raise LayoutError(f'{name}: wanted elements of values of one size, got {kind}')
        total = size * len(element) * int(fixed['length'])
        yield _Field(name, total, size, f'{total}s', b'')
    elif fixed['package']:
        message_type = getattr(import_module(f'{fixed["package"]}.msg'), fixed['type'])
        for leaf in _leaves(message_type):
            yield replace(leaf, name=f'{name}.{leaf.name}')
    elif fixed['type'] in BASIC_TYPES:
        size, code = BASIC_TYPES[fixed['type']]
        yield _Field(name, size, size, code, 0)
    else:
        raise LayoutError(f'{name}: wanted a type of fixed size, got {kind}')
