# SPDX-License-Identifier: Apache-2.0
"""
Writes the picture of docs/search.md: the same frames with `search` image and windows.

`make search-picture` runs it. The frames before go through the parts of the pose node, too.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import islice
from pathlib import Path
import sys

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from std_msgs.msg import Header

from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.images.frame import Frame
from pose_ros.outputs.overlay import OverlayLooks, draw
from pose_ros.poses.poses import Poses
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream
from simulation.crowds import crowd
from simulation.labelled_videos import LabelledVideo, labelled_recording

SIZE_PX = 700, 394
HEAD_PX = 26
QUALITY = 75
DRAWN_PX = 1400, 788  # the overlay is drawn twice as large


def last_frame(video: LabelledVideo, count: int, search: str) -> tuple[NDArray[np.uint8], Poses]:
    """Return the frame with a number, and the people who are found in it in a stream."""
    parameters = Parameters(num_poses=8, search=search)
    people = People(parameters.following(), Positions(parameters.positions()))
    stream = PoseStream(
        parameters.landmarker_options(),
        parameters.clock_restart_threshold,
        replace(parameters.search_options(), counts_looks=True),
    )
    for index, rgb in enumerate(islice(video.read(), count)):
        stamp_ns = 10**9 + round(index / video.rate_hz * 1e9)
        frame = Frame(rgb, Header(), stamp_ns)
        found = stream.find(frame, stream.admit(frame, stamp_ns))
        assert found is not None
        poses = people.follow(frame, found.poses, found.time_ns)
    stream.close()
    return rgb, poses


def drawn(rgb: NDArray[np.uint8], poses: Poses) -> NDArray[np.uint8]:
    """Return the overlay, rgb, SIZE_PX."""
    large = cv2.resize(rgb, DRAWN_PX, interpolation=cv2.INTER_CUBIC)
    return cv2.resize(draw(large, poses, OverlayLooks()), SIZE_PX, interpolation=cv2.INTER_AREA)


def column(search: str, videos: list[tuple[LabelledVideo, int]]) -> NDArray[np.uint8]:
    """Return what a search finds in all videos, one below the other."""
    head = np.full((HEAD_PX, SIZE_PX[0], 3), 255, np.uint8)
    at, ink = (8, HEAD_PX - 8), (40, 40, 40)
    cv2.putText(head, f'search: {search}', at, cv2.FONT_HERSHEY_SIMPLEX, 0.6, ink, 1, cv2.LINE_AA)
    pictures = [drawn(*last_frame(video, count, search)) for video, count in videos]
    return np.vstack((head, *pictures))


def main() -> int:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, default=Path('docs/images/search.webp'))
    output: Path = parser.parse_args().output
    videos = [(labelled_recording('walk'), 101), (crowd(150), 161)]
    picture = np.hstack([column(search, videos) for search in ('image', 'windows')])
    output.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(picture).save(output, quality=QUALITY, method=6)
    print(f'{output}: {output.stat().st_size / 1e3:.0f} kB')
    return 0


if __name__ == '__main__':
    sys.exit(main())
