# SPDX-License-Identifier: Apache-2.0
"""What is found in a turned or cut picture comes back in the coordinates of the whole one."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.detection.picture_view import PictureView
from pose_ros.detection.search_options import Part
from pose_ros.poses.poses import Poses


@pytest.fixture(scope='module')
def landmarker(models: dict[str, Path]) -> Landmarker:
    return Landmarker(
        LandmarkerOptions(
            models['lite'], running_mode=RunningMode.IMAGE, output_segmentation_masks=True
        )
    )


def found(landmarker: Landmarker, view: PictureView, rgb: NDArray[np.uint8]) -> Poses:
    height, width = rgb.shape[:2]
    return view.in_picture(landmarker.detect(landmarker.load(view.shown(rgb)), 0), width, height)


def test_the_whole_picture_is_not_copied(astronaut: NDArray[np.uint8]) -> None:
    assert PictureView().shown(astronaut) is astronaut


@pytest.mark.parametrize('quarters', [1, 2, 3])
def test_a_turned_camera_finds_the_same_person(
    landmarker: Landmarker, cameraman: NDArray[np.uint8], quarters: int
) -> None:
    """np.rot90 turns counterclockwise: the view turns it back."""
    upright = np.pad(cameraman, ((0, 0), (0, 24), (0, 0)))
    turned = np.ascontiguousarray(np.rot90(upright, quarters))
    wanted = found(landmarker, PictureView(), upright)
    seen = found(landmarker, PictureView(rotation=90 * quarters), turned)
    assert len(wanted) == len(seen) == 1
    u, v, z = wanted.landmarks[0, :, :3].T
    x, y = {1: (v, 1 - u), 2: (1 - u, 1 - v), 3: (1 - v, u)}[quarters]
    np.testing.assert_allclose(seen.landmarks[0, :, 0], x, atol=1e-5)
    np.testing.assert_allclose(seen.landmarks[0, :, 1], y, atol=1e-5)
    np.testing.assert_allclose(
        seen.landmarks[0, :, 2] * turned.shape[1], z * upright.shape[1], rtol=1e-4, atol=1e-3
    )
    np.testing.assert_array_equal(seen.masks[0], np.rot90(wanted.masks[0], quarters))
    right, down, away = wanted.world_landmarks[0, :, :3].T
    x, y = {1: (down, -right), 2: (-right, -down), 3: (-down, right)}[quarters]
    np.testing.assert_array_equal(seen.world_landmarks[0, :, :3], np.stack((x, y, away), axis=1))


@pytest.mark.parametrize('rotation', [0, 90, 180, 270])
def test_a_part_comes_back_in_the_whole_picture(
    landmarker: Landmarker, cameraman: NDArray[np.uint8], rotation: int
) -> None:
    part = np.ascontiguousarray(np.rot90(cameraman, rotation // 90))
    height, width = part.shape[:2]
    picture = np.zeros((2 * height, 4 * width, 3), np.uint8)
    picture[height:, width : 2 * width] = part
    wanted = found(landmarker, PictureView(rotation=rotation), part)
    seen = found(landmarker, PictureView(Part(0.25, 0.5, 0.25, 0.5), rotation), picture)
    assert len(wanted) == len(seen) == 1
    x, y = wanted.landmarks[0, :, 0], wanted.landmarks[0, :, 1]
    np.testing.assert_allclose(seen.landmarks[0, :, 0], (1 + x) / 4, atol=1e-6)
    np.testing.assert_allclose(seen.landmarks[0, :, 1], (1 + y) / 2, atol=1e-6)
    np.testing.assert_array_equal(seen.masks[0][height:, width : 2 * width], wanted.masks[0])
    assert not seen.masks[0][:height].any()


def test_nothing_outside_of_the_part_is_looked_at(
    landmarker: Landmarker, cameraman: NDArray[np.uint8]
) -> None:
    picture = np.concatenate((np.zeros_like(cameraman), cameraman), axis=1)
    assert not len(found(landmarker, PictureView(Part(0, 0, 0.5, 1)), picture))
    assert len(found(landmarker, PictureView(Part(0.5, 0, 0.5, 1)), picture))


@pytest.mark.parametrize('part', [Part(), Part(0.25, 0.5, 0.25, 0.5)])
@pytest.mark.parametrize('rotation', [0, 90, 180, 270])
def test_a_box_of_the_picture_lies_in_the_view_where_its_corners_do(
    rotation: int, part: Part
) -> None:
    width, height = 400, 200
    view = PictureView(part, rotation)
    shown = view.shown(np.zeros((height, width, 3), np.uint8))
    box = np.array([[110.0, 120.0, 150.0, 180.0]])
    left, top, right, bottom = view.boxes_in_view(box, width, height)[0].tolist()
    assert 0 <= left < right <= shown.shape[1]
    assert 0 <= top < bottom <= shown.shape[0]
    corners = np.zeros((1, 33, 5), np.float32)
    corners[0, :2, :2] = np.array(((left, top), (right, bottom))) / shown.shape[1::-1]
    back = view.in_picture(Poses(corners, corners), width, height).landmarks[0, :2, :2]
    back *= width, height
    np.testing.assert_allclose(
        np.concatenate((back.min(axis=0), back.max(axis=0))), box[0], atol=1e-3
    )


@pytest.mark.parametrize(
    ('text', 'part'),
    [('', Part()), ('0.25, 0, 0.5, 1', Part(0.25, 0, 0.5, 1)), ('0,0,1,.5', Part(0, 0, 1, 0.5))],
)
def test_a_part_as_text(text: str, part: Part) -> None:
    assert Part.from_text(text) == part


@pytest.mark.parametrize(
    'text', ['0.5', '0,0,1', 'a, b, c, d', '0,0,0,1', '0.6,0,0.5,1', '-0.1,0,1,1', '0,0,nan,1']
)
def test_no_part_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match='region_of_interest: wanted'):
        Part.from_text(text)
