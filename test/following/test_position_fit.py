# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.following.position_fit import (
    BODY_SCALE_STD,
    place,
)
from pose_ros.images.intrinsics import Intrinsics
from pose_ros.poses.geometry import placed_landmarks, viewing_rotations
from pose_ros.poses.poses import VISIBILITY, Poses, PositionSource
from pose_ros.poses.skeleton import Landmark
from simulation.people import (
    BODIES_M,
    CAMERAS,
    copies,
    depth_image,
    project,
    seen,
    turned,
    with_holes,
    with_noise,
)

HEADINGS = np.linspace(0, 2 * np.pi, 8, endpoint=False)
IDEAL = CAMERAS['ideal']


def relative_errors(result: Poses, positions: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(result.positions - positions, axis=1) / np.linalg.norm(positions, axis=1)


def crowd(
    camera: Intrinsics,
    distance_m: float,
    people: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return bodies in all headings, and positions all over the picture."""
    bodies = np.stack(
        [
            turned(BODIES_M[index % 3], heading)
            for index, heading in enumerate(rng.uniform(0, 2 * np.pi, people))
        ]
    )
    across = camera.width / camera.fx * (0.3 if camera.is_fisheye else 0.35)
    sideways = rng.uniform(-across, across, people)
    down = rng.uniform(-0.1, 0.1, people)
    return bodies, distance_m * np.stack((sideways, down, np.ones(people)), axis=1)


@pytest.mark.parametrize('distance_m', [1, 2, 4, 8])
@pytest.mark.parametrize('name', CAMERAS)
def test_positions_without_noise(name: str, distance_m: float) -> None:
    camera = CAMERAS[name]
    bodies, positions = crowd(camera, distance_m, 60, np.random.default_rng(0))
    result = place(seen(bodies, positions, camera), camera, camera.width, camera.height)
    assert (relative_errors(result, positions) < 0.02).all()
    assert (result.position_sources == PositionSource.CAMERA_INFO).all()


@pytest.mark.parametrize('distance_m', [1, 2, 4, 8])
def test_the_error_covers_noise_and_bodies_of_all_sizes(distance_m: float) -> None:
    camera, rng = CAMERAS['plumb_bob'], np.random.default_rng(round(distance_m))
    bodies, positions = crowd(camera, distance_m, 2000, rng)
    scales = rng.normal(1, BODY_SCALE_STD, len(bodies))
    bodies *= scales[:, None, None]
    result = place(with_noise(seen(bodies, positions, camera, scales), rng), camera, 640, 480)
    errors_m = np.linalg.norm(result.positions - positions, axis=1)
    assert np.mean(errors_m < 2 * result.position_errors) > 0.95
    assert np.median(result.position_errors) < 0.16 * distance_m


@pytest.mark.parametrize('name', CAMERAS)
def test_landmarks_that_are_wrong_or_out_of_view(name: str) -> None:
    """A fifth of the landmarks 0.3 m off; and legs that only the model imagines."""
    camera, rng = CAMERAS[name], np.random.default_rng(1)
    bodies, positions = crowd(camera, 2.5, 60, rng)
    perfect = seen(bodies, positions, camera)
    wrong = perfect.landmarks.copy()
    off = project(bodies + positions[:, None] + (0.3, 0, 0), camera)
    chosen = rng.random(off.shape[:2]) < 0.2
    wrong[chosen, :2] = off[chosen]
    result = place(replace(perfect, landmarks=wrong), camera, camera.width, camera.height)
    errors = relative_errors(result, positions)
    assert np.median(errors) < 0.01
    assert np.quantile(errors, 0.8) < 0.04
    assert (errors * np.linalg.norm(positions, axis=1) < 2 * result.position_errors).all()

    imagined = perfect.landmarks.copy()
    imagined[:, Landmark.LEFT_KNEE :, :2] = rng.uniform(1, 3, imagined[:, 25:, :2].shape)
    result = place(replace(perfect, landmarks=imagined), camera, camera.width, camera.height)
    assert (relative_errors(result, positions) < 0.01).all()


@pytest.mark.parametrize('name', CAMERAS)
def test_somebody_at_a_desk_whose_hips_are_below_the_picture(name: str) -> None:
    camera, rng = CAMERAS[name], np.random.default_rng(0)
    bodies, positions = crowd(camera, 1.0, 60, rng)
    positions[:, 0], positions[:, 1] = rng.uniform(-0.2, 0.2, 60), 0.6
    result = place(seen(bodies, positions, camera), camera, camera.width, camera.height)
    assert np.isnan(result.positions[:, 0]).sum() <= 3  # who shows less than MIN_LANDMARKS
    errors = relative_errors(result, positions)
    assert np.nanmedian(errors) < 0.01
    assert np.nanmax(errors) < 0.025


def test_a_picture_of_another_size_is_the_same_view() -> None:
    result = seen(BODIES_M, np.array(((0.0, 0, 3),) * 3), IDEAL)
    large, small = (place(result, IDEAL, *size) for size in ((640, 480), (320, 240)))
    np.testing.assert_array_equal(large.positions, small.positions)
    with pytest.raises(ValueError, match='1280x720'):
        place(result, IDEAL, 1280, 720)


def undetermined(case: str) -> Poses:
    result = seen(BODIES_M[:1], np.array(((0.2, 0, 3),)), IDEAL)
    landmarks, world = result.landmarks.copy(), result.world_landmarks.copy()
    if case == 'hidden':
        landmarks[:, :, VISIBILITY] = 0.1
    elif case == 'invisible':
        landmarks[:, :, VISIBILITY] = 0
    elif case == 'out of the picture':
        landmarks[:, 3:, 1] += 2
    elif case == 'one point':
        landmarks[:, :, :2] = 0.5
        world[:, :, :3] = 0
    elif case == 'a mirror image, behind the camera':
        landmarks[:, :, :2] = 1 - landmarks[:, :, :2]
    return Poses(landmarks, world)


@pytest.mark.parametrize(
    'case',
    [
        'hidden',
        'invisible',
        'out of the picture',
        'one point',
        'a mirror image, behind the camera',
    ],
)
def test_what_cannot_be_known_is_nan_and_hurts_nobody_else(case: str) -> None:
    unknown = undetermined(case)
    known = seen(BODIES_M[1:2], np.array(((-0.3, 0, 2.0),)), IDEAL)
    both = Poses(
        np.concatenate((unknown.landmarks, known.landmarks)),
        np.concatenate((unknown.world_landmarks, known.world_landmarks)),
    )
    result = place(both, IDEAL, 640, 480)
    assert result.position_sources.tolist() == [PositionSource.NONE, PositionSource.CAMERA_INFO]
    assert np.isnan(result.positions[0]).all()
    assert np.isnan(result.position_errors[0])
    np.testing.assert_allclose(
        result.positions[1], place(known, IDEAL, 640, 480).positions[0], atol=1e-9
    )
    wall_m = np.full((480, 640), 2.0, np.float32)
    assert place(both, IDEAL, 640, 480, wall_m).position_sources[0] == 0


def test_nobody() -> None:
    nobody = Poses.empty()
    depth_m = np.ones((480, 640), np.float32)
    assert len(place(nobody, IDEAL, 640, 480)) == 0
    assert len(place(nobody, IDEAL, 640, 480, depth_m)) == 0


def test_nothing_else_changes() -> None:
    result = replace(
        seen(BODIES_M, np.array(((0.0, 0, 2),) * 3), IDEAL),
        masks=(np.ones((4, 4), np.float32),) * 3,
        track_ids=np.array((4, 5, 6), np.int32),
    )
    depth_m = np.full((480, 640), 2.0, np.float32)
    refined = place(result, IDEAL, 640, 480, depth_m)
    for name in ('landmarks', 'world_landmarks', 'masks', 'track_ids'):
        assert getattr(refined, name) is getattr(result, name)
    assert refined.positions.dtype == refined.position_errors.dtype == np.float64
    assert refined.position_sources.dtype == np.uint8


def with_depth(
    body_m: NDArray[np.float64],
    position: NDArray[np.float64],
    scale: float,
    depth_m: NDArray[np.float32],
) -> tuple[float, Poses]:
    """Return how far off the truth the refined position of one person is, and the result."""
    result = seen(body_m[None], position[None], IDEAL, scale)
    result = place(result, IDEAL, 640, 480, depth_m)
    return float(np.linalg.norm(result.positions[0] - position)), result


def scenes(
    distance_m: float,
    rng: np.random.Generator,
) -> Iterator[tuple[NDArray[np.float64], Poses, NDArray[np.float32]]]:
    """Yield bodies in all headings, tall and small: position, landmarks, depth with holes."""
    for heading, scale in zip(HEADINGS, (0.85, 1.1) * 4, strict=True):
        for body_m in turned(BODIES_M, heading) * scale:
            position = distance_m * np.array((rng.uniform(-0.25, 0.25), 0.02, 1))
            depth_m = depth_image(body_m[None], position[None], IDEAL, distance_m + 0.6)
            yield (
                position,
                seen(body_m[None], position[None], IDEAL, scale),
                with_holes(depth_m, rng),
            )


@pytest.mark.parametrize(
    ('distance_m', 'share'), [(1, 0.8), (2, 0.94), (3, 0.95), (4, 0.97), (5, 0.98)]
)
def test_depth_with_holes_and_a_wall_behind(distance_m: float, share: float) -> None:
    """Everybody without noise; with it most. At 1 m half of the body is out of the picture."""
    rng = np.random.default_rng(round(distance_m))
    limit_m = max(0.03, 0.01 * distance_m)
    off_m, stated_m = [], []
    for position, perfect, depth_m in scenes(distance_m, rng):
        for result in (perfect, with_noise(copies(perfect, 20), rng)):
            refined = place(result, IDEAL, 640, 480, depth_m)
            assert np.mean(refined.position_sources == PositionSource.DEPTH) > 0.9
            off_m.append(np.linalg.norm(refined.positions - position, axis=1))
            stated_m.append(refined.position_errors)
    exact_m, noisy_m = np.concatenate(off_m[::2]), np.concatenate(off_m[1::2])
    noisy_stated_m = np.concatenate(stated_m[1::2])
    assert exact_m.max() <= limit_m
    assert (exact_m < np.concatenate(stated_m[::2])).all()
    assert np.mean(noisy_m <= limit_m) > share
    assert np.mean(noisy_m < 2 * noisy_stated_m) > 0.95
    assert np.median(noisy_stated_m) < 3 * np.sqrt(np.mean(noisy_m**2))


def test_depth_of_limbs_before_most_of_what_is_in_the_picture() -> None:
    """Crouching 1 m away: of 6 landmarks in the picture, 4 are behind arms and the other leg."""
    body_m, position = 1.1 * BODIES_M[2], np.array((0.1, 0.02, 1.0))
    depth_m = depth_image(body_m[None], position[None], IDEAL, 1.6)
    off_m, result = with_depth(body_m, position, 1.1, depth_m)
    assert off_m < 2 * result.position_errors[0]


def test_depth_of_a_wall_near_behind_thin_arms() -> None:
    position = np.array((0.1, 0, 2.0))
    depth_m = depth_image(BODIES_M[:1], position[None], IDEAL, 2.25)
    assert with_depth(BODIES_M[0], position, 1, depth_m)[0] < 0.02


@pytest.mark.parametrize('distance_m', [1.5, 3])
def test_depth_of_somebody_else_s_arm_in_front(distance_m: float) -> None:
    """It is 10 cm thick, across the chest, the hips or, upright, one side of the body."""
    position = np.array((0.05, 0, distance_m))
    per_m = IDEAL.fx / (distance_m - 0.5)
    for body_m in BODIES_M[:2]:
        for part in (Landmark.LEFT_SHOULDER, Landmark.RIGHT_HIP):
            depth_m = depth_image(body_m[None], position[None], IDEAL, distance_m + 0.6)
            row, column = (
                int(middle + IDEAL.fx * at / distance_m)
                for middle, at in (
                    (IDEAL.cy, body_m[part, 1] + position[1]),
                    (IDEAL.cx, body_m[part, 0] + 0.05),
                )
            )
            half = int(0.05 * per_m)
            for arm in (np.s_[row - half : row + half], np.s_[:, column - half : column + half]):
                hidden = depth_m.copy()
                hidden[arm] = distance_m - 0.5
                off_m, result = with_depth(body_m, position, 1, hidden)
                assert result.position_sources[0] == PositionSource.DEPTH
                assert off_m < 0.02


@pytest.mark.parametrize('shape', [(240, 320), (960, 1280), (120, 160)])
def test_depth_images_of_other_sizes(shape: tuple[int, int]) -> None:
    position = np.array((0.3, 0.1, 2.5))
    depth_m = depth_image(0.9 * BODIES_M[:1], position[None], IDEAL, 4.0)
    depth_m = cv2.resize(depth_m, shape[::-1], interpolation=cv2.INTER_NEAREST)
    assert with_depth(0.9 * BODIES_M[0], position, 0.9, depth_m)[0] < 0.03


@pytest.mark.parametrize('depth', [np.nan, 0.0, np.inf, 0.4, 9.0])
def test_depth_that_does_not_show_the_person_changes_nothing(depth: float) -> None:
    scene = seen(BODIES_M, np.array(((0.1, 0, 3.0),) * 3), IDEAL)
    placed = place(scene, IDEAL, 640, 480)
    refined = place(scene, IDEAL, 640, 480, np.full((480, 640), depth, np.float32))
    for name in ('positions', 'position_errors', 'position_sources'):
        np.testing.assert_array_equal(getattr(refined, name), getattr(placed, name))


def test_depth_makes_the_error_smaller_and_keeps_the_line_of_sight() -> None:
    position = np.array((-0.4, 0.1, 3.0))
    scene = seen(BODIES_M[:1], position[None], IDEAL, 0.9)
    placed = place(scene, IDEAL, 640, 480)
    depth_m = depth_image(0.9 * BODIES_M[:1], position[None], IDEAL, 5)
    refined = place(scene, IDEAL, 640, 480, depth_m)
    assert refined.position_errors[0] < 0.4 * placed.position_errors[0]
    before, after = (r.positions[0] / np.linalg.norm(r.positions[0]) for r in (placed, refined))
    np.testing.assert_allclose(before, after, atol=1e-9)


def test_placed_landmarks_are_seen_where_the_landmarks_are() -> None:
    camera = CAMERAS['rational_polynomial']
    bodies, positions = crowd(camera, 3, 20, np.random.default_rng(3))
    result = place(seen(bodies, positions, camera), camera, 1280, 720)
    np.testing.assert_allclose(
        project(placed_landmarks(result), camera), result.landmarks[:, :, :2], atol=2e-3
    )
    unplaced = seen(bodies, positions, camera)
    assert np.isnan(placed_landmarks(unplaced)).all()


def test_viewing_rotations_are_the_shortest() -> None:
    positions = np.random.default_rng(4).normal((0, 0, 3), 1, (50, 3))
    rotations = viewing_rotations(positions)
    directions = positions / np.linalg.norm(positions, axis=1, keepdims=True)
    for rotation, direction in zip(rotations, directions, strict=True):
        axis = np.cross((0, 0, 1), direction)
        angle = np.arctan2(np.linalg.norm(axis), direction[2])
        wanted, _ = cv2.Rodrigues(axis / np.linalg.norm(axis) * angle)
        np.testing.assert_allclose(rotation, wanted, atol=1e-9)
    np.testing.assert_array_equal(viewing_rotations(np.array(((0.0, 0, 2),))), [np.eye(3)])


def test_a_camera_that_turns_sees_the_person_in_the_same_place(
    astronaut: NDArray[np.uint8], models: dict[str, Path]
) -> None:
    """
    A photograph as a camera would have it that turned on the spot, by the homography.

    It also shows that world landmarks belong to the line of sight, not to the optical axis.
    """
    photo, wide = Intrinsics.from_fov(512, 512, 31), Intrinsics.from_fov(1600, 1200, 90)
    matrices = [np.array(((c.fx, 0, c.cx), (0, c.fy, c.cy), (0, 0, 1))) for c in (photo, wide)]
    positions: list[NDArray[np.float64]] = []
    misfits: list[float] = []
    misfits_unturned: list[float] = []
    with Landmarker(LandmarkerOptions(models['full'], RunningMode.IMAGE)) as landmarker:
        for degrees in (-30, -15, 15, 30):
            turn = cv2.Rodrigues(np.array((0, np.radians(degrees), 0)))[0]
            picture = cv2.warpPerspective(
                astronaut,
                matrices[1] @ turn @ np.linalg.inv(matrices[0]),
                (1600, 1200),
                borderMode=cv2.BORDER_REPLICATE,
            )
            result = place(landmarker.detect(landmarker.load(picture), 0), wide, 1600, 1200)
            positions.append(turn.T @ result.positions[0])
            head_m = placed_landmarks(result)[0, Landmark.NOSE] - result.positions[0]
            assert head_m[1] < -0.4  # up is -y
            visible = result.visibility[0] > 0.9
            for found, points_m in (
                (misfits, placed_landmarks(result)[0]),
                (misfits_unturned, result.world_landmarks[0, :, :3] + result.positions[0]),
            ):
                off = project(points_m, wide) - result.landmarks[0, :, :2]
                found.append(np.sqrt(np.mean(off[visible] ** 2)))
    distances = np.linalg.norm(positions, axis=1)
    directions = np.array(positions) / distances[:, None]
    assert np.std(directions, axis=0).max() < 0.04
    assert distances.max() < 1.3 * distances.min()
    assert np.mean(misfits) < 0.7 * np.mean(misfits_unturned)
