# SPDX-License-Identifier: Apache-2.0
"""Quality on photographs: made-up folders in COCO's format, whose truth is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from benchmark.coco_folder import CocoError, CocoFolder, find_coco, read_photograph
from benchmark.keypoint_scores import FoundPeople, score
from benchmark.quality import Quality, find_people, table, write
from pose_ros.detection.search_options import Search, SearchOptions
from pose_ros.exports.keypoints import COCO, keypoints_px
from pose_ros.poses.poses import Poses

PERSON = {'id': 1, 'name': 'person', 'keypoints': [name for name, _ in COCO]}
SIZE = 640, 480
SEEN = 2  # COCO's mark of a keypoint that is in view


def body(x: float, y: float, height: float) -> NDArray[np.float32]:
    """Return landmarks of somebody who stands there, (33, 5), in fractions of the picture."""
    rows = np.random.default_rng(7).uniform(0.2, 0.8, (33, 5)).astype(np.float32)
    rows[:, 0] = x + (rows[:, 0] - 0.5) * height
    rows[:, 1] = y + rows[:, 1] * height
    rows[11:13, 1], rows[23:25, 1] = y + 0.2 * height, y + 0.6 * height
    rows[:, 3:] = 1.0
    return rows


PEOPLE = np.stack([body(0.3, 0.1, 0.8), body(0.8, 0.4, 0.3)])


def moved(away: float) -> NDArray[np.float32]:
    """Return the people, all farther right by a fraction of the picture."""
    return PEOPLE + np.array((away, 0, 0, 0, 0), np.float32)


def annotation(landmarks: NDArray[np.float32], image: int, size: tuple[int, int]) -> Any:
    """Return the annotation of a person whose keypoints are all in view."""
    points = keypoints_px(landmarks, COCO, *size)
    points[:, 2] = SEEN
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return {
        'id': 0,
        'image_id': image,
        'category_id': 1,
        'iscrowd': 0,
        'keypoints': points.ravel().tolist(),
        'bbox': [*low.tolist(), *(high - low).tolist()],
        'area': float((high - low).prod()) * 0.5,
    }


def write_coco(folder: Path, pictures: dict[str, Any], people: list[Any]) -> Path:
    """Write photographs and annotations as the full set has them, and return the folder."""
    images = []
    (folder / 'val').mkdir(parents=True)
    (folder / 'annotations').mkdir()
    for number, (name, rgb) in enumerate(pictures.items(), 1):
        cv2.imwrite(str(folder / 'val' / name), rgb[:, :, ::-1])
        height, width = rgb.shape[:2]
        images.append({'id': number, 'file_name': name, 'width': width, 'height': height})
    data = {'images': images, 'annotations': people, 'categories': [PERSON]}
    (folder / 'annotations/people.json').write_text(json.dumps(data))
    (folder / 'annotations/captions.json').write_text('{"annotations": []}')
    return folder


def grey(width: int = SIZE[0], height: int = SIZE[1]) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 90, np.uint8)


@pytest.fixture
def coco(tmp_path: Path) -> CocoFolder:
    people = [annotation(each, 1, SIZE) for each in PEOPLE]
    return find_coco(write_coco(tmp_path / 'made', {'a.png': grey(), 'b.png': grey()}, people))


def found(landmarks: NDArray[np.float32]) -> list[FoundPeople]:
    people = Poses(landmarks, landmarks)
    return [FoundPeople(1, people, *SIZE), FoundPeople(2, Poses.empty(), *SIZE)]


def test_who_is_found_where_she_is_annotated_is_perfect(coco: CocoFolder) -> None:
    scores = score(coco, found(PEOPLE))
    assert [scores.ap, scores.ap50, scores.ap75, scores.ar] == pytest.approx([1] * 4)
    assert (scores.pck, scores.pck_of_all, scores.recall) == (1, 1, 1)
    assert (scores.people, scores.found) == (2, 2)


def test_who_is_found_elsewhere_is_wrong(coco: CocoFolder) -> None:
    scores = score(coco, found(moved(0.2)))
    assert scores.ap50 < 0.01
    assert scores.recall == scores.pck_of_all == 0
    assert np.isnan(scores.pck)


def test_the_farther_away_the_worse(coco: CocoFolder) -> None:
    aps = []
    for away in (0.0, 0.01, 0.02, 0.03):
        scores = score(coco, found(moved(away)))
        aps.append(scores.ap)
    assert aps[0] == pytest.approx(1)
    assert aps == sorted(aps, reverse=True)
    assert len(set(aps)) == len(aps)


def test_keypoints_that_are_wrong_count_against_pck_alone_where_their_person_is_found(
    coco: CocoFolder,
) -> None:
    landmarks = PEOPLE.copy()
    landmarks[:, [15, 16], 0] += 0.3  # both wrists
    scores = score(coco, found(landmarks))
    assert scores.recall == 1
    assert scores.pck == scores.pck_of_all == pytest.approx(15 / 17)


def test_recall_is_told_by_height(coco: CocoFolder) -> None:
    scores = score(coco, found(PEOPLE[:1]))
    heights = [each['bbox'][3] / SIZE[1] for each in coco.data['annotations']]
    for each in scores.recall_by_height:
        inside = [each.low <= height < each.high for height in heights]
        assert each.people == sum(inside)
        assert each.found == inside[0]
    assert sum(each.people for each in scores.recall_by_height) == 2
    assert scores.pck == 1
    assert scores.pck_of_all == 0.5


def test_with_nobody_found_all_is_zero_and_nobody_annotated_is_no_number(
    coco: CocoFolder, tmp_path: Path
) -> None:
    scores = score(coco, found(PEOPLE[:0]))
    assert (scores.ap, scores.ar, scores.recall) == (0, 0, 0)
    empty = find_coco(write_coco(tmp_path / 'empty', {'a.png': grey()}, []))
    assert np.isnan(score(empty, [FoundPeople(1, Poses.empty(), *SIZE)]).ap)


def test_people_without_keypoints_are_neither_wanted_nor_wrong(tmp_path: Path) -> None:
    people = [annotation(each, 1, SIZE) for each in PEOPLE]
    people[1]['keypoints'] = [0] * 51
    coco = find_coco(write_coco(tmp_path / 'made', {'a.png': grey(), 'b.png': grey()}, people))
    scores = score(coco, found(PEOPLE))
    assert scores.people == scores.found == 1
    assert scores.ap == pytest.approx(1)


def test_real_people_found_by_the_model_itself_are_perfect_and_shifted_ones_are_not(
    models: dict[str, Path], astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Annotations made from what `~/detect` finds; then the photograph is shifted under them."""
    small = grey(640, 640)
    small[200:456, 300:556] = cv2.resize(astronaut, (256, 256), interpolation=cv2.INTER_AREA)
    pictures = {'large.png': astronaut, 'small.png': small}
    search = SearchOptions(Search.WINDOWS, min_person_height=0.35)
    blank = find_coco(write_coco(tmp_path / 'blank', pictures, []))
    people, cpu_ms = find_people(blank, models['lite'], search)
    assert [len(each.poses) for each in people] == [1, 1]
    assert cpu_ms > 0
    truth = [
        annotation(each.poses.landmarks[0], each.image, (each.width, each.height))
        for each in people
    ]
    perfect = find_coco(write_coco(tmp_path / 'perfect', pictures, truth))
    again, _ = find_people(perfect, models['lite'], search)
    assert score(perfect, again).ap == pytest.approx(1)
    shifted = {name: np.roll(rgb, 60, axis=1) for name, rgb in pictures.items()}
    elsewhere = find_coco(write_coco(tmp_path / 'shifted', shifted, truth))
    wrong, _ = find_people(elsewhere, models['lite'], search)
    assert score(elsewhere, wrong).ap < 0.6


