# SPDX-License-Identifier: Apache-2.0
"""
Lists the formats in which the people of a recording can be written.

To add a format, add an entry to EXPORTS: command line and tests iterate over it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pose_ros.exports.coco_results import CocoResults
from pose_ros.exports.csv_table import CsvTable
from pose_ros.exports.export import Export
from pose_ros.exports.lerobot_dataset import LeRobotDataset
from pose_ros.exports.openpose_json import OpenPoseJson
from pose_ros.exports.overlay_video import OverlayVideo
from pose_ros.exports.parquet_table import ParquetTable
from pose_ros.exports.trc_files import TrcFiles
from pose_ros.stream.parameters import Parameters

__all__ = ['EXPORTS', 'ExportFormat']

Maker = Callable[[Path, Sequence[str], Parameters], Export]


def _never(_: Parameters) -> bool:
    return False


def _overlay_masks(parameters: Parameters) -> bool:
    return parameters.overlay_uses_masks


@dataclass(frozen=True)
class ExportFormat:
    """
    One format.

    :param name: of the option
    :param meaning: for users
    :param make: begins an export, into a folder, for cameras with these names
    :param uses_masks: says whether it needs segmentation masks
    """

    name: str
    meaning: str
    make: Maker
    uses_masks: Callable[[Parameters], bool] = _never


EXPORTS = {
    each.name: each
    for each in (
        ExportFormat(
            'csv',
            'landmarks.csv: a row for each person and landmark',
            lambda folder, _cameras, _parameters: CsvTable(folder),
        ),
        ExportFormat(
            'parquet',
            'landmarks.parquet: the same; needs pyarrow',
            lambda folder, _cameras, _parameters: ParquetTable(folder),
        ),
        ExportFormat(
            'coco',
            "coco_results.json and coco_images.json: COCO's 17 keypoints",
            lambda folder, _cameras, _parameters: CocoResults(folder),
        ),
        ExportFormat(
            'openpose-json',
            "openpose_CAMERA/: a file a picture with OpenPose's BODY_25",
            lambda folder, cameras, _parameters: OpenPoseJson(folder, cameras),
        ),
        ExportFormat(
            'trc',
            'CAMERA_person_ID.trc: 3D landmarks for OpenSim',
            lambda folder, _cameras, _parameters: TrcFiles(folder),
        ),
        ExportFormat(
            'video',
            'overlay_CAMERA.mp4: the pictures with skeletons',
            lambda folder, cameras, _parameters: OverlayVideo(folder, cameras),
            _overlay_masks,
        ),
        ExportFormat(
            'lerobot',
            'lerobot/: a LeRobot data set v3.0 with pictures and poses; needs pyarrow',
            lambda folder, cameras, parameters: LeRobotDataset(
                folder, cameras, parameters.num_poses
            ),
        ),
    )
}
