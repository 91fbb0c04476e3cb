# SPDX-License-Identifier: Apache-2.0
"""
Finds photographs with people's keypoints, in COCO's format, in a folder.

Names do not count: the annotations are the JSON file that has a category with COCO's 17 keypoints
and lists images that are there; the photographs may lie in any folder below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
import json
import mmap
from pathlib import Path
import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.exports.keypoints import COCO

__all__ = ['CocoError', 'CocoFolder', 'Photograph', 'find_coco', 'read_photograph']

SUFFIXES = ('.jpg', '.jpeg', '.png')
KEYPOINTS = [name for name, _ in COCO]
FIRST_IMAGE = re.compile(rb'"file_name"\s*:\s*"([^"\\]+)"')
WANTED = (
    'wanted a JSON file with "images", "annotations" and a category with COCO\'s 17 "keypoints", '
    'as person_keypoints_val2017.json has them, and the photographs that it lists'
)


class CocoError(ValueError):
    """There is nothing that can be used; one line: what was wanted, what came, what to do."""


@dataclass(frozen=True)
class Photograph:
    """
    A photograph that is there.

    :param id: in the annotations
    :param width: in pixels, as the annotations have it, likewise height
    """

    id: int
    path: Path
    width: int
    height: int


@dataclass(frozen=True)
class CocoFolder:
    """
    Photographs and their annotations.

    :param annotations: the JSON file
    :param photographs: those that are there, in the order of their ids
    :param missing: how many images the annotations list that are not there
    :param data: of the JSON file what belongs to these photographs and to people, in COCO's own
        layout, for pycocotools
    """

    annotations: Path
    photographs: tuple[Photograph, ...]
    missing: int
    data: dict[str, Any]

    def some(self, count: int) -> CocoFolder:
        """
        Return a part of it.

        :param count: of photographs, evenly spread over all
        """
        if count >= len(self.photographs):
            return self
        chosen = np.linspace(0, len(self.photographs) - 1, count).round().astype(int)
        return self._with(tuple(self.photographs[index] for index in chosen))

    def readable(self) -> tuple[CocoFolder, list[str]]:
        """
        Return the part whose photographs can be read, and what is wrong with the others.

        :raises CocoError: when none can be read
        """
        photographs, problems = [], []
        for photograph in self.photographs:
            try:
                read_photograph(photograph)
            except CocoError as error:
                problems.append(str(error))
            else:
                photographs.append(photograph)
        if not photographs:
            raise CocoError(problems[0])
        return self._with(tuple(photographs)), problems

    def _with(self, photographs: tuple[Photograph, ...]) -> CocoFolder:
        data = _of_photographs(self.data, photographs)
        return CocoFolder(self.annotations, photographs, self.missing, data)


def find_coco(folder: Path) -> CocoFolder:
    """
    Find annotations and photographs.

    :raises CocoError: when there are none, or annotations that are damaged, or several
    """
    if not folder.is_dir():
        raise CocoError(f'{folder}: {WANTED} in one folder, got no folder')
    pictures: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob('*')):
        if path.suffix.lower() in SUFFIXES:
            pictures.setdefault(path.name, []).append(path)
    with_keypoints = [path for path in sorted(folder.rglob('*.json')) if _has_keypoints(path)]
    if not with_keypoints:
        count = len(list(folder.rglob('*.json')))
        raise CocoError(f'{folder}: {WANTED}; got {count} JSON files, none of which is one')
    fitting = [path for path in with_keypoints if _first_image(path) in pictures]
    if not fitting:
        path, count = with_keypoints[0], sum(map(len, pictures.values()))
        raise CocoError(
            f'{folder}: {WANTED}; {path.relative_to(folder)} lists {_first_image(path)!r} first, '
            f'which is not among the {count} pictures here: put the photographs into this folder'
        )
    if len(fitting) > 1:
        names = ', '.join(str(path.relative_to(folder)) for path in fitting)
        raise CocoError(f'{folder}: wanted one file of annotations, got {names}: leave one there')
    return _read(fitting[0], pictures)


def read_photograph(photograph: Photograph) -> NDArray[np.uint8]:
    """
    Return the pixels, uint8 (H, W, 3), rgb.

    :raises CocoError: when the file is damaged, or of another size than the annotations say
    """
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    bgr = cv2.imread(str(photograph.path), flags)
    if bgr is None:
        raise CocoError(f'{photograph.path}: wanted a photograph, got what OpenCV cannot read')
    height, width = bgr.shape[:2]
    if (width, height) != (photograph.width, photograph.height):
        raise CocoError(
            f'{photograph.path}: wanted {photograph.width}x{photograph.height} pixels, as the '
            f'annotations say, got {width}x{height}: it is another picture, or was made smaller'
        )
    return np.ascontiguousarray(bgr[:, :, ::-1])


def _has_keypoints(path: Path) -> bool:
    """Say whether a file names keypoints at all, without reading it: some have 450 MB."""
    if not path.stat().st_size:
        return False
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return all(text.find(b'"%s"' % each) >= 0 for each in (b'keypoints', b'file_name'))


def _first_image(path: Path) -> str:
    with path.open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        found = FIRST_IMAGE.search(text)
        return Path(found[1].decode(errors='replace')).name if found else ''


def _read(path: Path, pictures: dict[str, list[Path]]) -> CocoFolder:
    try:
        data = json.loads(path.read_text(encoding='utf-8'))
        category = _person(data['categories'])
        photographs = tuple(
            Photograph(image['id'], there, image['width'], image['height'])
            for image in sorted(data['images'], key=lambda each: each['id'])
            if (there := _picture(image['file_name'], pictures))
        )
        annotations = [
            {**each, 'id': number, 'category_id': category['id']}
            for number, each in enumerate(data['annotations'], 1)  # 0 means nobody to pycocotools
            if each['category_id'] == category['id']
        ]
        for each in annotations:
            _check(each)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, CocoError):
            raise
        reason = f'no {error} where one belongs' if isinstance(error, KeyError) else error
        raise CocoError(
            f'{path}: {WANTED}; this file is damaged or of another kind: {reason}'
        ) from error
    missing = len(data['images']) - len(photographs)
    kept = {'images': data['images'], 'annotations': annotations, 'categories': [category]}
    return CocoFolder(path, photographs, missing, _of_photographs(kept, photographs))


def _person(categories: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the category whose keypoints are COCO's 17."""
    for category in categories:
        if category.get('keypoints') == KEYPOINTS:
            return category
    got = [category.get('keypoints') for category in categories if category.get('keypoints')]
    raise CocoError(f"wanted a category with COCO's keypoints {KEYPOINTS}, got {got or 'none'}")


