# SPDX-License-Identifier: Apache-2.0
"""
Measures what it costs to follow two people: ids, smoothing, positions from camera_info and depth.

MediaPipe finds the people of every frame first, so that the code after it runs with cold caches,
as it does in the node. Every frame becomes a message, and in every second frame the people are
followed before: the difference is what following adds.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from statistics import median
import time

import numpy as np
from numpy.typing import NDArray
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from benchmark.film import back_and_forth, load
from benchmark.step import ALONE, FOLLOWED, INFER
from pose_ros.demo.calibration import ideal_camera_info
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions
from pose_ros.following.people import FollowingOptions, People
from pose_ros.following.position_fit import place
from pose_ros.following.positions import PositionOptions, Positions
from pose_ros.images.frame import Frame
from pose_ros.images.image_cdr import serialize_image
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.outputs.masks import MASK_THRESHOLD
from pose_ros.outputs.pose_cdr import serialize_poses
from pose_ros.poses.poses import Poses

__all__ = ['new_people', 'two_people_costs']

MASKS = 'smooth masks'
FRAMES = 240
WARM_UP_FRAMES = 20
PERIOD_NS = 33_333_333


def new_people(positions: Positions) -> People:
    """Return an object that follows people, with the node's default parameters."""
    return People(
        FollowingOptions(
            max_missed_s=2.0, smooth_landmarks=True, smooth_segmentation=True, still=False
        ),
        positions,
    )


def known_camera(poses: Poses, width: int, height: int) -> Positions:
    """Return positions that know camera_info and a depth image of these people before a wall."""
    info = ideal_camera_info(width, height, 60.0)
    placed = place(poses, Intrinsics.from_camera_info(info), width, height)
    depth_mm = np.full((height, width), 4000, np.uint16)
    for mask, position in zip(placed.masks, placed.positions, strict=True):
        depth_mm[mask > MASK_THRESHOLD] = 1000 * position[2] - 50
    positions = Positions(PositionOptions(depth_slop_s=1e9))
    positions.take_camera_info(info)
    positions.take_depth(deserialize_message(serialize_image(depth_mm, Header(), '16UC1'), Image))
    return positions


def two_people_costs(model: Path, path: Path) -> list[tuple[str, float, float]]:
    """
    Return the names of the steps and their medians in wall clock and CPU milliseconds.

    :param path: of frames with two people
    """
    frames = load(path)
    options = LandmarkerOptions(
        model,
        num_poses=2,
        min_pose_detection_confidence=0.3,
        output_segmentation_masks=True,
        forbid_network=False,
    )
    times_ms: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with Landmarker(options) as landmarker:
        seen = landmarker.detect(landmarker.load(frames[0]), 0)
        people = new_people(known_camera(seen, frames.shape[2], frames.shape[1]))
        for number in range(1, FRAMES + 1):
            rgb = frames[back_and_forth(number // 2)]
            for name, ms in _one_frame(landmarker, people, rgb, number):
                if number > WARM_UP_FRAMES:
                    times_ms[name].append(ms)
    return [
        (name, median(wall for wall, _ in ms), median(cpu for _, cpu in ms))
        for name, ms in times_ms.items()
    ]


def _one_frame(
    landmarker: Landmarker,
    people: People,
    rgb: NDArray[np.uint8],
    number: int,
) -> list[tuple[str, tuple[float, float]]]:
    """Return the steps of a frame, with wall clock and CPU milliseconds."""
    stamp_ns, header = number * PERIOD_NS, Header(frame_id='camera_optical_frame')
    height, width, _ = rgb.shape
    marks = [_now_ms()]
    result = landmarker.detect(landmarker.load(rgb), stamp_ns // 10**6)
    marks.append(_now_ms())
    followed = number % 2 == 1
    if followed:
        result = people.follow(Frame(rgb, header, stamp_ns), result, stamp_ns)
    serialize_poses(result, header, width, height)
    marks.append(_now_ms())
    if followed:
        people.smooth_masks(result, stamp_ns)
        marks.append(_now_ms())
    names = (INFER, FOLLOWED, MASKS) if followed else (INFER, ALONE)
    return [
        (name, (end[0] - begin[0], end[1] - begin[1]))
        for name, begin, end in zip(names, marks, marks[1:], strict=False)
    ]


def _now_ms() -> tuple[float, float]:
    return time.perf_counter() * 1e3, time.thread_time() * 1e3
