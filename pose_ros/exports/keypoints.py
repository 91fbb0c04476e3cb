# SPDX-License-Identifier: Apache-2.0
"""Picks the keypoints of other skeletons, COCO's 17 and OpenPose's BODY_25, out of landmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import VISIBILITY, X, Y
from pose_ros.poses.skeleton import Landmark

__all__ = ['BODY_25', 'COCO', 'COCO_SKELETON', 'keypoints_px']

Picked = tuple[tuple[str, tuple[Landmark, ...]], ...]

# Each keypoint, and the landmarks in whose middle it lies; none: we have no such keypoint.
COCO: Picked = (
    ('nose', (Landmark.NOSE,)),
    ('left_eye', (Landmark.LEFT_EYE,)),
    ('right_eye', (Landmark.RIGHT_EYE,)),
    ('left_ear', (Landmark.LEFT_EAR,)),
    ('right_ear', (Landmark.RIGHT_EAR,)),
    ('left_shoulder', (Landmark.LEFT_SHOULDER,)),
    ('right_shoulder', (Landmark.RIGHT_SHOULDER,)),
    ('left_elbow', (Landmark.LEFT_ELBOW,)),
    ('right_elbow', (Landmark.RIGHT_ELBOW,)),
    ('left_wrist', (Landmark.LEFT_WRIST,)),
    ('right_wrist', (Landmark.RIGHT_WRIST,)),
    ('left_hip', (Landmark.LEFT_HIP,)),
    ('right_hip', (Landmark.RIGHT_HIP,)),
    ('left_knee', (Landmark.LEFT_KNEE,)),
    ('right_knee', (Landmark.RIGHT_KNEE,)),
    ('left_ankle', (Landmark.LEFT_ANKLE,)),
    ('right_ankle', (Landmark.RIGHT_ANKLE,)),
)
# Pairs of COCO's keypoints, counted from 1.
COCO_SKELETON = (
    (16, 14),
    (14, 12),
    (17, 15),
    (15, 13),
    (12, 13),
    (6, 12),
    (7, 13),
    (6, 7),
    (6, 8),
    (7, 9),
    (8, 10),
    (9, 11),
    (2, 3),
    (1, 2),
    (1, 3),
    (2, 4),
    (3, 5),
    (4, 6),
    (5, 7),
)
BODY_25: Picked = (
    ('Nose', (Landmark.NOSE,)),
    ('Neck', (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER)),
    ('RShoulder', (Landmark.RIGHT_SHOULDER,)),
    ('RElbow', (Landmark.RIGHT_ELBOW,)),
    ('RWrist', (Landmark.RIGHT_WRIST,)),
    ('LShoulder', (Landmark.LEFT_SHOULDER,)),
    ('LElbow', (Landmark.LEFT_ELBOW,)),
    ('LWrist', (Landmark.LEFT_WRIST,)),
    ('MidHip', (Landmark.LEFT_HIP, Landmark.RIGHT_HIP)),
    ('RHip', (Landmark.RIGHT_HIP,)),
    ('RKnee', (Landmark.RIGHT_KNEE,)),
    ('RAnkle', (Landmark.RIGHT_ANKLE,)),
    ('LHip', (Landmark.LEFT_HIP,)),
    ('LKnee', (Landmark.LEFT_KNEE,)),
    ('LAnkle', (Landmark.LEFT_ANKLE,)),
    ('REye', (Landmark.RIGHT_EYE,)),
    ('LEye', (Landmark.LEFT_EYE,)),
    ('REar', (Landmark.RIGHT_EAR,)),
    ('LEar', (Landmark.LEFT_EAR,)),
    ('LBigToe', (Landmark.LEFT_FOOT_INDEX,)),
    ('LSmallToe', ()),
    ('LHeel', (Landmark.LEFT_HEEL,)),
    ('RBigToe', (Landmark.RIGHT_FOOT_INDEX,)),
    ('RSmallToe', ()),
    ('RHeel', (Landmark.RIGHT_HEEL,)),
)


def keypoints_px(
    landmarks: NDArray[np.float32], picked: Picked, width: int, height: int
) -> NDArray[np.float64]:
    """
    Return keypoints of another skeleton.

    :param landmarks: float32 (33, 5), normalized
    :param width: of the image in pixels
    :param height: of the image in pixels
    :returns: (K, 3), x and y in pixels and the visibility in [0, 1], of a middle the lower one;
        all zero where we have no such keypoint
    """
    keypoints = np.zeros((len(picked), 3))
    for row, (_, sources) in zip(keypoints, picked, strict=True):
        if sources:
            found = landmarks[list(sources)].astype(np.float64)
            row[:2] = found[:, [X, Y]].mean(axis=0) * (width, height)
            row[2] = found[:, VISIBILITY].min()
    return keypoints
