# SPDX-License-Identifier: Apache-2.0
"""Frames of bodies and landmarks are where the people are, and only of who is known."""

from dataclasses import replace
import sys

from geometry_msgs.msg import TransformStamped
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from pose_ros.following.position_fit import place
from pose_ros.outputs.tf_frames import (
    LANDMARK_MIN_VISIBILITY,
    TF_DEPTH,
    TF_TOPIC,
    body_transforms,
    import_tf_message,
)
from pose_ros.poses.geometry import placed_landmarks
from pose_ros.poses.poses import VISIBILITY, Poses
from pose_ros.poses.skeleton import Landmark
from simulation.people import BODIES_M, CAMERAS
from simulation.placed_people import HEADER, POSITIONS, TRACKS, matrix, people
from simulation.ros_world import World


def tree(transforms: list[TransformStamped]) -> dict[str, NDArray[np.float64]]:
    """Return every frame's place in the header's, which parents before children allow."""
    places = {HEADER.frame_id: np.eye(4)}
    for each in transforms:
        sent = deserialize_message(serialize_message(each), TransformStamped)
        assert sent.header.stamp == HEADER.stamp
        assert sent.child_frame_id not in places
        places[sent.child_frame_id] = places[sent.header.frame_id] @ matrix(sent)
    return places


@pytest.mark.parametrize('prefix', ['', 'left/'])
def test_bodies_are_in_the_headers_frame_and_look_along_the_line_of_sight(prefix: str) -> None:
    transforms = body_transforms(people(), HEADER, prefix)
    assert [each.child_frame_id for each in transforms] == [
        f'{prefix}body_4',
        f'{prefix}body_12',
        f'{prefix}body_31',
    ]
    for each, position in zip(transforms, POSITIONS, strict=True):
        assert each.header == HEADER
        place_of = matrix(each)
        assert place_of[:3, 3] == pytest.approx(position)
        direction = position / np.linalg.norm(position)
        assert place_of[:3, 2] == pytest.approx(direction)
        # The shortest rotation: its angle is that between the two directions.
        assert np.trace(place_of[:3, :3]) == pytest.approx(1 + 2 * direction[2])


def test_every_landmark_is_where_the_person_has_it() -> None:
    truth_m = BODIES_M + POSITIONS[:, None]
    placed = place(
        replace(people(), positions=np.full((len(people()), 3), np.nan)),
        CAMERAS['ideal'],
        640,
        480,
    )
    places = tree(body_transforms(placed, HEADER, landmarks=True))
    assert len(places) == 1 + 3 * (1 + len(Landmark))
    for track_id, body_m, same_m in zip(TRACKS, truth_m, placed_landmarks(placed), strict=True):
        at = np.array([places[f'body_{track_id}_{each.name.lower()}'][:3, 3] for each in Landmark])
        assert at == pytest.approx(same_m, abs=1e-6)
        assert at == pytest.approx(body_m, abs=0.01)


def test_landmarks_are_children_of_their_body_and_not_turned() -> None:
    body, *landmarks = body_transforms(people(), HEADER, 'a_', landmarks=True)[:34]
    assert {each.header.frame_id for each in landmarks} == {body.child_frame_id} == {'a_body_4'}
    assert all((matrix(each)[:3, :3] == np.eye(3)).all() for each in landmarks)
    assert landmarks[Landmark.LEFT_FOOT_INDEX].child_frame_id == 'a_body_4_left_foot_index'


def test_what_is_not_visible_has_no_frame() -> None:
    result = people()
    result.landmarks[1, :, VISIBILITY] = 0
    result.landmarks[1, Landmark.NOSE, VISIBILITY] = LANDMARK_MIN_VISIBILITY
    result.landmarks[1, Landmark.LEFT_WRIST, VISIBILITY] = LANDMARK_MIN_VISIBILITY - 1e-6
    result.landmarks[1, Landmark.LEFT_HIP, VISIBILITY] = np.nan
    result.landmarks[1, Landmark.RIGHT_HIP, VISIBILITY] = 1
    result.world_landmarks[1, Landmark.RIGHT_HIP, 2] = np.nan
    names = tree(body_transforms(result, HEADER, landmarks=True))
    assert {name for name in names if name.startswith('body_12')} == {'body_12', 'body_12_nose'}


def test_people_without_a_position_or_a_track_are_left_out() -> None:
    positions = POSITIONS.copy()
    positions[0, 2] = np.nan
    result = replace(people(), positions=positions, track_ids=np.array((4, -1, 31), np.int32))
    (only,) = body_transforms(result, HEADER)
    assert only == body_transforms(people(), HEADER)[2]
    assert body_transforms(Poses.empty(), HEADER) == []


def test_a_header_without_a_frame_has_no_children() -> None:
    assert body_transforms(people(), Header()) == []


def test_without_tf2_msgs_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('tf2_msgs', 'tf2_msgs.msg'):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r'publish_tf.*tf2_msgs.* apt install .* empty$') as it:
        import_tf_message()
    assert '\n' not in str(it.value)


def test_the_frames_arrive_as_tf(ros: World) -> None:
    pytest.importorskip('tf2_msgs.msg', reason='tf2_msgs is not installed')
    message = import_tf_message()
    publisher = ros.node.create_publisher(message, TF_TOPIC, TF_DEPTH)
    received = ros.collect(message, TF_TOPIC)
    ros.until(publisher.get_subscription_count)
    sent = body_transforms(people(), HEADER, landmarks=True)
    publisher.publish(message(transforms=sent))
    ros.until(lambda: received)
    assert received[0].transforms == sent
    assert len(tree(received[0].transforms)) == 1 + 3 * (1 + 33)
