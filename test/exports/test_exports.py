# SPDX-License-Identifier: Apache-2.0
"""Every export, read back by the reader that its users have: the values are the messages'."""

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from pycocotools.coco import COCO
import pytest

from pose_ros.exports.export import ExportError
from pose_ros.exports.keypoints import BODY_25
from pose_ros.exports.keypoints import COCO as COCO_POINTS
from pose_ros.exports.lerobot_dataset import LeRobotDataset
from pose_ros.exports.rows import COLUMNS
from pose_ros.exports.video_file import VideoFile, rate_of
from pose_ros.poses.skeleton import Landmark
from simulation.bag_files import START_NS, files
from simulation.exported import PEOPLE, Exported

NAMES = [each.name.lower() for each in Landmark]
VALUES = ('x', 'y', 'z', 'visibility', 'presence')


def expected_rows(exported: Exported) -> list[dict[str, Any]]:
    """Return the table that the messages should give."""
    rows = []
    for index, message in enumerate(exported.messages):
        stamp = message.header.stamp
        stamp_ns = stamp.sec * 10**9 + stamp.nanosec
        for number, person in enumerate(message.poses):
            for name, found, world in zip(
                NAMES, person.landmarks, person.world_landmarks, strict=True
            ):
                rows.append(
                    {
                        'stamp_ns': stamp_ns,
                        'time': (stamp_ns - START_NS) / 1e9,
                        'camera': 'image_raw',
                        'frame': index,
                        'person': number,
                        'track_id': person.track_id,
                        'landmark': name,
                        'x': found.x,
                        'y': found.y,
                        'z': found.z,
                        'visibility': found.visibility,
                        'presence': found.presence,
                        'world_x': world.x,
                        'world_y': world.y,
                        'world_z': world.z,
                        'position_x': person.position.x,
                        'position_y': person.position.y,
                        'position_z': person.position.z,
                        'position_error': person.position_error,
                        'position_source': person.position_source,
                    }
                )
    return rows


