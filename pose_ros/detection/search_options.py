# SPDX-License-Identifier: Apache-2.0
"""Defines where in a picture people are looked for, and at what cost, checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pose_ros.detection.options import RunningMode

__all__ = ['MEDIAPIPE_ALONE', 'ROTATIONS', 'WHOLE', 'Part', 'Search', 'SearchOptions']

ROTATIONS = (0, 90, 180, 270)


class Search(str, Enum):
    """Where in a picture people are looked for."""

    IMAGE = 'image'  # in the whole picture, as MediaPipe does
    WINDOWS = 'windows'  # also in parts of it, where small people are large
    REGIONS = 'regions'  # only in the boxes that another detector publishes


@dataclass(frozen=True)
class Part:
    """
    A part of a picture, in fractions of its width and height.

    :param x: of the left edge
    :param y: of the upper edge
    :raises ValueError: when it is empty or reaches beyond the picture
    """

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0

    def __post_init__(self) -> None:
        """Check that it lies in the picture."""
        for start, length in ((self.x, self.width), (self.y, self.height)):
            if not (0 <= start < 1 and 0 < length <= 1 and start + length <= 1 + 1e-6):
                got = f'{self.x:g}, {self.y:g}, {self.width:g}, {self.height:g}'
                raise ValueError(
                    'region_of_interest: wanted x, y, width and height of a part of the picture, '
                    f'as fractions between 0 and 1, got {got}'
                )

    @classmethod
    def from_text(cls, text: str) -> Part:
        """
        Return the part that `x, y, width, height` stands for; the whole picture for nothing.

        :raises ValueError: when it is something else
        """
        if not text.strip():
            return WHOLE
        try:
            x, y, width, height = (float(each) for each in text.split(','))
        except ValueError:
            raise ValueError(
                'region_of_interest: wanted "x, y, width, height", fractions of the picture, '
                f'or nothing, got {text!r}'
            ) from None
        return cls(x, y, width, height)


WHOLE = Part()


@dataclass(frozen=True)
class SearchOptions:
    """
    Where in a picture people are looked for, and at what cost.

    :param min_person_height: with WINDOWS, the least height of people who are looked for, as a
        fraction of the picture's, (0, 1]
    :param search_budget_ms: with WINDOWS, a frame (33 ms), for looking for more people, > 0
    :param people_budget_ms: with WINDOWS and REGIONS, a frame, for following the known people,
        > 0; where it does not suffice they take turns
    :param image_rotation: degrees, one of ROTATIONS, by which a picture is turned clockwise to
        stand upright; what is found is in the coordinates of the picture as it came
    :param region_of_interest: nothing outside of it is looked at
    :param counts_looks: with WINDOWS, each look into a window counts a fixed number of
        milliseconds, whatever time it takes: two runs find the same, on every machine. For
        recordings, where no image waits
    :raises ValueError: when a value is out of range
    """

    search: Search = Search.IMAGE
    min_person_height: float = 0.1
    search_budget_ms: float = 4.0
    people_budget_ms: float = 100.0
    image_rotation: int = 0
    region_of_interest: Part = WHOLE
    counts_looks: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 < self.min_person_height <= 1:
            raise ValueError(f'min_person_height: wanted 0 to 1, got {self.min_person_height}')
        for name in ('search_budget_ms', 'people_budget_ms'):
            if not getattr(self, name) > 0:
                raise ValueError(f'{name}: wanted more than 0, got {getattr(self, name)}')
        if self.image_rotation not in ROTATIONS:
            wanted = ', '.join(map(str, ROTATIONS))
            raise ValueError(f'image_rotation: wanted one of {wanted}, got {self.image_rotation}')

    def require_fit(self, running_mode: RunningMode) -> None:
        """
        Check that people can be looked for like this in a running mode.

        :raises ValueError: when they cannot
        """
        if self.search is not Search.IMAGE and running_mode is RunningMode.LIVE_STREAM:
            raise ValueError(
                f'search: {self.search.value} wants running_mode video or image, got live_stream, '
                'in which MediaPipe alone decides where and when to look; use video'
            )
        if self.search is Search.REGIONS and running_mode is not RunningMode.VIDEO:
            raise ValueError(
                f'search: regions wants running_mode video, got {running_mode.value}: boxes come '
                'later than their images, and people are followed until then; use video'
            )


MEDIAPIPE_ALONE = SearchOptions()