def test_what_was_measured_is_written_as_table_and_json(coco: CocoFolder, tmp_path: Path) -> None:
    rows = [Quality('lite', 'image', 2, 12.3, score(coco, found(PEOPLE)))]
    write(tmp_path / 'new/folder', rows, {'photographs': 2})
    text = (tmp_path / 'new/folder/quality.md').read_text()
    assert table(rows) in text
    assert '| lite | image | 1.000 | 1.000 |' in text
    data = json.loads((tmp_path / 'new/folder/quality.json').read_text())
    assert data['results'][0]['scores']['ap'] == pytest.approx(1)
    assert data['about'] == {'photographs': 2}


def test_photographs_are_evenly_spread_when_some_are_wanted(tmp_path: Path) -> None:
    pictures = {f'{number}.png': grey(32, 32) for number in range(9)}
    people = [annotation(PEOPLE[0], image, (32, 32)) for image in range(1, 10)]
    some = find_coco(write_coco(tmp_path / 'made', pictures, people)).some(3)
    assert [each.id for each in some.photographs] == [1, 5, 9]
    assert [each['image_id'] for each in some.data['annotations']] == [1, 5, 9]


def test_images_that_are_not_there_are_left_out_and_counted(coco: CocoFolder) -> None:
    coco.photographs[1].path.unlink()
    found_again = find_coco(coco.annotations.parents[1])
    assert [each.id for each in found_again.photographs] == [1]
    assert found_again.missing == 1


