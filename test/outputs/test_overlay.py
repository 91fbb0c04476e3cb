# SPDX-License-Identifier: Apache-2.0
"""Dots, lines, labels and masks lie where the result says, at the right size and in colour."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.outputs.overlay import TINTS_RGB, OverlayLooks, OverlayMask, draw
from pose_ros.poses.poses import VISIBILITY, Poses, X, Y, Z
from pose_ros.poses.skeleton import CONNECTIONS, Landmark, Side, side_of

HEIGHT, WIDTH = 480, 640
LOOKS = OverlayLooks()
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
    picture = draw(GREY, result_of(person({index: (0.75, 0.5)})), LOOKS)
    below_label = picture[HEIGHT // 2 - 5 :]
    dot = np.argwhere((below_label == LOOKS.rgb(side_of(index))).all(axis=2))
    assert dot.mean(axis=0) == pytest.approx((5, 0.75 * WIDTH), abs=0.5)


@pytest.mark.parametrize(
    ('depth', 'radius_px'),
    [(-0.9, 5), (-0.3, 5), (-0.05, 3.25), (0.2, 1.5), (2.0, 1.5), (np.nan, 1.5)],
)
@pytest.mark.parametrize('scale', [1, 2])
def test_dots_grow_towards_the_camera_and_with_the_picture(
    depth: float, radius_px: float, scale: int
) -> None:
    picture = np.zeros((HEIGHT * scale, WIDTH * scale, 3), np.uint8)
    landmarks = person({Landmark.LEFT_HIP: (0.5, 0.5)}, z=depth * 400 / WIDTH)
    picture = draw(picture, result_of(landmarks), LOOKS)  # extends over 400 of 480 lines
    assert diameter_px(picture) == pytest.approx(2 * radius_px * scale, abs=2)


def diameter_px(picture: NDArray[np.uint8]) -> int:
    """Return the diameter of the orange dot in the picture's middle, on black."""
    orange = picture[len(picture) // 2, :, 0].astype(float) / LOOKS.rgb(Side.LEFT)[0]
    return int((orange > 0.5).sum())


def far_away(times: float) -> NDArray[np.float32]:
    """Return a person whose left hip is in the picture's middle, and who is 300 / times high."""
    landmarks = person({Landmark.LEFT_HIP: (0.5, 0.5)})
    landmarks[:, :2] = 0.5
    landmarks[Landmark.NOSE, Y] = 0.5 + 300 / HEIGHT / times
    return landmarks


def test_dots_of_a_person_far_away_do_not_hide_the_person() -> None:
    black = np.zeros_like(GREY)
    near, far, farthest = (
        diameter_px(draw(black, result_of(far_away(times)), LOOKS)) for times in (1, 3, 30)
    )
    assert near == pytest.approx(6.5, abs=1)
    assert far == pytest.approx(6.5 / 3, abs=1)
    assert 1 <= farthest <= 3  # still to be seen


def test_lines_of_a_person_far_away_are_thin() -> None:
    widths_px = []
    for extent in (0.8, 0.1):
        landmarks = np.full((33, 5), np.nan, np.float32)
        landmarks[[11, 23]] = ((0.5, 0.1, 0, 1, 1), (0.5, 0.1 + extent, 0, 1, 1))
        picture = draw(np.zeros_like(GREY), result_of(landmarks), LOOKS)
        row = picture[round((0.1 + extent / 2) * HEIGHT)]
        widths_px.append(int((row.max(axis=1) > 50).sum()))
    assert widths_px[0] >= 2
    assert 1 <= widths_px[1] < widths_px[0]


def test_one_person_with_landmarks_far_outside_has_the_dots_of_the_picture() -> None:
    landmarks = far_away(1)
    landmarks[Landmark.LEFT_ANKLE, :2] = 1e30
    landmarks[Landmark.RIGHT_ANKLE, :2] = (0.5, 1.9)
    diameter = diameter_px(draw(np.zeros_like(GREY), result_of(landmarks), LOOKS))
    assert diameter == pytest.approx(6.5, abs=1)


def test_colors_are_those_that_are_asked_for() -> None:
    looks = OverlayLooks(color_left='#ff0000', color_right='#00ff00', color_center='#0000ff')
    landmarks = person({11: (0.25, 0.5), 12: (0.75, 0.5), 23: (0.25, 0.9), 24: (0.75, 0.9)})
    picture = draw(GREY, result_of(landmarks), looks)
    for x, y, rgb in (
        (0.25, 0.7, (255, 0, 0)),
        (0.75, 0.7, (0, 255, 0)),
        (0.5, 0.5, (0, 0, 255)),
        (0.25, 0.5, (255, 0, 0)),
    ):
        assert tuple(picture[round(y * HEIGHT), round(x * WIDTH)]) == rgb


@pytest.mark.parametrize('connection', CONNECTIONS)
def test_each_connection_is_a_line_between_visible_landmarks(connection: tuple[int, int]) -> None:
    start, end = connection
    landmarks = person({start: (0.25, 0.5), end: (0.75, 0.5)}, z=1.0)
    picture = draw(GREY, result_of(landmarks), LOOKS)
    assert tuple(picture[HEIGHT // 2, WIDTH // 2]) == LOOKS.rgb(side_of(start, end))
    landmarks[end, VISIBILITY] = 0.4
    picture = draw(GREY, result_of(landmarks), LOOKS)
    assert tuple(picture[HEIGHT // 2, WIDTH // 2]) == (90, 90, 90)


@pytest.mark.parametrize('x', [-0.01, 1.01, np.nan, np.inf, 1e30])
def test_landmarks_outside_or_not_finite_are_hidden(x: float) -> None:
    landmarks = person({Landmark.LEFT_HIP: (x, 0.5), Landmark.RIGHT_HIP: (0.5, x)})
    np.testing.assert_array_equal(draw(GREY, result_of(landmarks), LOOKS), GREY)


def test_nothing_but_nan_is_hidden() -> None:
    landmarks = np.full((33, 5), np.nan, np.float32)
    np.testing.assert_array_equal(draw(GREY, result_of(landmarks), LOOKS), GREY)


def test_label_is_the_track_id_or_else_the_index() -> None:
    face = person({Landmark.LEFT_EAR: (0.55, 0.5), Landmark.RIGHT_EAR: (0.45, 0.5)})
    beside = face + np.array([0.25, 0, 0, 0, 0], np.float32)

    def labelled(*ids: int) -> NDArray[np.uint8]:
        return draw(GREY, result_of(face, beside, track_ids=np.array(ids, np.int32)), LOOKS)

    np.testing.assert_array_equal(labelled(-1, -1), labelled(0, 1))
    changed = np.argwhere((labelled(3, 1) != labelled(8, 1)).any(axis=2))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert 0.45 * WIDTH < left < right < 0.55 * WIDTH
    assert 0.3 * HEIGHT < top < bottom < 0.5 * HEIGHT


@pytest.mark.parametrize(('x', 'y'), [(0, 0), (1, 0), (0, 1), (1, 1)])
def test_label_stays_inside_the_picture(x: float, y: float) -> None:
    nose = person({Landmark.NOSE: (x, y)})
    pictures = [
        draw(GREY, result_of(nose, track_ids=np.array([track], np.int32)), LOOKS)
        for track in (888888, 333333)
    ]
    changed = np.argwhere((pictures[0] != pictures[1]).any(axis=2))
    assert (changed.min(axis=0) > 0).all()
    assert (changed.max(axis=0) < (HEIGHT - 1, WIDTH - 1)).all()
    assert np.ptp(changed[:, 1]) > 40  # six figures


def test_tint_colors_each_person_inside_the_mask() -> None:
    nobody = np.zeros((33, 5), np.float32)
    masks = (MASK, np.roll(MASK, 200, axis=0))
    picture = draw(GREY, result_of(nobody, nobody, masks=masks), OverlayLooks(overlay_mask='tint'))
    for mask, tint_rgb in zip(masks, TINTS_RGB, strict=False):
        towards = np.sign(picture.astype(int) - GREY)
        np.testing.assert_array_equal(
            towards[mask > 0.1], np.broadcast_to(np.sign(np.array(tint_rgb) - 90), (10000, 3))
        )
    untouched = np.maximum(*masks) <= 0.1
    np.testing.assert_array_equal(picture[untouched], GREY[untouched])


def test_background_is_replaced_outside_the_masks() -> None:
    nobody = np.zeros((33, 5), np.float32)
    style = OverlayLooks(overlay_mask='background', overlay_background='#010203')
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
    picture = draw(
        GREY,
        result_of(*[np.zeros((33, 5), np.float32)] * people),
        OverlayLooks(overlay_mask=mask.value),
    )
    assert (picture == expected_rgb).all()


@pytest.mark.parametrize('mask', OverlayMask)
def test_input_is_left_alone(mask: OverlayMask) -> None:
    rgb = GREY[:, ::-1].copy()[:, ::-1]  # not contiguous
    rgb.flags.writeable = False
    everywhere = person({index: (index / 33, 0.5) for index in Landmark})
    picture = draw(
        rgb, result_of(everywhere, masks=(MASK,)), OverlayLooks(overlay_mask=mask.value)
    )
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
        draw(rgb, result_of(person({}), masks=masks), OverlayLooks(overlay_mask='tint'))


def test_skeleton_fits_a_photograph(astronaut: NDArray[np.uint8], models: dict[str, Path]) -> None:
    options = LandmarkerOptions(models['full'], RunningMode.IMAGE, output_segmentation_masks=True)
    with Landmarker(options) as landmarker:
        result = landmarker.detect(landmarker.load(astronaut), 0)
    picture = draw(astronaut, result, OverlayLooks(overlay_mask='background'))
    # Where they are in the photograph, read off by eye. She faces us: her left is on our right.
    for x, y, side in (
        (222, 128, Side.CENTER),
        (272, 122, Side.LEFT),
        (306, 257, Side.LEFT),
        (191, 108, Side.RIGHT),
        (112, 240, Side.RIGHT),
    ):
        around = picture[y - 8 : y + 9, x - 8 : x + 9].reshape(-1, 3)
        assert (around == LOOKS.rgb(side)).all(axis=1).sum() > 20
    assert tuple(picture[50, 50]) == LOOKS.background_rgb  # the flag
    np.testing.assert_array_equal(picture[300, 150], astronaut[300, 150])  # the suit
