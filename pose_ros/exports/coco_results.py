# SPDX-License-Identifier: Apache-2.0
"""Writes people as COCO keypoint results, with the list of images that they belong to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pose_ros.exports.export import AnnotatedFrame
from pose_ros.exports.keypoints import COCO, COCO_SKELETON, keypoints_px

__all__ = ['CocoResults']

RESULTS, IMAGES = 'coco_results.json', 'coco_images.json'
PERSON = {
    'id': 1,
    'name': 'person',
    'supercategory': 'person',
    'keypoints': [name for name, _ in COCO],
    'skeleton': COCO_SKELETON,
}


class CocoResults:
    """
    The files coco_results.json and coco_images.json.

    pycocotools reads them as `COCO('coco_images.json').loadRes('coco_results.json')`.
    """

    def __init__(self, folder: Path) -> None:
        """Create the files."""
        self._results = _JsonList(folder / RESULTS, '', '')
        head = (
            f'{{"info": {{}}, "categories": {json.dumps([PERSON])}, "annotations": [], "images": '
        )
        self._images = _JsonList(folder / IMAGES, head, '}')
        self._count = 0

    def write(self, frame: AnnotatedFrame) -> None:
        """Write a picture and its people."""
        self._count += 1
        width, height = frame.output.size
        self._images.append(
            {
                'id': self._count,
                'file_name': f'{frame.camera}_{frame.stamp_ns}',
                'width': width,
                'height': height,
                'camera': frame.camera,
                'frame': frame.index,
                'stamp_ns': frame.stamp_ns,
            }
        )
        poses = frame.output.poses
        for landmarks, score, track_id in zip(
            poses.landmarks, poses.confidence.tolist(), poses.track_ids.tolist(), strict=True
        ):
            self._results.append(
                {
                    'image_id': self._count,
                    'category_id': PERSON['id'],
                    'keypoints': keypoints_px(landmarks, COCO, width, height).ravel().tolist(),
                    'score': score,
                    'track_id': track_id,
                }
            )

    def close(self) -> None:
        """Finish the files."""
        self._results.close()
        self._images.close()


class _JsonList:
    """A file with a JSON list that is longer than memory may hold."""

    def __init__(self, path: Path, head: str, tail: str) -> None:
        self._file, self._tail, self._separator = path.open('w'), tail, '\n'
        self._file.write(f'{head}[')

    def append(self, item: Any) -> None:
        self._file.write(self._separator + json.dumps(item))
        self._separator = ',\n'

    def close(self) -> None:
        self._file.write(f'\n]{self._tail}\n')
        self._file.close()
