# SPDX-License-Identifier: Apache-2.0
"""The check of RViz's rules finds each of the faults it is there for."""

from collections.abc import Callable
from copy import deepcopy
from math import inf, nan

from geometry_msgs.msg import Point, Quaternion, Vector3
import pytest
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from simulation.rviz_rules import complaints

WHITE = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
CLEAR = ColorRGBA(r=1.0, g=1.0, b=1.0, a=0.0)


def good(kind: int, **fields: object) -> Marker:
    marker = Marker(
        header=Header(frame_id='camera'),
        ns='pose_0',
        type=kind,
        color=WHITE,
        scale=Vector3(x=0.1, y=0.1, z=0.1),
        **fields,
    )
    marker.lifetime.sec = 1
    return marker


SPHERES = good(Marker.SPHERE_LIST, points=[Point(), Point()], colors=[WHITE, CLEAR], id=0)
LINES = good(Marker.LINE_LIST, points=[Point(), Point()], colors=[WHITE, CLEAR], id=1)
TEXT = good(Marker.TEXT_VIEW_FACING, text='7', id=2)


def setting(**fields: object) -> Callable[[Marker], None]:
    def change(marker: Marker) -> None:
        for path, value in fields.items():
            *parents, name = path.split('__')
            place = marker
            for parent in parents:
                place = getattr(place, parent)
            setattr(place, name, value)

    return change


def test_good_markers_pass() -> None:
    delete = Marker(header=SPHERES.header, ns='pose_1', action=Marker.DELETE)
    assert complaints(MarkerArray(markers=[SPHERES, LINES, TEXT, delete])) == []
    assert complaints(MarkerArray()) == []


@pytest.mark.parametrize(
    ('marker', 'change', 'complaint'),
    [
        (SPHERES, setting(header__frame_id=''), 'no frame'),
        (SPHERES, setting(action=7), 'action 7'),
        (SPHERES, setting(type=99), 'type 99'),
        (SPHERES, setting(lifetime__sec=0), 'no lifetime'),
        (SPHERES, setting(mesh_resource='package://a'), 'mesh'),
        (SPHERES, setting(points=[], colors=[]), 'points are empty'),
        (LINES, setting(points=[], colors=[]), 'points are empty'),
        (LINES, setting(points=[Point()] * 3, colors=[]), 'odd'),
        (SPHERES, setting(colors=[WHITE]), 'number of colors'),
        (LINES, setting(colors=[WHITE] * 3), 'number of colors'),
        (SPHERES, setting(colors=[CLEAR] * 2), 'transparent'),
        (LINES, setting(colors=[], color=CLEAR), 'transparent'),
        (TEXT, setting(color=CLEAR), 'transparent'),
        (SPHERES, setting(text='x'), 'text is ignored'),
        (TEXT, setting(points=[Point()]), 'points or colors'),
        (TEXT, setting(text=' \n'), 'text is empty'),
        (TEXT, setting(text='a b'), 'space'),
        (TEXT, setting(text='5±1'), 'glyph'),
        (SPHERES, setting(pose__orientation=Quaternion(w=0.0)), 'quaternion'),
        (LINES, setting(pose__orientation=Quaternion(x=1.0, w=1.0)), 'quaternion'),
        (SPHERES, setting(scale__y=0.0), 'scale'),
        (SPHERES, setting(scale__z=-1.0), 'scale'),
        (LINES, setting(scale__x=0.0), 'scale'),
        (TEXT, setting(scale__z=0.0), 'scale'),
        (SPHERES, setting(points=[Point(), Point(z=nan)]), 'not finite'),
        (TEXT, setting(pose__position=Point(x=inf)), 'not finite'),
        (TEXT, setting(pose__orientation__x=nan), 'not finite'),
        (LINES, setting(scale__y=nan), 'not finite'),
        (LINES, setting(colors=[WHITE, ColorRGBA(a=nan)]), 'not finite'),
    ],
)
def test_bad_marker_is_found(
    marker: Marker, change: Callable[[Marker], None], complaint: str
) -> None:
    bad = deepcopy(marker)
    change(bad)
    others = [other for other in (SPHERES, LINES, TEXT) if other is not marker]
    found = complaints(MarkerArray(markers=[*others, bad]))
    assert any(complaint in line and f"('pose_0', {marker.id})" in line for line in found), found


@pytest.mark.parametrize('action', [Marker.ADD, Marker.DELETE])
def test_twice_the_same_is_found(action: int) -> None:
    again = deepcopy(TEXT)
    again.action = action
    (found,) = complaints(MarkerArray(markers=[TEXT, again]))
    assert 'more than once' in found