def _picture(name: str, pictures: dict[str, list[Path]]) -> Path | None:
    """Return where an image is; of several with its name, the one in the folder that it names."""
    there = pictures.get(Path(name).name, [])
    if len(there) < 2:
        return there[0] if there else None
    named = [path for path in there if path.as_posix().endswith(f'/{name}')]
    if len(named) != 1:
        raise CocoError(f'wanted one picture {name}, got {", ".join(map(str, there))}')
    return named[0]


def _check(annotation: dict[str, Any]) -> None:
    """Check what pycocotools trusts."""
    count = len(annotation['keypoints'])
    if count != 3 * len(KEYPOINTS):
        raise CocoError(
            f'annotation {annotation["id"]}: wanted x, y and visibility of 17 keypoints, got '
            f'{count} numbers'
        )
    if len(annotation['bbox']) != 4 or not annotation['area'] >= 0:
        raise CocoError(f'annotation {annotation["id"]}: wanted a bbox of 4 numbers and an area')
    annotation.setdefault('iscrowd', 0)
    annotation['num_keypoints'] = sum(1 for each in annotation['keypoints'][2::3] if each > 0)


def _of_photographs(data: dict[str, Any], photographs: tuple[Photograph, ...]) -> dict[str, Any]:
    ids = {each.id for each in photographs}

    def kept(items: list[dict[str, Any]], key: str) -> Iterator[dict[str, Any]]:
        return (each for each in items if each[key] in ids)

    return {
        **data,
        'images': list(kept(data['images'], 'id')),
        'annotations': list(kept(data['annotations'], 'image_id')),
    }
