# SPDX-License-Identifier: Apache-2.0
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
import pytest
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from pose_ros.following.body_size import HEIGHT_PER_SEGMENTS, HEIGHT_STD, scaled_to, segments_m
from pose_ros.following.positions import PositionOptions, Positions
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses
from pose_ros.stream.frame_result import FrameResult
from simulation.people import BODIES_M, CAMERAS, copies, seen, turned, with_noise
from simulation.recordings import ROOM_CAMERAS, calibration
from simulation.room_cameras import RoomCamera, read_room_cameras
from simulation.room_people import PEOPLE, RoomPerson, match_people
from simulation.room_positions import Sighting, found, placed, sightings

CAMERA = CAMERAS['ideal']
FRAME = Frame(np.zeros((480, 640, 3), np.uint8), Header(), 1)


def child(scale: float = 0.7) -> tuple[Poses, NDArray[np.float64], float]:
    """Return what a landmarker says of a small person, where she is, and her height."""
    body_m = scale * turned(BODIES_M[0], 0.5)
    position = np.array([[0.3, 0.0, 3.0]])
    height_m = float(HEIGHT_PER_SEGMENTS * segments_m(body_m[None])[0])
    return seen(body_m[None], position, CAMERA, scale), position, height_m


def positions_of(person_height_m: float) -> Positions:
    positions = Positions(PositionOptions(person_height_m=person_height_m))
    positions.take_camera_info(
        CameraInfo(
            width=640,
            height=480,
            k=[CAMERA.fx, 0.0, CAMERA.cx, 0.0, CAMERA.fy, CAMERA.cy, 0.0, 0.0, 1.0],
        )
    )
    return positions


def test_a_known_height_puts_a_small_person_where_she_is() -> None:
    result, position, height_m = child()
    guessed = positions_of(0.0).place(FRAME, result)
    known = positions_of(height_m).place(FRAME, result)
    assert np.linalg.norm(guessed.positions - position) > 1.0  # taken for an adult farther away
    np.testing.assert_allclose(known.positions, position, atol=0.01)
    assert known.position_errors[0] < 0.5 * guessed.position_errors[0]
    np.testing.assert_allclose(
        segments_m(known.world_landmarks[:, :, :3]) * HEIGHT_PER_SEGMENTS, height_m, rtol=1e-5
    )


def test_the_error_covers_noise_when_the_height_is_known() -> None:
    rng = np.random.default_rng(0)
    result, position, height_m = child(1.1)
    noisy = with_noise(copies(result, 500), rng)
    known = positions_of(height_m).place(FRAME, noisy)
    off_m = np.linalg.norm(known.positions - position, axis=1)
    assert np.mean(off_m < 2 * known.position_errors) > 0.95
    assert np.median(known.position_errors) < 2 * HEIGHT_STD * 3.0


def test_an_unknown_height_changes_nothing() -> None:
    result = child()[0]
    assert scaled_to(result, 0.0) is result
    assert scaled_to(Poses.empty(), 1.7).world_landmarks.shape == (0, 33, 5)


def test_landmarks_that_are_no_numbers_stay_so() -> None:
    result = child()[0]
    result.world_landmarks[:, :, :3] = np.nan
    assert np.isnan(scaled_to(result, 1.7).world_landmarks[:, :, :3]).all()


def test_a_height_is_used_live() -> None:
    result, position, height_m = child()
    positions = positions_of(0.0)
    positions.set_options(PositionOptions(person_height_m=height_m))
    np.testing.assert_allclose(positions.place(FRAME, result).positions, position, atol=0.01)


Room = tuple[tuple[RoomCamera, ...], list[list[FrameResult]], list[list[RoomPerson]]]


@pytest.fixture(scope='module')
def room() -> Room:
    """Every tenth frame of the first second of the man, as each camera's node sees him."""
    cameras = read_room_cameras(calibration(), 'single')
    results = [found('single', camera, every=10, last=60) for camera in ROOM_CAMERAS]
    truth = [
        match_people(cameras, [each.poses for each in moment])
        for moment in zip(*results, strict=True)
    ]
    return cameras, results, truth


def sighted(room: Room, index: int, height_m: float) -> list[Sighting]:
    cameras, results, truth = room
    poses = placed(results[index], cameras[index], 'single', height_m)
    return list(sightings(poses, truth, cameras, index, 'man'))


def distance_errors(seen_by: Sequence[Sighting]) -> NDArray[np.float64]:
    return np.array([abs(each.off_m[0]) / each.distance_m for each in seen_by])


def test_four_cameras_agree_where_the_man_is(room: Room) -> None:
    for people in room[2]:
        assert [person.name for person in people] == ['man']
        assert people[0].residual_px < 30
    # As the authors have his height, within 3 %.
    heights_m = [HEIGHT_PER_SEGMENTS * segments_m(people[0].room_m[None])[0] for people in room[2]]
    assert np.median(heights_m) == pytest.approx(PEOPLE[0].height_m, rel=0.03)


def test_a_known_height_helps_each_camera_in_the_room(room: Room) -> None:
    """The targets of docs/benchmarks.md, on a few frames."""
    guessed = [sighted(room, index, 0.0) for index in range(4)]
    known = [sighted(room, index, PEOPLE[0].height_m) for index in range(4)]
    errors = [float(np.median(distance_errors(each))) for each in known]
    assert np.median(errors) < 0.025
    assert np.median(errors) < np.median([np.median(distance_errors(each)) for each in guessed])
    for with_height, without in zip(known, guessed, strict=True):
        assert len(with_height) >= 4
        within = [np.hypot(*each.off_m) < 2 * each.error_m for each in with_height]
        assert np.mean(within) >= 0.8
        assert np.median([each.error_m for each in with_height]) < 0.8 * np.median(
            [each.error_m for each in without]
        )
