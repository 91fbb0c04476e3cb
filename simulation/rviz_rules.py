# SPDX-License-Identifier: Apache-2.0
"""
Says what RViz would complain about in a MarkerArray.

The rules of RViz 2 (rviz_default_plugins, displays/marker) and those that RViz 1 adds
(default_plugin/marker_utils.cpp): what the first ignores, other viewers trip over.
"""

from collections.abc import Iterator
from math import isfinite

from visualization_msgs.msg import Marker, MarkerArray

LISTS = (Marker.SPHERE_LIST, Marker.LINE_LIST)


def complaints(array: MarkerArray) -> list[str]:
    """Return one line for each rule that a marker breaks, none for an array without fault."""
    keys = [(marker.ns, marker.id) for marker in array.markers]
    found = [f'{key}: more than once in one array' for key in set(keys) if keys.count(key) > 1]
    for key, marker in zip(keys, array.markers, strict=True):
        found += [f'{key}: {complaint}' for complaint in _complaints(marker)]
    return found


def _complaints(marker: Marker) -> Iterator[str]:
    if not marker.header.frame_id:
        yield 'no frame'
    if not all(map(isfinite, _numbers(marker))):
        yield 'a number is not finite'
    if marker.action == Marker.DELETE:
        return
    if marker.action != Marker.ADD:
        yield f'action {marker.action}'
    orientation = marker.pose.orientation
    norm2 = sum(getattr(orientation, axis) ** 2 for axis in 'xyzw')
    if abs(norm2 - 1) > 1e-3:
        yield 'quaternion is not normalized'
    if marker.mesh_resource or marker.mesh_use_embedded_materials:
        yield 'mesh is ignored'
    if marker.lifetime.sec == 0 and marker.lifetime.nanosec <= 100_000:
        yield 'no lifetime'
    used = {Marker.SPHERE_LIST: 'xyz', Marker.LINE_LIST: 'x', Marker.TEXT_VIEW_FACING: 'z'}
    if marker.type not in used:
        yield f'type {marker.type}'
    elif any(getattr(marker.scale, axis) <= 0 for axis in used[marker.type]):
        yield 'scale is not positive'
    if marker.type in LISTS:
        yield from _list_complaints(marker)
    else:
        yield from _text_complaints(marker)


def _list_complaints(marker: Marker) -> Iterator[str]:
    if not marker.points:
        yield 'points are empty'
    if marker.type == Marker.LINE_LIST and len(marker.points) % 2:
        yield 'number of points is odd'
    if marker.colors and len(marker.colors) != len(marker.points):
        yield 'number of colors is not that of points'
    if not any(color.a for color in marker.colors or [marker.color]):
        yield 'fully transparent'
    if marker.text:
        yield 'text is ignored'


def _text_complaints(marker: Marker) -> Iterator[str]:
    if not marker.text.strip():
        yield 'text is empty'
    if ' ' in marker.text or not marker.text.isascii():
        yield 'text has a space, which may be metres wide, or a letter without a glyph'
    if not marker.color.a:
        yield 'fully transparent'
    if marker.points or marker.colors:
        yield 'points or colors are ignored'


def _numbers(marker: Marker) -> Iterator[float]:
    for triple in (marker.pose.position, marker.scale, *marker.points):
        yield from (triple.x, triple.y, triple.z)
    for color in (marker.color, *marker.colors):
        yield from (color.r, color.g, color.b, color.a)
    orientation = marker.pose.orientation
    yield from (orientation.x, orientation.y, orientation.z, orientation.w)