def typed(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({name: kind for name, kind in COLUMNS.items() if kind != 'str'})


def test_two_runs_write_identical_files(exported: Exported) -> None:
    one, two = files(exported.folder), files(exported.again)
    assert {name: one[name] == two[name] for name in one} == dict.fromkeys(two, True)


@pytest.mark.parametrize('name', ['landmarks.csv', 'landmarks.parquet'])
def test_tables_read_by_pandas(exported: Exported, name: str) -> None:
    path = exported.folder / name
    table = typed(pd.read_csv(path) if path.suffix == '.csv' else pd.read_parquet(path))
    wanted = typed(pd.DataFrame(expected_rows(exported)))
    # A float32 of a message is a Python float: the same number.
    pd.testing.assert_frame_equal(
        table, wanted, check_exact=True, check_dtype=False, check_column_type=False
    )


def test_the_csv_table_read_without_anything(exported: Exported) -> None:
    with (exported.folder / 'landmarks.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(COLUMNS)
    assert [row['landmark'] for row in rows[:33]] == NAMES
    for row in rows:
        assert row['time'] == repr(float(row['time']))  # 0.1, not 0.10000000000000001


def test_coco_results_read_by_pycocotools(exported: Exported) -> None:
    truth = COCO(str(exported.folder / 'coco_images.json'))
    results = truth.loadRes(str(exported.folder / 'coco_results.json'))
    found = results.loadAnns(results.getAnnIds())
    people = list(exported.people())
    assert len(truth.getImgIds()) == len(exported.messages)
    assert len(found) == len(people)
    for annotation, (index, person) in zip(found, people, strict=True):
        image = truth.loadImgs(annotation['image_id'])[0]
        assert image['frame'] == index
        points = np.reshape(annotation['keypoints'], (17, 3))
        for (name, _), (x_px, y_px, visibility) in zip(COCO_POINTS, points, strict=True):
            landmark = person.landmarks[NAMES.index(name)]
            assert x_px == pytest.approx(landmark.x * image['width'])
            assert y_px == pytest.approx(landmark.y * image['height'])
            assert visibility == pytest.approx(landmark.visibility)
        assert annotation['score'] == pytest.approx(person.confidence)
    category = truth.loadCats(1)[0]
    assert category['keypoints'] == [name for name, _ in COCO_POINTS]
    assert len(category['skeleton']) == 19


def test_openpose_files_as_pose2sim_reads_them(exported: Exported) -> None:
    """As its `Pose2Sim.personAssociation` does: x, y, confidence of 25 keypoints, by number."""
    paths = sorted((exported.folder / 'openpose_image_raw').iterdir())
    assert len(paths) == len(exported.messages)
    for path, message in zip(paths, exported.messages, strict=True):
        content = json.loads(path.read_text())
        assert content['version'] == 1.3
        assert len(content['people']) == len(message.poses)
        for person, pose in zip(content['people'], message.poses, strict=True):
            x = dict(
                zip([name for name, _ in BODY_25], person['pose_keypoints_2d'][0::3], strict=True)
            )
            left, right = (
                pose.landmarks[Landmark[f'{side}_SHOULDER']].x * message.image_width
                for side in ('LEFT', 'RIGHT')
            )
            assert x['RShoulder'] == pytest.approx(right)
            assert x['Neck'] == pytest.approx((left + right) / 2)
            assert x['LSmallToe'] == 0.0
            assert person['person_id'] == [pose.track_id]


def read_trc(path: Path) -> tuple[list[str], pd.DataFrame, list[str]]:
    """Read a TRC file as Pose2Sim's `read_trc` does: five lines of header, then a table."""
    header = path.read_text().splitlines()[:5]
    markers = [name for name in header[3].split('\t')[2:] if name.strip()]
    return header, pd.read_csv(path, sep='\t', skiprows=4), markers


def test_trc_files_as_pose2sim_reads_them(exported: Exported) -> None:
    paths = sorted(exported.folder.glob('*.trc'))
    ids = {person.track_id for _, person in exported.people()}
    assert {path.name for path in paths} == {f'image_raw_person_{each}.trc' for each in ids}
    for path in paths:
        header, table, markers = read_trc(path)
        assert markers == NAMES
        values = dict(zip(header[1].split('\t'), header[2].split('\t'), strict=True))
        assert int(values['NumFrames']) == len(table)
        assert int(values['NumMarkers']) == 33
        assert values['Units'] == 'm'
        assert float(values['DataRate']) == pytest.approx(30, abs=0.1)
        track_id = int(path.stem.rsplit('_', 1)[1])
        seen = {
            index: person for index, person in exported.people() if person.track_id == track_id
        }
        first = min(seen)
        for index, person in seen.items():
            row = table.iloc[index - first]
            hips = [
                np.array([row.iloc[2 + 3 * Landmark[name] + axis] for axis in range(3)])
                for name in ('LEFT_HIP', 'RIGHT_HIP')
            ]
            middle = sum(hips) / 2
            position = person.position
            # The hips' middle is the position; y and z point the other way in OpenSim.
            wanted = (position.x, -position.y, -position.z)
            assert middle == pytest.approx(wanted, abs=0.03)


def test_the_video_has_the_skeletons(exported: Exported) -> None:
    capture = cv2.VideoCapture(str(exported.folder / 'overlay_image_raw.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(30, abs=0.05)
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    assert len(frames) == len(exported.messages)
    orange_bgr = np.array((0, 159, 230))
    assert (np.abs(frames[-1].astype(int) - orange_bgr).sum(axis=2) < 90).any()


def test_lerobot_files_follow_its_format(exported: Exported) -> None:
    """As LeRobot's `LeRobotDataset` of version 3.0 finds its way through them."""
    root = exported.folder / 'lerobot'
    info = json.loads((root / 'meta/info.json').read_text())
    assert info['codebase_version'] == 'v3.0'
    assert info['total_frames'] == len(exported.messages)
    tasks = pd.read_parquet(root / 'meta/tasks.parquet')
    assert tasks.iloc[0].name == 'observe people'
    [episode] = pq.read_table(root / 'meta/episodes/chunk-000/file-000.parquet').to_pylist()
    path = info['data_path'].format(
        chunk_index=episode['data/chunk_index'], file_index=episode['data/file_index']
    )
    table = pq.read_table(root / path)
    assert len(table) == episode['dataset_to_index'] == episode['length']
    numbers = {
        name: about for name, about in info['features'].items() if about['dtype'] != 'video'
    }
    assert set(numbers) == set(table.column_names)
    for name, about in numbers.items():
        first = table[name][0].as_py()
        assert np.size(first) == about['shape'][0]
        assert about['names'] is None or len(about['names']) == about['shape'][0]
    [video] = [name for name, about in info['features'].items() if about['dtype'] == 'video']
    capture = cv2.VideoCapture(
        str(root / info['video_path'].format(video_key=video, chunk_index=0, file_index=0))
    )
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == len(table)
    assert table['timestamp'][3].as_py() == pytest.approx(3 / info['fps'])
    for index, message in enumerate(exported.messages):
        poses = np.reshape(table['observation.pose.landmarks'][index].as_py(), (PEOPLE, 33, 5))
        ids = table['observation.pose.track_ids'][index].as_py()
        assert ids == [each.track_id for each in message.poses] + [-1] * (
            PEOPLE - len(message.poses)
        )
        for pose, person in zip(poses, message.poses, strict=False):
            assert pose[0].tolist() == pytest.approx(
                [
                    getattr(person.landmarks[0], axis)
                    for axis in ('x', 'y', 'z', 'visibility', 'presence')
                ]
            )
        assert not poses[len(message.poses) :].any()
    stats = json.loads((root / 'meta/stats.json').read_text())
    assert set(stats) == set(info['features'])
    assert np.shape(stats[video]['mean']) == (3, 1, 1)
    assert 0.1 < np.mean(stats[video]['mean']) < 0.9
    column = np.array(table['observation.pose.landmarks'].to_pylist())
    assert stats['observation.pose.landmarks']['mean'] == pytest.approx(column.mean(axis=0))


def test_lerobot_wants_one_camera(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r'front, rear.*--image'):
        LeRobotDataset(tmp_path, ['front', 'rear'], 1)


def test_a_video_takes_pictures_of_several_sizes(tmp_path: Path) -> None:
    video = VideoFile(tmp_path / 'a.mp4')
    for number in range(12):
        side = 64 if number < 6 else 96
        video.write(np.zeros((side, side, 3), np.uint8), number * 40_000_000)
    video.close()
    assert video.rate_hz == 25.0
    capture = cv2.VideoCapture(str(tmp_path / 'a.mp4'))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 12


def test_a_video_without_pictures_is_no_file(tmp_path: Path) -> None:
    VideoFile(tmp_path / 'a.mp4').close()
    assert not (tmp_path / 'a.mp4').exists()


def test_the_rate_of_stamps() -> None:
    assert rate_of([]) == rate_of([5]) == 30.0
    assert rate_of([0, 100_000_000, 200_000_000, 900_000_000]) == 10.0
