# SPDX-License-Identifier: Apache-2.0
"""Holds the exports of one recording, and the messages whose values they should hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pose_ros.msg import PoseLandmarks, PoseLandmarksArray

PEOPLE = 2


@dataclass(frozen=True)
class Exported:
    """
    The files, and the messages whose values they should hold.

    :param again: the same from a second run
    """

    folder: Path
    again: Path
    messages: list[PoseLandmarksArray]

    def people(self) -> Iterator[tuple[int, PoseLandmarks]]:
        """Yield index of the picture and person, in order."""
        for index, message in enumerate(self.messages):
            for person in message.poses:
                yield index, person
