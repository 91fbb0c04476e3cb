# SPDX-License-Identifier: Apache-2.0
"""A `Poses` and the header of its image in, TF frames of the people out."""

from __future__ import annotations

from importlib import import_module
from math import isfinite
from typing import TYPE_CHECKING, Any

from geometry_msgs.msg import TransformStamped
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros.poses.geometry import viewing_quaternions, viewing_rotations
from pose_ros.poses.poses import UNTRACKED
from pose_ros.poses.skeleton import Landmark

if TYPE_CHECKING:
    from pose_ros.poses.poses import Poses

__all__ = [
    'LANDMARK_MIN_VISIBILITY',
    'TF_DEPTH',
    'TF_TOPIC',
    'body_id',
    'body_transforms',
    'hri_transforms',
    'import_tf_message',
]

# Where and how tf2_ros' broadcasters publish: reliable, volatile, the last 100 are kept.
TF_TOPIC = '/tf'
TF_DEPTH = 100

# A landmark below it gets no frame: who asks TF for it learns that it is unknown at this time.
LANDMARK_MIN_VISIBILITY = 0.5

LANDMARK_NAMES = tuple(landmark.name.lower() for landmark in Landmark)

TRUNK = (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER, Landmark.LEFT_HIP, Landmark.RIGHT_HIP)


def import_tf_message() -> Any:
    """
    Return the class `tf2_msgs.msg.TFMessage`.

    :raises ImportError: when there is no tf2_msgs; its text says what to do
    """
    try:
        return import_module('tf2_msgs.msg').TFMessage
    except ImportError as error:
        raise ImportError(
            f'publish_tf and hri need the ROS package tf2_msgs ({error}): sudo apt install '
            'ros-$ROS_DISTRO-tf2-msgs, or set both to false'
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
    :param header: the image's own; the frames have its stamp, and its frame is their parent
    :param prefix: of every frame's name
    :param landmarks: also give frames to landmarks, those of LANDMARK_MIN_VISIBILITY at least
    :returns: parents before children; none when the header names no frame
    """
    known = _located(result, header)
    positions, world = result.positions[known], result.world_landmarks[known, :, :3]
    shown = result.visibility[known] >= LANDMARK_MIN_VISIBILITY
    shown &= landmarks & np.isfinite(world).all(axis=2)

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
        transforms.append(_transform(body, header, position_m, quaternion))
        around = Header(stamp=header.stamp, frame_id=body)
        transforms += [
            _transform(f'{body}_{LANDMARK_NAMES[index]}', around, xyz_m[index])
            for index in indices
        ]
    return transforms


def body_id(track_id: int) -> str:
    """Return REP-155's id of a body: topics have it in their names, so it begins with a letter."""
    return f'b{track_id:04d}'


def hri_transforms(result: Poses, header: Header) -> list[TransformStamped]:
    """
    Return the frame that REP-155 has for each person with a track id and a position.

    `body_<body id>` is at the hip midpoint, with x out of the person's front, y to the person's
    left and z towards the head.

    :param result: N people
    :param header: the image's own; the frames have its stamp, and its frame is their parent
    :returns: one each, unless the trunk has no extent; none when the header names no frame
    """
    known = _located(result, header)
    positions = result.positions[known]
    trunks = _trunk_axes(result.world_landmarks[known, :, :3].astype(np.float64))
    quaternions = _quaternions(viewing_rotations(positions) @ trunks)
    return [
        _transform(f'body_{body_id(track_id)}', header, position_m, quaternion)
        for track_id, position_m, quaternion in zip(
            result.track_ids[known].tolist(), positions.tolist(), quaternions.tolist(), strict=True
        )
        if isfinite(sum(quaternion))
    ]


def _trunk_axes(world_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return front, left and up of each person as columns (N, 3, 3); NaN without an extent."""
    left_shoulder, right_shoulder, left_hip, right_hip = world_m[:, TRUNK].transpose(1, 0, 2)
    up = left_shoulder + right_shoulder - left_hip - right_hip
    front = np.cross(left_shoulder + left_hip - right_shoulder - right_hip, up)
    axes = np.stack((front, np.cross(up, front), up), axis=2)
    with np.errstate(invalid='ignore'):
        return axes / np.linalg.norm(axes, axis=1, keepdims=True)


def _quaternions(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rotations (N, 3, 3) as quaternions (N, 4), x y z w: the longest row of 4 q q'."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = rotations.transpose(1, 2, 0)
    products = np.array(
        (
            (1 + xx - yy - zz, xy + yx, xz + zx, zy - yz),
            (xy + yx, 1 - xx + yy - zz, yz + zy, xz - zx),
            (xz + zx, yz + zy, 1 - xx - yy + zz, yx - xy),
            (zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz),
        )
    ).transpose(2, 0, 1)
    best = np.einsum('nii->ni', products).argmax(axis=1)
    rows = products[np.arange(len(products)), best]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _located(result: Poses, header: Header) -> NDArray[np.bool_]:
    """Return who, bool (N,), has a track id and a position, and that in a frame with a name."""
    placed = np.isfinite(result.positions).all(axis=1)
    return placed & (result.track_ids != UNTRACKED) & bool(header.frame_id)


def _transform(
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
