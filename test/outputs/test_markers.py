# SPDX-License-Identifier: Apache-2.0
"""Skeletons stand where the people are, look as asked, break no rule of RViz, and go when gone."""

from dataclasses import Field, fields, replace
from math import inf, nan
from pathlib import Path
from typing import Any

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Quaternion
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.outputs.markers import MarkerLooks, SkeletonMarkers
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import CONNECTIONS, Landmark, Side, side_of
from simulation.rviz_rules import complaints

HEADER = Header(frame_id='camera_optical')
LOOKS = MarkerLooks()
SPHERES, LINES, LABEL = 'landmarks', 'bones', 'labels'  # namespaces, one for each kind
SECOND = 1_000_000_000
Keys = set[tuple[str, int]]


def people(count: int, seed: int = 0) -> Poses:
    """Return people, every landmark of whom is visible."""
    rows = np.random.default_rng(seed).uniform(0.6, 0.9, (2, count, 33, 5)).astype(np.float32)
    rows[1, :, :, :3] -= 0.75
    return Poses(*rows)


def shown(array: MarkerArray, action: int = Marker.ADD) -> Keys:
    return {(marker.ns, marker.id) for marker in array.markers if marker.action == action}


def marker_of(array: MarkerArray, kind: str) -> Marker:
    (marker,) = (marker for marker in array.markers if marker.ns == kind)
    return marker


def xyz(points: list[Point]) -> list[tuple[float, float, float]]:
    return [(point.x, point.y, point.z) for point in points]


@pytest.fixture(scope='module')
def photographed(
    models: dict[str, Path], astronaut: NDArray[np.uint8], cameraman: NDArray[np.uint8]
) -> dict[str, Poses]:
    with Landmarker(LandmarkerOptions(models['full'], RunningMode.IMAGE)) as landmarker:
        return {
            'astronaut': landmarker.detect(landmarker.load(astronaut), 0),
            'cameraman': landmarker.detect(landmarker.load(cameraman), 0),
        }


@pytest.mark.parametrize('name', ['astronaut', 'cameraman'])
def test_photographed_person(photographed: dict[str, Poses], name: str) -> None:
    result = photographed[name]
    sent = SkeletonMarkers().write(result, HEADER, LOOKS, 0)
    array = deserialize_message(serialize_message(sent), MarkerArray)
    assert complaints(array) == []
    assert shown(array) == {(SPHERES, -1), (LINES, -1), (LABEL, -1)}
    visible = np.flatnonzero(result.visibility[0] >= 0.5)
    assert 10 < len(visible) < 33
    assert np.array_equal(
        xyz(marker_of(array, SPHERES).points), result.world_landmarks[0, visible, :3]
    )
    ends = [index for line in CONNECTIONS for index in line if set(line) <= set(visible)]
    assert np.array_equal(xyz(marker_of(array, LINES).points), result.world_landmarks[0, ends, :3])


def test_astronaut_stands_before_the_camera_and_faces_it(photographed: dict[str, Poses]) -> None:
    array = SkeletonMarkers().write(photographed['astronaut'], HEADER, LOOKS, 0)
    spheres = marker_of(array, SPHERES)
    assert spheres.pose.position == Point(z=2.0)
    visible = np.flatnonzero(photographed['astronaut'].visibility[0] >= 0.5)
    at = dict(zip(visible, spheres.points, strict=True))
    left, right = at[Landmark.LEFT_SHOULDER], at[Landmark.RIGHT_SHOULDER]
    nose, label = at[Landmark.NOSE], marker_of(array, LABEL).pose.position
    assert left.x > right.x + 0.2  # her left is on the image's right
    assert label.y < nose.y < left.y < 0  # upright: y points down
    assert nose.z < at[Landmark.LEFT_EAR].z  # facing: z points away from the camera


def test_colors_tell_sides_and_visibility() -> None:
    result = people(1)
    array = SkeletonMarkers().write(result, HEADER, LOOKS, 0)
    alphas = result.visibility[0].tolist()

    def color(side: Side, index: int) -> ColorRGBA:
        r, g, b = (value / 255 for value in LOOKS.rgb(side))
        return ColorRGBA(r=r, g=g, b=b, a=alphas[index])

    assert marker_of(array, SPHERES).colors == [color(side_of(i), i) for i in Landmark]
    assert marker_of(array, LINES).colors == [
        color(side_of(*line), index) for line in CONNECTIONS for index in line
    ]


