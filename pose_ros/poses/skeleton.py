# SPDX-License-Identifier: Apache-2.0
"""Names the 33 landmarks, their 35 connections and the side of the body that each is on."""

from enum import Enum, IntEnum

__all__ = ['CONNECTIONS', 'TORSO', 'Landmark', 'Side', 'side_of']


class Landmark(IntEnum):
    """Index of each landmark in a pose. Left and right are the person's own."""

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32


class Side(Enum):
    """The side of the body a landmark or connection is on; CENTER: on both or neither."""

    LEFT = 'left'
    RIGHT = 'right'
    CENTER = 'center'


# Pairs of landmark indices, in the order of MediaPipe's PoseLandmarksConnections.POSE_LANDMARKS.
CONNECTIONS: tuple[tuple[int, int], ...] = (
    (0, 1),
    (1, 2),
    (2, 3),
    (3, 7),
    (0, 4),
    (4, 5),
    (5, 6),
    (6, 8),
    (9, 10),
    (11, 12),
    (11, 13),
    (13, 15),
    (15, 17),
    (15, 19),
    (15, 21),
    (17, 19),
    (12, 14),
    (14, 16),
    (16, 18),
    (16, 20),
    (16, 22),
    (18, 20),
    (11, 23),
    (12, 24),
    (23, 24),
    (23, 25),
    (24, 26),
    (25, 27),
    (26, 28),
    (27, 29),
    (28, 30),
    (29, 31),
    (30, 32),
    (27, 31),
    (28, 32),
)

# The corners of the trunk.
TORSO = (Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER, Landmark.LEFT_HIP, Landmark.RIGHT_HIP)


def side_of(*landmarks: int) -> Side:
    """
    Return the side that all given landmarks share.

    :param landmarks: one index (a landmark) or two (a connection), each 0-32
    :returns: LEFT or RIGHT when all are on that side, else CENTER
    :raises ValueError: when an index is outside 0-32
    """
    names = [Landmark(index).name for index in landmarks]
    for side in (Side.LEFT, Side.RIGHT):
        if all(side.name in name for name in names):
            return side
    return Side.CENTER
