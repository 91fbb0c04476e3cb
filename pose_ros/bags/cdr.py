# SPDX-License-Identifier: Apache-2.0
"""
Serializes messages so that the same message gives the same bytes.

The middleware leaves in the padding between fields whatever was in that memory before. A bag
written twice would not be the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from operator import attrgetter
import struct
from typing import Any

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.typesys.store import Typestore

from pose_ros.bags.definitions import installed_definition, typestore_of
from pose_ros.images.image_cdr import ENCAPSULATION

__all__ = ['serialize']

CODES = {
    'bool': '?',
    'byte': 'B',
    'char': 'B',
    'int8': 'b',
    'uint8': 'B',
    'int16': 'h',
    'uint16': 'H',
    'int32': 'i',
    'uint32': 'I',
    'int64': 'q',
    'uint64': 'Q',
    'float32': 'f',
    'float64': 'd',
}

# Writes a value behind what is there; positions count from the first byte.
Write = Callable[[bytearray, Any], None]


def serialize(message: Any, message_type: str) -> bytes:
    """
    Return a message in CDR, little endian, its padding zero.

    :param message: of rclpy
    :param message_type: such as visualization_msgs/msg/MarkerArray, of an installed package
    """
    data = bytearray()
    _writer_of_type(message_type)(data, message)
    return ENCAPSULATION + data


@cache
def _writer_of_type(message_type: str) -> Write:
    definition = installed_definition(message_type)
    assert definition is not None, f'{message_type}: its package is not installed'
    return _message(typestore_of(message_type, definition.text), message_type)


def _message(store: Typestore, message_type: str) -> Write:
    """Return what writes all fields, those that are numbers of one size at once."""
    names: list[str] = []
    code, size = '', 0
    fields: list[Write] = []
    for name, description in store.fielddefs[message_type][1]:
        numbers = _numbers(store, name, description)
        if numbers is None or (size and numbers[2] != size):
            fields += _flushed(names, code, size)
            names, code, size = [], '', 0
        if numbers is None:
            fields.append(_field(name, _value(store, description)))
        else:
            names, code, size = names + numbers[0], code + numbers[1], numbers[2]
    fields += _flushed(names, code, size)

    def write(data: bytearray, message: Any) -> None:
        for field in fields:
            field(data, message)

    return fields[0] if len(fields) == 1 else write


def _numbers(store: Typestore, name: str, description: Any) -> tuple[list[str], str, int] | None:
    """Return names, codes and size of a field's numbers if it has nothing else, of one size."""
    kind, content = description
    if kind == Nodetype.BASE and content[0] in CODES:
        code = CODES[content[0]]
        return [name], code, struct.calcsize(code)
    if kind != Nodetype.NAME:
        return None
    inner = [
        _numbers(store, f'{name}.{each}', within) for each, within in store.fielddefs[content][1]
    ]
    known = [each for each in inner if each is not None]
    if not known or len(known) < len(inner) or len({each[2] for each in known}) > 1:
        return None
    names = [each for found in known for each in found[0]]
    return names, ''.join(each[1] for each in known), known[0][2]


def _flushed(names: list[str], code: str, size: int) -> list[Write]:
    if not names:
        return []
    pack = struct.Struct(f'<{code}').pack
    get = attrgetter(*names)
    if len(names) == 1:

        def write_one(data: bytearray, message: Any) -> None:
            data.extend(bytes(-len(data) % size) + pack(get(message)))

        return [write_one]

    def write(data: bytearray, message: Any) -> None:
        data.extend(bytes(-len(data) % size) + pack(*get(message)))

    return [write]


def _field(name: str, write: Write) -> Write:
    get = attrgetter(name)
    return lambda data, message: write(data, get(message))


def _value(store: Typestore, description: Any) -> Write:
    kind, content = description
    if kind == Nodetype.BASE:
        return _string
    if kind == Nodetype.NAME:
        return _message(store, content)
    element, _ = content
    is_sequence = kind == Nodetype.SEQUENCE
    if element[0] == Nodetype.BASE and element[1][0] in CODES:
        return _array(np.dtype(CODES[element[1][0]]), is_sequence)
    write = _value(store, element)

    def write_all(data: bytearray, values: Any) -> None:
        if is_sequence:
            _length(data, values)
        for each in values:
            write(data, each)

    return write_all


def _array(dtype: np.dtype[Any], is_sequence: bool) -> Write:
    def write(data: bytearray, values: Any) -> None:
        if is_sequence:
            _length(data, values)
        if len(values):
            data.extend(bytes(-len(data) % dtype.itemsize))
            data.extend(np.asarray(values, dtype.newbyteorder('<')).tobytes())

    return write


def _length(data: bytearray, values: Any) -> None:
    data.extend(bytes(-len(data) % 4) + struct.pack('<I', len(values)))


def _string(data: bytearray, text: str) -> None:
    encoded = text.encode() + b'\0'
    _length(data, encoded)
    data.extend(encoded)
