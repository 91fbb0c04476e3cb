# SPDX-License-Identifier: Apache-2.0
"""Runs the pose node's parts on the videos of the room's cameras, and compares with the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.images.frame import Frame
from pose_ros.poses.geometry import placed_landmarks
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import Landmark
from pose_ros.stream.frame_result import FrameResult
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream
from simulation.recordings import recording
from simulation.room_cameras import RoomCamera
from simulation.room_people import RoomPerson, camera_info
from simulation.video import read_frames

__all__ = ['EVERY', 'PARAMETERS', 'Sighting', 'found', 'placed', 'sightings']

FRAME_NS = 10**9 // 60
EVERY = 2  # 30 Hz
VISIBLE = 0.5  # least visibility of landmarks that are compared
PARAMETERS = {
    'single': Parameters(),
    'multi': Parameters(num_poses=4, search='windows'),
}


@dataclass(frozen=True)
class Sighting:
    """
    One person in one frame of one camera.

    :param off_m: what the position is off the truth: along the ray, across it
    :param distance_m: the true one
    :param error_m: position_error
    :param landmarks_m: how far the visible landmarks, placed, are from the triangulated ones
    """

    off_m: tuple[float, float]
    distance_m: float
    error_m: float
    landmarks_m: NDArray[np.float64]


def found(videos: str, camera: str, every: int = EVERY, last: int = 10**9) -> list[FrameResult]:
    """
    Return what a node finds in the frames of a video.

    :param every: of the frames, one of so many is looked at
    :param last: index of the last frame that is looked at
    """
    parameters = PARAMETERS[videos]
    stream = PoseStream(
        parameters.landmarker_options(),
        parameters.clock_restart_threshold,
        replace(parameters.search_options(), counts_looks=True),  # the same on every machine
    )
    results = []
    try:
        for index, rgb in read_frames(recording(f'{videos}_{camera}'), every):
            if index > last:
                break
            stamp_ns = 10**9 + index * FRAME_NS
            frame = Frame(rgb, Header(), stamp_ns)
            result = stream.find(frame, stream.admit(frame, stamp_ns))
            assert result is not None
            empty = np.broadcast_to(np.uint8(0), rgb.shape)  # the pixels are not needed any more
            results.append(replace(result, frame=replace(frame, rgb=empty)))
    finally:
        stream.close()
    return results


def placed(
    results: Sequence[FrameResult], camera: RoomCamera, videos: str, person_height_m: float
) -> list[Poses]:
    """Return the people of each frame as the node of that camera publishes them."""
    parameters = replace(PARAMETERS[videos], person_height=person_height_m)
    positions = Positions(parameters.positions())
    positions.take_camera_info(camera_info(camera))
    people = People(parameters.following(), positions)
    return [people.follow(each.frame, each.poses, each.time_ns) for each in results]


def sightings(
    results: Sequence[Poses],
    truth: Sequence[Sequence[RoomPerson]],
    cameras: Sequence[RoomCamera],
    index: int,
    name: str,
) -> Iterator[Sighting]:
    """
    Yield what one camera knows of one person, whenever it sees the person.

    :param results: what the camera's node publishes of each frame
    :param truth: the people who were there in each frame
    :param index: of the camera
    """
    for poses, people in zip(results, truth, strict=True):
        for person in people:
            row = person.rows[index]
            if person.name != name or row < 0 or np.isnan(poses.position_errors[row]):
                continue
            true_m = cameras[index].in_optical_frame(person.room_m)
            hips_m = true_m[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP]].mean(axis=0)
            distance_m = float(np.linalg.norm(hips_m))
            off_m = poses.positions[row] - hips_m
            along_m = float(off_m @ hips_m) / distance_m
            across_m = float(np.sqrt(max(off_m @ off_m - along_m**2, 0.0)))
            seen = (person.visible >= 2) & (poses.visibility[row] >= VISIBLE)
            yield Sighting(
                (along_m, across_m),
                distance_m,
                float(poses.position_errors[row]),
                np.linalg.norm(placed_landmarks(poses)[row] - true_m, axis=1)[seen],
            )
