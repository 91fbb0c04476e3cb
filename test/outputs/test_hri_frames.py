# SPDX-License-Identifier: Apache-2.0
"""REP-155's frames of bodies are where the people are, and turned as they are."""

from dataclasses import replace
from functools import reduce
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.validate_full_topic_name import validate_full_topic_name
from std_msgs.msg import Header

from pose_ros.outputs.hri_frames import BodyIds, hri_transforms
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import Landmark
from simulation.people import BODIES_M
from simulation.placed_people import HEADER, POSITIONS, TRACKS, matrix, people

IDS = BodyIds()


def rotation(*vector_deg: float) -> NDArray[np.float64]:
    return cv2.Rodrigues(np.radians(vector_deg))[0]


ANY_TURN = reduce(np.matmul, (rotation(20, 0, 0), rotation(0, 130, 0), rotation(0, 0, -50)))


@pytest.mark.parametrize(
    'turn',
    [
        rotation(0, 0, 0),
        rotation(0, 90, 0),
        rotation(0, 180, 0),
        rotation(0, -90, 0),
        rotation(90, 0, 0),
        rotation(-90, 0, 0),
        rotation(0, 0, 90),
        rotation(0, 0, 180),
        ANY_TURN,
    ],
    ids=['front', 'left', 'back', 'right', 'prone', 'supine', 'lying', 'head down', 'any'],
)
def test_rep_155_x_is_the_front_y_the_left_and_z_towards_the_head(
    turn: NDArray[np.float64],
) -> None:
    body_m = np.zeros((1, len(Landmark), 3))
    body_m[0, Landmark.LEFT_SHOULDER], body_m[0, Landmark.LEFT_HIP] = (0.2, -0.5, 0), (0.1, 0, 0)
    body_m[0, Landmark.RIGHT_SHOULDER] = (-0.2, -0.5, 0)
    body_m[0, Landmark.RIGHT_HIP] = (-0.1, 0, 0)
    facing_the_camera = np.array(((0, 1, 0), (0, 0, -1), (-1, 0, 0)))  # front, left, up: columns
    world = np.zeros((1, len(Landmark), 5), np.float32)
    world[:, :, :3] = body_m @ turn.T
    result = Poses(world, world, positions=np.array(((0.0, 0.0, 2.0),)), track_ids=TRACKS[:1])
    (transform,) = hri_transforms(result, HEADER, IDS)
    assert matrix(transform)[:3, :3] == pytest.approx(turn @ facing_the_camera, abs=1e-6)


def test_rep_155_frames_are_at_the_hips_and_turn_with_the_person() -> None:
    turned = people(np.broadcast_to(ANY_TURN, (3, 3, 3)))
    for before, after, position, track_id in zip(
        hri_transforms(people(), HEADER, IDS),
        hri_transforms(turned, HEADER, IDS),
        POSITIONS,
        TRACKS,
        strict=True,
    ):
        assert after.child_frame_id == f'body_{IDS(track_id)}'
        assert after.header == HEADER
        assert matrix(after)[:3, 3] == pytest.approx(position)
        axes = matrix(after)[:3, :3]
        assert axes == pytest.approx(ANY_TURN @ matrix(before)[:3, :3], abs=1e-5)


def test_rep_155_of_photographed_people() -> None:
    for each, body_m in zip(hri_transforms(people(), HEADER, IDS), BODIES_M, strict=True):
        front, left, up = matrix(each)[:3, :3].T
        ears_m = body_m[[Landmark.LEFT_EAR, Landmark.RIGHT_EAR]].mean(axis=0)
        assert up @ ears_m > 0.95 * np.linalg.norm(ears_m)
        assert up @ (0, -1, 0) > 0.7  # the astronaut sits and leans
        assert left @ (body_m[Landmark.LEFT_HIP] - body_m[Landmark.RIGHT_HIP]) > 0.1
        assert front @ (body_m[Landmark.NOSE] - ears_m) > 0.1


def test_rep_155_a_trunk_without_extent_has_no_frame() -> None:
    result = people()
    result.world_landmarks[1] = 0
    result.world_landmarks[2, Landmark.LEFT_HIP] = np.nan
    assert [each.child_frame_id for each in hri_transforms(result, HEADER, IDS)] == [
        f'body_{IDS(4)}'
    ]


def test_people_without_a_position_or_a_track_are_left_out() -> None:
    positions = POSITIONS.copy()
    positions[0, 2] = np.nan
    result = replace(people(), positions=positions, track_ids=np.array((4, -1, 31), np.int32))
    (only,) = hri_transforms(result, HEADER, IDS)
    assert only == hri_transforms(people(), HEADER, IDS)[2]
    assert hri_transforms(Poses.empty(), HEADER, IDS) == []
    assert hri_transforms(people(), Header(), IDS) == []


def test_ids_can_stand_in_the_names_of_topics() -> None:
    for track_id in (0, 1, 7, 9999, 2**31 - 1):
        assert validate_full_topic_name(f'/humans/bodies/{IDS(track_id)}/roi')
        assert len(IDS(track_id)) == 5


def test_a_track_has_one_id_and_another_track_another() -> None:
    ids = BodyIds()
    assert ids(3) == ids(3)
    assert len({ids(track_id) for track_id in range(20_000)}) == 20_000


def test_nodes_and_restarts_have_ids_of_their_own() -> None:
    """By chance one of 10 nodes' 50 people meets another's once in a hundred runs."""
    found = list(chain.from_iterable(map(BodyIds(), range(1, 51)) for _ in range(10)))
    assert len(set(found)) >= len(found) - 2
