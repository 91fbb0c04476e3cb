# SPDX-License-Identifier: Apache-2.0
"""Makes up three people who are tracked and placed, and reads transforms as matrices."""

from __future__ import annotations

from dataclasses import replace

from geometry_msgs.msg import TransformStamped
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros.poses.poses import Poses
from simulation.people import BODIES_M, CAMERAS, seen

__all__ = ['HEADER', 'POSITIONS', 'TRACKS', 'matrix', 'people']

HEADER = Header(frame_id='camera_optical')
HEADER.stamp.sec = 7
POSITIONS = np.array(((0.5, -0.2, 2.0), (-1.5, 0.4, 3.0), (0.0, 0.0, 1.5)))
TRACKS = np.array((4, 12, 31), np.int32)


def people(turns: NDArray[np.float64] | None = None) -> Poses:
    """Return three tracked and placed people, as a perfect landmarker sees them."""
    bodies_m = BODIES_M if turns is None else BODIES_M @ turns.transpose(0, 2, 1)
    return replace(
        seen(bodies_m, POSITIONS, CAMERAS['ideal']), positions=POSITIONS, track_ids=TRACKS
    )


def matrix(transform: TransformStamped) -> NDArray[np.float64]:
    """Return the transform as (4, 4), with the rotation as a textbook computes it."""
    at, q = transform.transform.translation, transform.transform.rotation
    axis = np.array((q.x, q.y, q.z))
    cross = np.array(((0, -q.z, q.y), (q.z, 0, -q.x), (-q.y, q.x, 0)))
    full = np.eye(4)
    full[:3, :3] = (q.w**2 - axis @ axis) * np.eye(3) + 2 * np.outer(axis, axis) + 2 * q.w * cross
    full[:3, 3] = at.x, at.y, at.z
    return full
