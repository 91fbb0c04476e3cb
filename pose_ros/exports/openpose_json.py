# SPDX-License-Identifier: Apache-2.0
"""Writes people as OpenPose does: a JSON file a picture, with the keypoints of BODY_25."""

from __future__ import annotations

from collections.abc import Sequence
import json
from pathlib import Path

from pose_ros.exports.export import AnnotatedFrame
from pose_ros.exports.keypoints import BODY_25, keypoints_px

__all__ = ['OpenPoseJson']

VERSION = 1.3
WITHOUT = (
    'face_keypoints_2d',
    'hand_left_keypoints_2d',
    'hand_right_keypoints_2d',
    'pose_keypoints_3d',
    'face_keypoints_3d',
    'hand_left_keypoints_3d',
    'hand_right_keypoints_3d',
)


class OpenPoseJson:
    """A folder openpose_CAMERA for each camera, as Pose2Sim wants them."""

    def __init__(self, folder: Path, cameras: Sequence[str]) -> None:
        """Create the folders."""
        self._folders = {name: folder / f'openpose_{name}' for name in cameras}
        for each in self._folders.values():
            each.mkdir()

    def write(self, frame: AnnotatedFrame) -> None:
        """Write the file of a picture."""
        width, height = frame.output.size
        poses = frame.output.poses
        people = [
            {
                'person_id': [track_id],
                'pose_keypoints_2d': keypoints_px(landmarks, BODY_25, width, height)
                .ravel()
                .tolist(),
                **{name: [] for name in WITHOUT},
            }
            for landmarks, track_id in zip(poses.landmarks, poses.track_ids.tolist(), strict=True)
        ]
        path = self._folders[frame.camera] / f'{frame.camera}_{frame.index:012d}_keypoints.json'
        path.write_text(json.dumps({'version': VERSION, 'people': people}))

    def close(self) -> None:
        """Do nothing: all files are whole."""
