# SPDX-License-Identifier: Apache-2.0
"""
Packs what belongs together for the browser: one binary message.

The landmarks stay as ROS serialized them; the browser reads them by the message's fields, which
`schema` tells it once. static/wire.js is the other end.
"""

from __future__ import annotations

from importlib import import_module
import re
import struct
from typing import Any

from pose_ros.msg import PoseLandmarksArray
from pose_ros.outputs.looks import Looks
from pose_ros.poses.skeleton import CONNECTIONS, Landmark, Side, side_of

__all__ = ['pack', 'schema', 'skeleton']

# Stamp of the picture: seconds and nanoseconds; bytes of landmarks, picture and mask. Then those.
HEAD = struct.Struct('<iIIII')


def pack(stamp_ns: int, landmarks: bytes, picture: bytes, mask: bytes) -> bytes:
    """
    Return the message for the browser.

    :param stamp_ns: of the picture, nanoseconds
    :param landmarks: a serialized PoseLandmarksArray; empty: none came
    :param picture: a JPEG or PNG file; empty: none came
    :param mask: a PNG file; empty: none came
    """
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    head = HEAD.pack(seconds, nanoseconds, len(landmarks), len(picture), len(mask))
    return b''.join((head, landmarks, picture, mask))


def skeleton() -> dict[str, Any]:
    """Return the landmarks, the connections, and the colours of the sides of the body."""
    return {
        'names': [each.name.lower().replace('_', ' ') for each in Landmark],
        'sides': [side_of(each).value for each in Landmark],
        'connections': [[*each, side_of(*each).value] for each in CONNECTIONS],
        'colors': {side.value: '#' + bytes(Looks().rgb(side)).hex() for side in Side},
    }


def schema(message_type: Any = PoseLandmarksArray) -> list[list[Any]]:
    """
    Return the fields of a message, in order: pairs of name and type.

    A type is a basic type's name, the fields of a nested message, or {'of': type, 'length': n},
    where n is 0 for a sequence.
    """
    return [
        [name, _described(kind)]
        for name, kind in message_type.get_fields_and_field_types().items()
    ]


def _described(kind: str) -> Any:
    if sequence := re.fullmatch(r'sequence<(.+)>', kind):
        return {'of': _described(sequence[1]), 'length': 0}
    if array := re.fullmatch(r'(.+)\[(\d+)\]', kind):
        return {'of': _described(array[1]), 'length': int(array[2])}
    package, slash, name = kind.partition('/')
    return schema(getattr(import_module(f'{package}.msg'), name)) if slash else kind
