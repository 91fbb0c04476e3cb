# SPDX-License-Identifier: Apache-2.0
"""Names the topics that the benchmark subscribes to: those of the node's table, or a peer's."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pose_ros.stream.outputs import LANDMARKS, OUTPUTS, Output

__all__ = [
    'IMAGES',
    'LANDMARKS_TOPIC',
    'LAZY_TOPICS',
    'NODE_NAME',
    'PLAIN_TOPIC',
    'Topic',
    'message_class',
]

IMAGES = '/camera/image_raw'
NODE_NAME = 'pose'
PLAIN_TOPIC = '/plain/landmarks'  # of the plainest node

# Where the first stamp lies in a serialized message, in bytes, by the type of its first field.
STAMP_AT = {'std_msgs/Header': 4}
STAMP_AT_IN_SEQUENCE = 8  # behind the number of elements, which begin with a header themselves


@dataclass(frozen=True)
class Topic:
    """
    One topic.

    :param type: package/msg/Name
    :param stamp_at: where in the serialized message its stamp lies, in bytes; None: the message is
        taken apart, as a Python program does
    """

    name: str
    type: str
    stamp_at: int | None = None


def message_class(type_name: str) -> type:
    """Return the class of a type that is written as package/msg/Name."""
    package, _, name = type_name.split('/')
    found: type = getattr(import_module(f'{package}.msg'), name)
    return found


def _topic(output: Output, raw: bool) -> Topic:
    message_type: Any = output.message_type
    package = message_type.__module__.partition('.')[0]
    stamp_at = None
    if raw:
        first = next(iter(message_type.get_fields_and_field_types().values()))
        stamp_at = STAMP_AT.get(first, STAMP_AT_IN_SEQUENCE)
    return Topic(
        output.topic.replace('~', NODE_NAME, 1),
        f'{package}/msg/{message_type.__name__}',
        stamp_at,
    )


LANDMARKS_TOPIC = _topic(LANDMARKS, raw=False)
LAZY_TOPICS = {output.name: _topic(output, raw=True) for output in OUTPUTS if output.is_lazy}