def test_colors_can_change_from_frame_to_frame() -> None:
    markers, red = SkeletonMarkers(), MarkerLooks(color_left='#ff0000', color_center='#0000FF')
    markers.write(people(1), HEADER, LOOKS, 0)
    for looks, count in ((red, 2), (LOOKS, 3)):
        array = markers.write(people(count), HEADER, looks, 0)
        for marker in array.markers:
            if marker.ns == SPHERES:
                got = [(color.r, color.g, color.b) for color in marker.colors]
                wanted = [tuple(v / 255 for v in looks.rgb(side_of(each))) for each in Landmark]
                assert np.array(got) == pytest.approx(np.array(wanted))
            elif marker.ns == LABEL:
                assert marker.color.r == pytest.approx(looks.rgb(Side.CENTER)[0] / 255)


@pytest.mark.parametrize(('visibility', 'alpha'), [(1.0, 0.99), (0.5, 0.5), (0.0, 0.1)])
def test_alpha_is_neither_none_nor_whole(visibility: float, alpha: float) -> None:
    result = people(1)
    result.visibility[:] = visibility
    array = SkeletonMarkers().write(result, HEADER, MarkerLooks(marker_min_visibility=0), 0)
    assert complaints(array) == []
    for kind in (SPHERES, LINES):
        assert all(color.a == pytest.approx(alpha) for color in marker_of(array, kind).colors)


def test_looks_and_header_reach_every_marker() -> None:
    looks = MarkerLooks(
        marker_landmark_diameter=0.05,
        marker_bone_width=0.02,
        marker_distance=3.5,
        marker_lifetime=1.25,
    )
    array = SkeletonMarkers().write(people(2), HEADER, looks, 0)
    assert len(array.markers) == 6
    for marker in array.markers:
        assert marker.header == HEADER
        assert marker.lifetime == Duration(sec=1, nanosec=250_000_000)
        assert marker.pose.orientation == Quaternion(w=1.0)
        scale, used = marker.scale, {SPHERES: (0.05, 0.05, 0.05), LINES: (0.02, 0, 0)}
        if marker.ns == LABEL:
            assert scale.z > 0
        else:
            assert (scale.x, scale.y, scale.z) == used[marker.ns]
            assert marker.pose.position == Point(z=3.5)


def test_known_position_and_track() -> None:
    blank = people(3)
    positions = np.array([[3.0, 0.0, 4.0], [nan, 0, 1], [0, -inf, 1]])
    result = replace(blank, positions=positions, track_ids=np.array([1, -1, 12], np.int32))
    array = SkeletonMarkers().write(result, HEADER, LOOKS, 0)
    assert complaints(array) == []
    assert [marker.text for marker in array.markers if marker.ns == LABEL] == [
        'track_1\n5.00m',
        'pose_1',
        'track_12',
    ]
    assert [marker.pose.position for marker in array.markers if marker.ns == LINES] == [
        Point(x=3.0, z=4.0),
        Point(z=2.0),
        Point(z=2.0),
    ]
    # Turned about y, so that z, the line of sight of world landmarks, points to the person.
    turn = array.markers[0].pose.orientation
    half = np.arctan2(3.0, 4.0) / 2
    assert (turn.x, turn.y, turn.z, turn.w) == pytest.approx((0, np.sin(half), 0, np.cos(half)))
    nose = blank.world_landmarks[0, Landmark.NOSE]
    assert array.markers[2].pose.position.x == pytest.approx(
        3.0 + 0.8 * nose[0] + 0.6 * nose[2], abs=1e-6
    )
    assert array.markers[2].pose.position.y < nose[1]


@pytest.mark.parametrize(
    ('hidden', 'left'),
    [
        (range(33), set()),
        (range(1, 33), {SPHERES, LABEL}),  # one landmark makes no line
        (range(0), {SPHERES, LINES, LABEL}),
    ],
)
@pytest.mark.parametrize('value', [0.49, nan])
def test_no_list_is_empty(hidden: range, left: set[str], value: float) -> None:
    markers = SkeletonMarkers()
    before = shown(markers.write(people(1), HEADER, LOOKS, 0))
    result = people(1)
    result.visibility[0, list(hidden)] = value
    array = markers.write(result, HEADER, LOOKS, 0)
    assert complaints(array) == []
    assert shown(array) == {(kind, -1) for kind in left}
    assert shown(array, Marker.DELETE) == before - shown(array)


