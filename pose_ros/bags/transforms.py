# SPDX-License-Identifier: Apache-2.0
"""Makes the messages of /tf and /tf_static for bags; the package tf2_msgs need not be there."""

from __future__ import annotations

from dataclasses import dataclass

from geometry_msgs.msg import TransformStamped

from pose_ros.bags.cdr import serialize
from pose_ros.exports.export import AnnotatedFrame
from pose_ros.outputs.tf_frames import body_transforms, view_transform, with_time

__all__ = ['TF_MESSAGE', 'BodyFrames', 'TFMessage', 'ViewFrame']

TF_MESSAGE = 'tf2_msgs/msg/TFMessage'


@dataclass(frozen=True)
class TFMessage:
    """What a tf2_msgs/TFMessage has."""

    transforms: list[TransformStamped]


class BodyFrames:
    """The frames of the people of one camera, on /tf."""

    def __init__(self, prefix: str, landmarks: bool) -> None:
        """
        Take what body_transforms() wants.

        :param prefix: of every frame's name
        :param landmarks: also give frames to landmarks
        """
        self._prefix, self._landmarks = prefix, landmarks

    def __call__(self, frame: AnnotatedFrame) -> bytes:
        """Return the message of a picture; nothing when nobody's position is known."""
        output = frame.output
        header = with_time(output.frame.header, output.time_ns)
        return _serialized(body_transforms(output.poses, header, self._prefix, self._landmarks))


class ViewFrame:
    """The viewers' frame at one camera, on /tf_static: once for each frame that images have."""

    def __init__(self, name: str) -> None:
        """
        Begin without a camera.

        :param name: of the frame
        """
        self._name, self._parent = name, ''

    def __call__(self, frame: AnnotatedFrame) -> bytes:
        """Return the message, before the first picture of a frame; nothing after it."""
        header = frame.output.frame.header
        if header.frame_id in ('', self._parent):
            return b''
        self._parent = header.frame_id
        return _serialized([view_transform(self._name, header)])


def _serialized(transforms: list[TransformStamped]) -> bytes:
    return serialize(TFMessage(transforms), TF_MESSAGE) if transforms else b''
