# SPDX-License-Identifier: Apache-2.0
"""
Reads what was found, for notebooks: `from pose_ros import read`.

    people = read.recording('out/walk')
    people.table
"""

from pose_ros.reading.plots import plot_3d, plot_over_time, plot_picture
from pose_ros.reading.sightings import Sightings
from pose_ros.reading.sources import ReadingError, picture, recording, topic

__all__ = [
    'ReadingError',
    'Sightings',
    'picture',
    'plot_3d',
    'plot_over_time',
    'plot_picture',
    'recording',
    'topic',
]