@pytest.mark.parametrize('value', [nan, inf])
def test_landmarks_that_are_not_finite_are_hidden(value: float) -> None:
    result = people(1)
    result.world_landmarks[0, [Landmark.NOSE, Landmark.LEFT_KNEE], 1] = value
    array = SkeletonMarkers().write(result, HEADER, LOOKS, 0)
    assert complaints(array) == []
    assert len(marker_of(array, SPHERES).points) == 31
    assert shown(array) == {(SPHERES, -1), (LINES, -1)}  # no nose, no label


def test_who_left_is_deleted_once() -> None:
    markers, kinds = SkeletonMarkers(), (SPHERES, LINES, LABEL)
    tracked = [
        replace(people(len(ids)), track_ids=np.array(ids, np.int32))
        for ids in ([3, 4], [4, 5], [-1], [])
    ]
    added, deleted = [], []
    for result in [*tracked, Poses.empty()]:
        array = markers.write(result, HEADER, LOOKS, 0)
        assert complaints(array) == []
        added.append(shown(array))
        deleted.append(shown(array, Marker.DELETE))
    ids = [{3, 4}, {4, 5}, {-1}, set(), set()]
    gone = [set(), {3}, {4, 5}, {-1}, set()]
    assert added == [{(kind, one) for one in each for kind in kinds} for each in ids]
    assert deleted == [{(kind, one) for one in each for kind in kinds} for each in gone]


def test_clear_deletes_all_and_forgets() -> None:
    markers, last = SkeletonMarkers(), Header(frame_id='elsewhere')
    before = shown(markers.write(people(2), HEADER, LOOKS, 0))
    array = markers.clear(last)
    assert complaints(array) == []
    assert shown(array, Marker.DELETE) == before
    assert shown(array) == set()
    assert all(marker.header == last for marker in array.markers)
    assert markers.clear(last).markers == []
    assert markers.write(Poses.empty(), HEADER, LOOKS, 0).markers == []


def test_nothing_stays_from_the_frame_before() -> None:
    markers = SkeletonMarkers()
    half = replace(people(2, 1), positions=np.array(((np.nan,) * 3, (1.0,) * 3)))
    half.visibility[0, :16] = 0.0
    for result in (people(2), half, people(2, 2), people(1, 3)):
        reused = [
            marker
            for marker in markers.write(result, HEADER, LOOKS, 0).markers
            if marker.action == Marker.ADD
        ]
        assert reused == SkeletonMarkers().write(result, HEADER, LOOKS, 0).markers


@pytest.mark.parametrize(
    'declared',
    [each for each in fields(MarkerLooks) if each.metadata['within']],
    ids=lambda it: it.name,
)
def test_the_ends_of_every_range_can_be_shown(declared: Field[Any]) -> None:
    for value in declared.metadata['within']:
        looks = MarkerLooks(**{declared.name: value})
        assert complaints(SkeletonMarkers().write(people(1), HEADER, looks, 0)) == []


def test_the_prefix_is_that_of_every_namespace() -> None:
    array = SkeletonMarkers('front/').write(people(1), HEADER, LOOKS, 0)
    assert [marker.ns for marker in array.markers] == [
        'front/landmarks',
        'front/bones',
        'front/labels',
    ]


@pytest.mark.parametrize(
    ('interval_s', 'wanted_s', 'lifetime_s'),
    [(0.03, 0.5, 0.5), (1.2, 0.5, 3.6), (1.2, 60.0, 60.0), (100.0, 0.5, 30.0)],
)
def test_markers_of_a_slow_camera_do_not_blink(
    interval_s: float, wanted_s: float, lifetime_s: float
) -> None:
    markers, looks = SkeletonMarkers(), MarkerLooks(marker_lifetime=wanted_s)
    for frame in range(4):
        array = markers.write(people(1), HEADER, looks, round(frame * interval_s * SECOND))
    assert seconds(array.markers[0].lifetime) == pytest.approx(lifetime_s)


def test_one_pause_of_the_camera_does_not_make_markers_live_longer() -> None:
    markers = SkeletonMarkers()
    for time_s in (0.0, 0.1, 0.2, 20.0, 20.1, 0.0, 0.1):  # a pause, and a jump back
        array = markers.write(people(1), HEADER, LOOKS, round(time_s * SECOND))
        assert seconds(array.markers[0].lifetime) == 0.5
    markers.clear(HEADER)
    array = markers.write(people(1), HEADER, LOOKS, 60 * SECOND)
    assert seconds(array.markers[0].lifetime) == 0.5


def seconds(duration: Duration) -> float:
    return duration.sec + 1e-9 * duration.nanosec
