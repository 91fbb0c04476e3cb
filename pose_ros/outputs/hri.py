# SPDX-License-Identifier: Apache-2.0
"""
A `Poses` and the header of its image in, the topics of REP-155 (ROS4HRI) for bodies out.

Publishers come and go with the people: in REP-155 each body has topics of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.outputs.hri_frames import BodyIds
from pose_ros.poses.geometry import visible_box
from pose_ros.poses.poses import UNTRACKED, Poses
from pose_ros.poses.skeleton import Landmark

if TYPE_CHECKING:
    from std_msgs.msg import Header

__all__ = ['BodyPublishers', 'keypoints', 'regions']

BODIES = '/humans/bodies'
DEPTH = 1  # of every topic's history

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


class BodyPublishers:
    """Publishes who is there, and each one's region and 2D skeleton; to be destroyed after use."""

    def __init__(
        self,
        create_publisher: Callable[..., Any],
        destroy_publisher: Callable[[Any], Any],
        ids: BodyIds,
    ) -> None:
        """
        Create the publisher of the list; those of bodies come and go with them.

        :param create_publisher: for a message class, a topic and a depth. The node's plain one:
            a lifecycle publisher that is created while its node is active stays silent
        :param destroy_publisher: for what it returned
        :param ids: of the bodies
        :raises ImportError: when there is no hri_msgs; its text says what to do
        """
        messages = _import_messages()
        self._create, self._destroy, self._body_id = create_publisher, destroy_publisher, ids
        self._ids, self._roi, self._skeleton = (
            messages.IdsList(),
            messages.NormalizedRegionOfInterest2D(),
            messages.Skeleton2D(),
        )
        self._tracked = create_publisher(messages.IdsList, f'{BODIES}/tracked', DEPTH)
        self._bodies: dict[str, tuple[Any, ...]] = {}  # publishers of region and skeleton

    def publish(self, result: Poses, header: Header) -> None:
        """
        Publish one frame; who is not in it, or has no track id, is no longer tracked.

        :param header: the image's own
        """
        tracked = result.track_ids != UNTRACKED
        ids = [self._body_id(track_id) for track_id in result.track_ids[tracked].tolist()]
        for gone in self._bodies.keys() - ids:
            self._remove(gone)
        roi, skeleton = self._roi, self._skeleton
        for come in [each for each in ids if each not in self._bodies]:
            self._bodies[come] = tuple(
                self._create(type(message), f'{BODIES}/{come}/{topic}', DEPTH)
                for topic, message in (('roi', roi), ('skeleton2d', skeleton))
            )
        self._ids.header = roi.header = skeleton.header = header
        self._ids.ids = ids
        self._tracked.publish(self._ids)
        for each, region, rows in zip(
            ids,
            regions(result)[tracked].tolist(),
            keypoints(result)[tracked].tolist(),
            strict=True,
        ):
            roi.xmin, roi.ymin, roi.xmax, roi.ymax, roi.c = region
            for point, row in zip(skeleton.skeleton, rows, strict=True):
                point.x, point.y, point.c = row
            for publisher, message in zip(self._bodies[each], (roi, skeleton), strict=True):
                publisher.publish(message)

    def clear(self, header: Header) -> None:
        """Publish, with the header of the last frame, that nobody is tracked."""
        self.publish(Poses.empty(), header)

    def destroy(self) -> None:
        """Destroy the publishers."""
        for each in list(self._bodies):
            self._remove(each)
        self._destroy(self._tracked)

    def _remove(self, gone: str) -> None:
        for publisher in self._bodies.pop(gone):
            self._destroy(publisher)


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


def _import_messages() -> Any:
    try:
        return import_module('hri_msgs.msg')
    except ImportError as error:
        raise ImportError(
            f'hri needs the ROS package hri_msgs ({error}): sudo apt install '
            'ros-$ROS_DISTRO-hri-msgs (where there is none: build https://github.com/ros4hri/'
            'hri_msgs, branch humble-devel, in the workspace), or set hri to false'
        ) from error
