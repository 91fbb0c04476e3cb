# SPDX-License-Identifier: Apache-2.0
"""Dots, lines, labels and masks lie where the result says, at the right size and in colour."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.outputs.overlay import TINTS_RGB, OverlayMask, OverlayStyle, draw
from pose_ros.poses.poses import VISIBILITY, Poses, X, Y, Z
from pose_ros.poses.skeleton import COLORS_RGB, CONNECTIONS, Landmark, Side, side_of

HEIGHT, WIDTH = 480, 640
GREY = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
MASK = np.zeros((HEIGHT, WIDTH), np.float32)
MASK[100:200, 300:400] = 0.8
MASK[100:200, 400:420] = 0.05


def person(points: dict[int, tuple[float, float]], z: float = 0.0) -> NDArray[np.float32]:
    """One person whose given landmarks are visible at (x, y) as fractions, the rest not."""
    landmarks = np.zeros((33, 5), np.float32)
    for index, (x, y) in points.items():
        landmarks[index, [X, Y, VISIBILITY]] = x, y, 1
    landmarks[:, Z] = z
    return landmarks


def result_of(*people: NDArray[np.float32], **more: Any) -> Poses:
    landmarks = np.array(people, np.float32).reshape(-1, 33, 5)
    return Poses(landmarks, np.zeros_like(landmarks), **more)


@pytest.mark.parametrize('index', Landmark)
def test_each_landmark_is_a_dot_of_its_side(index: Landmark) -> None:
    picture = draw(GREY, result_of(person({index: (0.75, 0.5)})), OverlayStyle())
    below_label = picture[HEIGHT // 2 - 5 :]
    dot = np.argwhere((below_label == COLORS_RGB[side_of(index)]).all(axis=2))
    assert dot.mean(axis=0) == pytest.approx((5, 0.75 * WIDTH), abs=0.5)


@pytest.mark.parametrize(
    ('z', 'radius_px'), [(-0.5, 5), (-0.15, 5), (-0.025, 3), (0.1, 1), (2.0, 1), (np.nan, 1)]
)
@pytest.mark.parametrize('scale', [1, 2])
def test_dots_grow_towards_the_camera_and_with_the_picture(
    z: float, radius_px: float, scale: int
) -> None:
    picture = np.zeros((HEIGHT * scale, WIDTH * scale, 3), np.uint8)
    landmark = person({Landmark.LEFT_HIP: (0.5, 0.5)}, z)
    picture = draw(picture, result_of(landmark), OverlayStyle())
    orange = picture[:, :, 0].astype(float) / COLORS_RGB[Side.LEFT][0]
    at_center = orange[HEIGHT * scale // 2] > 0.5
    assert at_center.sum() == pytest.approx(2 * radius_px * scale, abs=1)


@pytest.mark.parametrize('connection', CONNECTIONS)
def test_each_connection_is_a_line_between_visible_landmarks(connection: tuple[int, int]) -> None:
    start, end = connection
    landmarks = person({start: (0.25, 0.5), end: (0.75, 0.5)}, z=1.0)
    picture = draw(GREY, result_of(landmarks), OverlayStyle())
    assert tuple(picture[HEIGHT // 2, WIDTH // 2]) == COLORS_RGB[side_of(start, end)]
    landmarks[end, VISIBILITY] = 0.4
    picture = draw(GREY, result_of(landmarks), OverlayStyle())
    assert tuple(picture[HEIGHT // 2, WIDTH // 2]) == (90, 90, 90)
    picture = draw(GREY, result_of(landmarks), OverlayStyle(min_visibility=0.4))
    assert tuple(picture[HEIGHT // 2, WIDTH // 2]) == COLORS_RGB[side_of(start, end)]


@pytest.mark.parametrize('x', [-0.01, 1.01, np.nan, np.inf, 1e30])
def test_landmarks_outside_or_not_finite_are_hidden(x: float) -> None:
    landmarks = person({Landmark.LEFT_HIP: (x, 0.5), Landmark.RIGHT_HIP: (0.5, x)})
    np.testing.assert_array_equal(draw(GREY, result_of(landmarks), OverlayStyle()), GREY)


def test_nothing_but_nan_is_hidden() -> None:
    landmarks = np.full((33, 5), np.nan, np.float32)
    np.testing.assert_array_equal(draw(GREY, result_of(landmarks), OverlayStyle()), GREY)


def test_label_is_the_track_id_or_else_the_index() -> None:
    face = person({Landmark.LEFT_EAR: (0.55, 0.5), Landmark.RIGHT_EAR: (0.45, 0.5)})
    beside = face + np.float32([0.25, 0, 0, 0, 0])

    def labelled(*ids: int) -> NDArray[np.uint8]:
        return draw(GREY, result_of(face, beside, track_ids=np.int32(ids)), OverlayStyle())

    np.testing.assert_array_equal(labelled(-1, -1), labelled(0, 1))
    changed = np.argwhere((labelled(3, 1) != labelled(8, 1)).any(axis=2))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert 0.45 * WIDTH < left < right < 0.55 * WIDTH
    assert 0.3 * HEIGHT < top < bottom < 0.5 * HEIGHT


@pytest.mark.parametrize(('x', 'y'), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_label_stays_inside_the_picture(x: float, y: float) -> None:
    nose = person({Landmark.NOSE: (x, y)})
    pictures = [
        draw(GREY, result_of(nose, track_ids=np.int32([track])), OverlayStyle())
        for track in (888888, 333333)
    ]
    changed = np.argwhere((pictures[0] != pictures[1]).any(axis=2))
    assert (changed.min(axis=0) > 0).all()
    assert (changed.max(axis=0) < (HEIGHT - 1, WIDTH - 1)).all()
    assert np.ptp(changed[:, 1]) > 60  # six figures


def test_tint_colors_each_person_inside_the_mask() -> None:
    nobody = np.zeros((33, 5), np.float32)
    masks = (MASK, np.roll(MASK, 200, axis=0))
    picture = draw(GREY, result_of(nobody, nobody, masks=masks), OverlayStyle(OverlayMask.TINT))
    for mask, tint_rgb in zip(masks, TINTS_RGB, strict=False):
        towards = np.sign(picture.astype(int) - GREY)
        np.testing.assert_array_equal(
            towards[mask > 0.1], np.broadcast_to(np.sign(np.array(tint_rgb) - 90), (10000, 3))
        )
    untouched = np.maximum(*masks) <= 0.1
    np.testing.assert_array_equal(picture[untouched], GREY[untouched])


def test_background_is_replaced_outside_the_masks() -> None:
    nobody = np.zeros((33, 5), np.float32)
    style = OverlayStyle(OverlayMask.BACKGROUND, background_rgb=(1, 2, 3))
    masks = (MASK, np.roll(MASK, 200, axis=0))
    picture = draw(GREY, result_of(nobody, nobody, masks=masks), style)
    kept = np.maximum(*masks) > 0.1
    assert (picture[kept] == 90).all()
    assert (picture[~kept] == (1, 2, 3)).all()


@pytest.mark.parametrize(
    ('mask', 'people', 'expected_rgb'),
    [
        (OverlayMask.NONE, 0, (90, 90, 90)),
        (OverlayMask.TINT, 0, (90, 90, 90)),
        (OverlayMask.BACKGROUND, 0, (0, 177, 64)),
        (OverlayMask.TINT, 1, (90, 90, 90)),
        (OverlayMask.BACKGROUND, 1, (90, 90, 90)),
    ],
)
def test_without_masks(mask: OverlayMask, people: int, expected_rgb: tuple[int, ...]) -> None:
    picture = draw(GREY, result_of(*[np.zeros((33, 5))] * people), OverlayStyle(mask))
    assert (picture == expected_rgb).all()


@pytest.mark.parametrize('mask', OverlayMask)
def test_input_is_left_alone(mask: OverlayMask) -> None:
    rgb = GREY[:, ::-1].copy()[:, ::-1]  # not contiguous
    rgb.flags.writeable = False
    everywhere = person({index: (index / 33, 0.5) for index in Landmark})
    picture = draw(rgb, result_of(everywhere, masks=(MASK,)), OverlayStyle(mask))
    assert not np.shares_memory(picture, rgb)
    assert (rgb == 90).all()
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert picture.shape == rgb.shape


@pytest.mark.parametrize(
    ('rgb', 'masks', 'complaint'),
    [
        (GREY[:, :, 0], (), r'wanted a picture uint8 \(H, W, 3\), got uint8 \(480, 640\)'),
        (GREY.astype(float), (), 'got float64'),
        (GREY[:100], (MASK,), r'wanted masks of shape \(100, 640\), got \(480, 640\)'),
    ],
)
def test_errors(rgb: NDArray[Any], masks: tuple[NDArray[np.float32], ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw(rgb, result_of(person({}), masks=masks), OverlayStyle(OverlayMask.TINT))


def test_skeleton_fits_a_photograph(astronaut: NDArray[np.uint8], models: dict[str, Path]) -> None:
    options = LandmarkerOptions(models['full'], RunningMode.IMAGE, output_segmentation_masks=True)
    with Landmarker(options) as landmarker:
        result = landmarker.detect(landmarker.load(astronaut), 0)
    picture = draw(astronaut, result, OverlayStyle(OverlayMask.BACKGROUND))
    # Where they are in the photograph, read off by eye. She faces us: her left is on our right.
    for x, y, side in (
        (222, 128, Side.CENTER),
        (272, 122, Side.LEFT),
        (306, 257, Side.LEFT),
        (191, 108, Side.RIGHT),
        (112, 240, Side.RIGHT),
    ):
        around = picture[y - 8 : y + 9, x - 8 : x + 9].reshape(-1, 3)
        assert (around == COLORS_RGB[side]).all(axis=1).sum() > 20
    assert tuple(picture[50, 50]) == OverlayStyle().background_rgb  # the flag
    np.testing.assert_array_equal(picture[300, 150], astronaut[300, 150])  # the suit
