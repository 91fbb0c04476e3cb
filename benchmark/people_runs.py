# SPDX-License-Identifier: Apache-2.0
"""Finds the people of labelled videos as the node does, and judges who was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import VISIBILITY, Poses, X, Y
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream
from simulation.labelled_videos import LabelledVideo
from simulation.matching import Found, Judgement, id_switches, judge, person_box

__all__ = ['NUM_POSES', 'Run', 'Watcher', 'cost_ratio', 'watched']

NUM_POSES = 8  # more than there are in any video
SECOND_NS = 10**9
SETTLED_FRAMES = 30  # after which costs are compared: a second


@dataclass(frozen=True)
class Run:
    """
    How one search did in one video.

    :param model: name
    :param search: image or windows
    :param frames: of the video, all of which were processed, in order
    :param switches: how often somebody had another track id than before
    :param cpu_ms: a frame, mean over all frames, of all threads
    :param wall_ms: a frame, median
    """

    model: str
    search: str
    video: str
    frames: int
    judgement: Judgement
    switches: int
    cpu_ms: float
    wall_ms: float


class Watcher:
    """
    The node's way of a frame without the node: nothing is dropped, and budgets are counted.

    :ivar cpu_ms: of each frame
    :ivar wall_ms: likewise
    """

    def __init__(self, model: str, search: str, num_poses: int = NUM_POSES) -> None:
        """Build it; to be closed after use."""
        parameters = Parameters(model=model, search=search, num_poses=num_poses)
        self._people = People(parameters.following(), Positions(parameters.positions()))
        self._stream = PoseStream(
            parameters.landmarker_options(),
            parameters.clock_restart_threshold,
            replace(parameters.search_options(), counts_looks=True),
        )
        self.cpu_ms: list[float] = []
        self.wall_ms: list[float] = []

    def find(self, rgb: NDArray[np.uint8], stamp_ns: int) -> Poses:
        """Return the people in the next frame, with track ids."""
        frame = Frame(rgb, Header(), stamp_ns)
        began = perf_counter(), process_time()
        found = self._stream.find(frame, self._stream.admit(frame, stamp_ns))
        assert found is not None
        poses = self._people.follow(frame, found.poses, found.time_ns)
        self.wall_ms.append((perf_counter() - began[0]) * 1e3)
        self.cpu_ms.append((process_time() - began[1]) * 1e3)
        return poses

    def close(self) -> None:
        """Release the landmarkers."""
        self._stream.close()


def boxes(poses: Poses, width: int, height: int) -> list[Found]:
    """Return the boxes of people, and their ids."""
    return [
        Found(
            person_box(
                landmarks[:, X : Y + 1] * (width, height), landmarks[:, VISIBILITY], width, height
            ),
            int(track),
        )
        for landmarks, track in zip(poses.landmarks, poses.track_ids, strict=True)
    ]


def watched(video: LabelledVideo, model: str, search: str) -> Run:
    """Show all frames of a video to a new Watcher, and judge it."""
    watcher = Watcher(model, search)
    found: dict[int, list[Found]] = {}
    for index, rgb in enumerate(video.read()):
        poses = watcher.find(rgb, SECOND_NS + round(index / video.rate_hz * SECOND_NS))
        if index in video.truth.frames:
            found[index] = boxes(poses, rgb.shape[1], rgb.shape[0])
    watcher.close()
    judgement = judge(video.truth, found)
    return Run(
        model,
        search,
        video.name,
        len(watcher.cpu_ms),
        judgement,
        id_switches(video.truth, judgement),
        float(np.mean(watcher.cpu_ms)),
        float(np.median(watcher.wall_ms)),
    )


def cost_ratio(video: LabelledVideo, model: str, frames: int = 300) -> tuple[float, float]:
    """
    Return the CPU milliseconds a frame of image with num_poses 1, and of windows, with one person.

    The two take turns frame by frame, so that a slow moment of the machine meets both. The video
    runs there and back at 30 Hz. The first second does not count.

    :param video: of one person who is near
    """
    film = list(islice(video.read(), 0, None, round(video.rate_hz / 30)))
    watchers = Watcher(model, 'image', 1), Watcher(model, 'windows')
    for index, rgb in enumerate(_there_and_back(film, frames + SETTLED_FRAMES)):
        stamp_ns = SECOND_NS + round(index / 30 * SECOND_NS)
        for watcher in watchers if index % 2 else watchers[::-1]:
            watcher.find(rgb, stamp_ns)
    for watcher in watchers:
        watcher.close()
    image, windows = (float(np.mean(each.cpu_ms[SETTLED_FRAMES:])) for each in watchers)
    return image, windows


def _there_and_back(film: list[NDArray[np.uint8]], count: int) -> Iterator[NDArray[np.uint8]]:
    last = len(film) - 1
    for index in range(count):
        yield film[last - abs(index % (2 * last) - last)]
