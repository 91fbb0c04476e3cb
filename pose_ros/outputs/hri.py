# SPDX-License-Identifier: Apache-2.0
"""Computes what REP-155 (ROS4HRI) has of bodies in the image: regions and 2D keypoints."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.geometry import visible_box
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import Landmark

__all__ = ['BODIES', 'keypoints', 'regions']

BODIES = '/humans/bodies'  # the topics' name begins with it

# The keypoints of hri_msgs/Skeleton2D. Each is the middle of two landmarks: the neck of the
# shoulders, every other one of a landmark and itself.
NECK = 1
ONE = np.array(
    (
        Landmark.NOSE,
        Landmark.LEFT_SHOULDER,
        Landmark.RIGHT_SHOULDER,
        Landmark.RIGHT_ELBOW,
        Landmark.RIGHT_WRIST,
        Landmark.LEFT_SHOULDER,
        Landmark.LEFT_ELBOW,
        Landmark.LEFT_WRIST,
        Landmark.RIGHT_HIP,
        Landmark.RIGHT_KNEE,
        Landmark.RIGHT_ANKLE,
        Landmark.LEFT_HIP,
        Landmark.LEFT_KNEE,
        Landmark.LEFT_ANKLE,
        Landmark.LEFT_EYE,
        Landmark.RIGHT_EYE,
        Landmark.LEFT_EAR,
        Landmark.RIGHT_EAR,
    )
)
OTHER = np.where(np.arange(len(ONE)) == NECK, Landmark.RIGHT_SHOULDER, ONE)


def keypoints(result: Poses) -> NDArray[np.float32]:
    """
    Return the people's keypoints in the order of hri_msgs/Skeleton2D.

    :returns: float32 (N, 18, 3), columns x and y in [0, 1], as fractions of the image, and the
        confidence: visibility, of the neck that of the less visible shoulder. What is outside
        the image is moved to its border, as the message wants, and has confidence 0
    """
    xy = (result.landmarks[:, ONE, :2] + result.landmarks[:, OTHER, :2]) / 2
    confidence = np.minimum(result.visibility[:, ONE], result.visibility[:, OTHER])
    confidence = np.where(_inside(xy), confidence, 0)
    return np.concatenate((_clipped(xy), confidence[:, :, None]), axis=2)


def regions(result: Poses) -> NDArray[np.float32]:
    """
    Return the boxes of the people's visible landmarks.

    :returns: float32 (N, 5), columns xmin, ymin, xmax, ymax in [0, 1], as fractions of the image,
        and the confidence, that of the person; all 0 when nothing of the person is in view
    """
    boxes = np.zeros((len(result), 5), np.float32)
    for row, landmarks, confidence in zip(boxes, result.landmarks, result.confidence, strict=True):
        box = visible_box(landmarks)
        if box is not None:
            row[:4], row[4] = np.clip(box, 0, 1), confidence
    return boxes


def _inside(xy: NDArray[Any]) -> Any:
    return ((xy >= 0) & (xy <= 1)).all(axis=-1)


def _clipped(xy: NDArray[Any]) -> NDArray[Any]:
    return np.nan_to_num(xy).clip(0, 1)
