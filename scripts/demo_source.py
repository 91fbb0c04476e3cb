# SPDX-License-Identifier: Apache-2.0
"""Chooses what `make demo` and `make page` film, and how the demo camera films it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulation.recordings import RecordingError, recording

__all__ = ['PHOTO', 'Source', 'choose_source']

PHOTO = 'photo'  # as a source
LONGER_SIDE_PX = 640  # of a video or webcam; more slows down what else runs beside the node
# The middle of the video, where the people are, and the angle that its camera sees there.
WALK = {'width': 640, 'height': 640, 'horizontal_fov_deg': 38.0}


@dataclass(frozen=True)
class Source:
    """
    What is filmed.

    :param path: for the demo camera: a webcam's number, a path, or nothing for its photograph
    :param words: for people
    :param camera: more parameters of the demo camera
    """

    path: str
    words: str
    camera: dict[str, float]


def choose_source(source: str, say: Callable[[str], None]) -> Source:
    """
    Return what is filmed.

    :param source: a webcam's number, a path, PHOTO; empty: the video of two people, which is
        fetched when it is not in the cache, or the photograph when it cannot be fetched
    :param say: is told why the video is not filmed
    :raises SourceError: when the source cannot be opened
    """
    if source == PHOTO:
        return Source('', 'a photograph, moved', _size(''))
    if source:
        return Source(source, source, _size(source))
    try:
        walk = str(recording('walk'))
    except RecordingError as error:
        say(f'no video of people, so a photograph is filmed instead: {error}')
        return choose_source(PHOTO, say)
    return Source(walk, 'a man and a woman, from Sports2D', WALK)


def _size(source: str) -> dict[str, float]:
    """
    Look at the source, and return the camera's parameters that keep its pictures small enough.

    :raises SourceError: when it cannot be opened
    """
    # Not before: OpenCV takes its time, and the video of two people does without.
    from pose_ros.demo.video_source import open_source  # noqa: PLC0415

    opened = open_source(source)
    opened.grab()
    height, width, _ = opened.retrieve().shape
    opened.close()
    if max(width, height) <= LONGER_SIDE_PX:
        return {}
    return {'width' if width > height else 'height': LONGER_SIDE_PX}
