# SPDX-License-Identifier: Apache-2.0
"""Names bodies and computes their frames as REP-155 (ROS4HRI) has them."""

from __future__ import annotations

from math import gcd, isfinite
from random import SystemRandom
from string import ascii_lowercase
from typing import TYPE_CHECKING

from geometry_msgs.msg import TransformStamped
import numpy as np
from numpy.typing import NDArray

from pose_ros.outputs.tf_frames import located, transform
from pose_ros.poses.geometry import viewing_rotations
from pose_ros.poses.skeleton import TORSO

if TYPE_CHECKING:
    from std_msgs.msg import Header

    from pose_ros.poses.poses import Poses

__all__ = ['BodyIds', 'hri_transforms']

ID_LETTERS = 5
IDS = len(ascii_lowercase) ** ID_LETTERS


class BodyIds:
    """
    The ids of bodies: five letters each, which can stand in the names of topics and frames.

    A track id always has the same body id. Different ones have different ids (until there are
    more than 11 million), and other nodes, or the same one after a restart, have others: they
    begin at a random one and go on in random steps.
    """

    def __init__(self) -> None:
        """Draw where to begin, and a step that reaches every id."""
        random = SystemRandom()
        self._begin, self._step = random.randrange(IDS), 0
        while gcd(self._step, IDS) != 1:
            self._step = random.randrange(IDS)

    def __call__(self, track_id: int) -> str:
        """Return the id of the body with a track id."""
        number = (self._begin + self._step * track_id) % IDS
        letters = []
        for _ in range(ID_LETTERS):
            number, letter = divmod(number, len(ascii_lowercase))
            letters.append(ascii_lowercase[letter])
        return ''.join(letters)


def hri_transforms(result: Poses, header: Header, ids: BodyIds) -> list[TransformStamped]:
    """
    Return the frame that REP-155 has for each person with a track id and a position.

    `body_<body id>` is at the hip midpoint, with x out of the person's front, y to the person's
    left and z towards the head.

    :param result: N people
    :param header: the image's own; the frames have its stamp, and its frame is their parent
    :returns: one each, unless the trunk has no extent; none when the header names no frame
    """
    known = located(result, header)
    positions = result.positions[known]
    trunks = _trunk_axes(result.world_landmarks[known, :, :3].astype(np.float64))
    quaternions = _quaternions(viewing_rotations(positions) @ trunks)
    return [
        transform(f'body_{ids(track_id)}', header, position_m, quaternion)
        for track_id, position_m, quaternion in zip(
            result.track_ids[known].tolist(), positions.tolist(), quaternions.tolist(), strict=True
        )
        if isfinite(sum(quaternion))
    ]


def _trunk_axes(world_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return front, left and up of each person as columns (N, 3, 3); NaN without an extent."""
    left_shoulder, right_shoulder, left_hip, right_hip = world_m[:, TORSO].transpose(1, 0, 2)
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
