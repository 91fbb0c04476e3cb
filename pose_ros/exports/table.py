# SPDX-License-Identifier: Apache-2.0
"""
Lists the formats in which the people of a recording can be written.

To add a format, add an entry to EXPORTS: command line and tests iterate over it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pose_ros.exports.export import Export
from pose_ros.stream.parameters import Parameters

__all__ = ['EXPORTS', 'ExportFormat']

Maker = Callable[[Path, Sequence[str], Parameters], Export]


@dataclass(frozen=True)
class ExportFormat:
    """
    One format.

    :param name: of the option
    :param meaning: for users
    :param make: begins an export, into a folder, for cameras with these names
    :param uses_masks: says whether it needs segmentation masks
    """

    name: str
    meaning: str
    make: Maker
    uses_masks: Callable[[Parameters], bool] = lambda _: False


EXPORTS: dict[str, ExportFormat] = {}
