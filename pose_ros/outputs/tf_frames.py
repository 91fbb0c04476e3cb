# SPDX-License-Identifier: Apache-2.0
"""Computes TF frames of people and of their landmarks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from geometry_msgs.msg import TransformStamped
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros.poses.geometry import viewing_quaternions
from pose_ros.poses.poses import UNTRACKED
from pose_ros.poses.skeleton import Landmark

if TYPE_CHECKING:
    from pose_ros.poses.poses import Poses

__all__ = [
    'LANDMARK_MIN_VISIBILITY',
    'STATIC_TF_TOPIC',
    'TF_DEPTH',
    'TF_TOPIC',
    'body_transforms',
    'import_tf_message',
    'located',
    'transform',
    'view_transform',
    'with_time',
]

# Where and how tf2_ros' broadcasters publish: reliable, volatile, the last 100 are kept.
TF_TOPIC = '/tf'
TF_DEPTH = 100

STATIC_TF_TOPIC = '/tf_static'  # reliable and transient local

# The axes of REP-103 in those of an optical frame, x y z w.
FORWARD_LEFT_UP = [0.5, -0.5, 0.5, 0.5]

# A landmark below it gets no frame: who asks TF for it learns that it is unknown at this time.
LANDMARK_MIN_VISIBILITY = 0.5

LANDMARK_NAMES = tuple(landmark.name.lower() for landmark in Landmark)


def import_tf_message() -> Any:
    """
    Return the class `tf2_msgs.msg.TFMessage`.

    :raises ImportError: when there is no tf2_msgs; its text says what to do
    """
    try:
        return import_module('tf2_msgs.msg').TFMessage
    except ImportError as error:
        raise ImportError(
            f'publish_tf, hri and view_frame need the ROS package tf2_msgs ({error}): sudo apt '
            'install ros-$ROS_DISTRO-tf2-msgs, or leave them false and empty'
        ) from error


def body_transforms(
    result: Poses,
    header: Header,
    prefix: str = '',
    landmarks: bool = False,
) -> list[TransformStamped]:
    """
    Return a frame for each person with a track id and a position, and for their landmarks.

    `<prefix>body_<track id>` is at the hip midpoint. It is turned to the line of sight: its z
    axis leads away from the camera, x to the right and y down in the image. That is the frame of
    the world landmarks, so each of them is a child `<prefix>body_<track id>_<landmark>`, moved
    and not turned.

    :param result: N people
    :param header: the frames have its stamp, and its frame is their parent
    :param prefix: of every frame's name
    :param landmarks: also give frames to landmarks, those of LANDMARK_MIN_VISIBILITY at least
    :returns: parents before children; none when the header names no frame
    """
    known = located(result, header)
    positions, world = result.positions[known], result.world_landmarks[known, :, :3]
    shown = _shown(result)[known] & landmarks
    transforms = []
    for track_id, position_m, quaternion, xyz_m, indices in zip(
        result.track_ids[known].tolist(),
        positions.tolist(),
        viewing_quaternions(positions).tolist(),
        world.tolist(),
        map(np.flatnonzero, shown),
        strict=True,
    ):
        body = f'{prefix}body_{track_id}'
        transforms.append(transform(body, header, position_m, quaternion))
        around = Header(stamp=header.stamp, frame_id=body)
        transforms += [
            transform(f'{body}_{LANDMARK_NAMES[index]}', around, xyz_m[index]) for index in indices
        ]
    return transforms


def _shown(result: Poses) -> NDArray[np.bool_]:
    """Return which landmarks, bool (N, 33), are visible enough to have a frame."""
    shown: NDArray[np.bool_] = result.visibility >= LANDMARK_MIN_VISIBILITY
    return shown & np.isfinite(result.world_landmarks[:, :, :3]).all(axis=2)


def located(result: Poses, header: Header) -> NDArray[np.bool_]:
    """Return who, bool (N,), has a track id and a position, and that in a frame with a name."""
    placed = np.isfinite(result.positions).all(axis=1)
    return placed & (result.track_ids != UNTRACKED) & bool(header.frame_id)


def transform(
    child: str,
    header: Header,
    xyz_m: list[float],
    quaternion: list[float] | None = None,
) -> TransformStamped:
    """Return that a frame is at xyz_m, turned by x y z w or not at all, in the header's."""
    stamped = TransformStamped(header=header, child_frame_id=child)
    at, turn = stamped.transform.translation, stamped.transform.rotation
    at.x, at.y, at.z = xyz_m
    if quaternion:
        turn.x, turn.y, turn.z, turn.w = quaternion
    return stamped


def view_transform(name: str, header: Header) -> TransformStamped:
    """
    Return a frame at the camera: x is its line of sight, y left and z up in the image.

    :param header: the image's own; its frame is the parent
    """
    return transform(name, header, [0.0, 0.0, 0.0], FORWARD_LEFT_UP)


def with_time(header: Header, time_ns: int) -> Header:
    """Return a header, with the time in nanoseconds in place of a stamp of zero."""
    if header.stamp.sec or header.stamp.nanosec:
        return header
    timed = Header(frame_id=header.frame_id)
    timed.stamp.sec, timed.stamp.nanosec = divmod(time_ns, 1_000_000_000)
    return timed