def changed(coco: CocoFolder, change: str) -> Path:
    """Damage a folder, and return it."""
    folder, path = coco.annotations.parents[1], coco.annotations
    data = json.loads(path.read_text())
    if change == 'none':
        path.unlink()
    elif change == 'two':
        (folder / 'other.json').write_text(path.read_text())
    elif change == 'pictures':
        for each in coco.photographs:
            each.path.unlink()
    elif change == 'damaged':
        path.write_text(path.read_text()[:-30])
    elif change == 'keypoints':
        data['categories'][0]['keypoints'] = ['nose', 'tail']
        path.write_text(json.dumps(data))
    elif change == 'short':
        data['annotations'][0]['keypoints'].pop()
        path.write_text(json.dumps(data))
    elif change == 'twice':
        (folder / 'copy').mkdir()
        (folder / 'copy/a.png').write_bytes(coco.photographs[0].path.read_bytes())
    elif change == 'field':
        del data['images'][0]['width']
        path.write_text(json.dumps(data))
    return folder


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        ('none', '17 "keypoints".* got 1 JSON files'),
        ('two', 'one file of annotations, got annotations/people.json, other.json'),
        ('pictures', "lists 'a.png' first, which is not among the 0 pictures"),
        ('damaged', 'damaged or of another kind'),
        ('keypoints', "got .*'tail'"),
        ('short', 'got 50 numbers'),
        ('twice', 'wanted one picture a.png, got'),
        ('field', "no 'width'"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_with_reason(
    coco: CocoFolder, change: str, words: str
) -> None:
    with pytest.raises(CocoError, match=words) as refused:
        find_coco(changed(coco, change))
    assert '\n' not in str(refused.value)


def test_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CocoError, match='got no folder'):
        find_coco(tmp_path / 'nowhere')


def test_a_picture_that_is_another_one_is_refused(coco: CocoFolder) -> None:
    cv2.imwrite(str(coco.photographs[0].path), grey(320, 240))
    with pytest.raises(CocoError, match=r'wanted 640x480 pixels.* got 320x240'):
        read_photograph(coco.photographs[0])
    coco.photographs[0].path.write_bytes(b'no picture')
    with pytest.raises(CocoError, match='OpenCV cannot read'):
        read_photograph(coco.photographs[0])


def test_pictures_that_cannot_be_read_are_left_out_with_their_people(coco: CocoFolder) -> None:
    first, *others = coco.photographs
    first.path.write_bytes(b'')
    rest, problems = coco.readable()
    assert rest.photographs == tuple(others)
    assert [str(first.path) in each for each in problems] == [True]
    assert {each['image_id'] for each in rest.data['annotations']} <= {each.id for each in others}
    for each in others:
        each.path.write_bytes(b'')
    with pytest.raises(CocoError, match='OpenCV cannot read'):
        coco.readable()
