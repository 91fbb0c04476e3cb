# SPDX-License-Identifier: Apache-2.0
"""Lists what can be written into a bag: the outputs of the node, and annotations in any case."""

from __future__ import annotations

from collections.abc import Sequence

from pose_ros.bags import foxglove_types
from pose_ros.stream.outputs import FOXGLOVE, OUTPUTS, Output, annotations_output

__all__ = ['BAG_OUTPUTS', 'chosen_outputs', 'type_name']

BAG_OUTPUTS = (*OUTPUTS, annotations_output(FOXGLOVE or foxglove_types))


def chosen_outputs(names: Sequence[str]) -> list[Output]:
    """Return the outputs with these names, in the order of BAG_OUTPUTS."""
    return [each for each in BAG_OUTPUTS if each.name in names]


def type_name(message_type: type) -> str:
    """Return the name that a type of messages has in bags, such as sensor_msgs/msg/Image."""
    package = message_type.__module__.split('.')[0]
    if message_type.__module__ == foxglove_types.__name__:
        package = 'foxglove_msgs'
    return f'{package}/msg/{message_type.__name__}'
