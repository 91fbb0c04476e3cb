# SPDX-License-Identifier: Apache-2.0
"""
A `Poses` and the header of its image in, a `MarkerArray` with a skeleton for each person out.

The writer keeps its message objects, and remembers what it showed, to delete it when it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, isfinite
from typing import TYPE_CHECKING

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, Pose, Vector3
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.poses.geometry import turned, viewing_quaternions
from pose_ros.poses.poses import UNTRACKED, Poses
from pose_ros.poses.skeleton import COLORS_RGB, CONNECTIONS, Landmark, Side, side_of

if TYPE_CHECKING:
    from std_msgs.msg import Header

__all__ = ['MARKER_STYLE_RANGES', 'MarkerStyle', 'SkeletonMarkers']

LANDMARKS_ID, BONES_ID, LABEL_ID = range(3)  # ids of a person's markers in the person's namespace

# A label has no space: RViz 2 makes it as wide as between letters of a metre.
LABEL_HEIGHT_M = 0.08  # of a line
LABEL_ABOVE_NOSE_M = 0.3

# A landmark that is shown is never quite transparent. Nor quite opaque: RViz blends all lines of
# a marker or none, as the last point has it, and takes an alpha of 1 for none.
ALPHA_RANGE = (0.1, 0.99)

# Each connection, and whether it has the centre's colour; if not, it has that of its ends.
BONES = tuple((start, end, side_of(start, end) is Side.CENTER) for start, end in CONNECTIONS)

# The least and the greatest value of each field of MarkerStyle.
MARKER_STYLE_RANGES = {
    'landmark_diameter_m': (0.001, 1.0),
    'bone_width_m': (0.001, 1.0),
    'min_visibility': (0.0, 1.0),
    'distance_m': (0.1, 100.0),
    'lifetime_s': (0.001, 86400.0),  # RViz takes less than 0.1 ms for "for ever"
}


@dataclass(frozen=True)
class MarkerStyle:
    """
    How skeletons look. Each field has its range in MARKER_STYLE_RANGES.

    :param landmark_diameter_m: of the sphere at each landmark
    :param bone_width_m: of the line of each connection
    :param min_visibility: landmarks below it are hidden, and the connections that end there
    :param distance_m: how far in front of the camera, on its axis, the hip midpoint of a person
        is shown whose position is unknown
    :param lifetime_s: after which a viewer removes a skeleton that was not written again
    :raises ValueError: when a value is outside its range
    """

    landmark_diameter_m: float = 0.03
    bone_width_m: float = 0.015
    min_visibility: float = 0.5
    distance_m: float = 2.0
    lifetime_s: float = 0.5

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, (least, greatest) in MARKER_STYLE_RANGES.items():
            value = getattr(self, name)
            if not least <= value <= greatest:
                raise ValueError(f'{name}: wanted {least:g} to {greatest:g}, got {value:g}')


class SkeletonMarkers:
    """
    Writes one result after the other into the same `MarkerArray`.

    A person has a namespace, `track_<track id>` or, when not tracked, `pose_<index in result>`,
    and in it three markers: the landmarks as spheres, the connections as lines, both coloured by
    side and weaker where visibility is low, and a label above the head: the namespace and, when
    known, the distance from the camera. World landmarks are shown in the header's frame, around
    the person's position and turned to the line of sight, which they belong to.

    The message that `write` and `clear` return is overwritten by the next call: publish or copy
    it before.
    """

    def __init__(self, prefix: str = '') -> None:
        """
        Begin with nothing shown.

        :param prefix: of all namespaces, to tell apart the people of several cameras
        """
        self._prefix = prefix
        self._array = MarkerArray()
        self._figures: list[_Figure] = []
        self._shown: dict[tuple[str, int], None] = {}  # a set that keeps its order

    def write(self, result: Poses, header: Header, style: MarkerStyle) -> MarkerArray:
        """
        Return the markers of one frame.

        :param result: N people; a landmark that is not finite is hidden, a position that is not
            finite is unknown
        :param header: the image's own; its frame is the camera's optical frame
        :param style: may differ from call to call
        :returns: ADD for what is to be seen, never with an empty list, and DELETE for what the
            previous call showed and this one does not; valid until the next call
        """
        while len(self._figures) < len(result):
            self._figures.append(_Figure())
        markers = self._draw(result, style)
        scales = _scales(style)
        lifetime = _duration(style.lifetime_s)
        for marker in markers:
            marker.header = header
            marker.scale = scales[marker.id]
            marker.lifetime = lifetime

        shown = {(marker.ns, marker.id): None for marker in markers}
        markers += [
            Marker(header=header, ns=namespace, id=marker_id, action=Marker.DELETE)
            for namespace, marker_id in self._shown
            if (namespace, marker_id) not in shown
        ]
        self._shown = shown
        self._array.markers = markers
        return self._array

    def clear(self, header: Header) -> MarkerArray:
        """
        Return the message that removes all that is shown.

        :param header: of the last frame
        :returns: DELETE for every marker of the previous call; valid until the next call
        """
        return self.write(Poses.empty(), header, MarkerStyle())

    def _draw(self, result: Poses, style: MarkerStyle) -> list[Marker]:
        world_xyz_m = result.world_landmarks[:, :, :3]
        visible = result.visibility >= style.min_visibility
        visible &= np.isfinite(world_xyz_m).all(axis=2)
        alphas = np.where(visible, np.clip(result.visibility, *ALPHA_RANGE), 0)
        known: NDArray[np.bool_] = np.all(np.isfinite(result.positions), axis=1)
        origins_m = np.where(known[:, None], result.positions, (0, 0, style.distance_m))
        quaternions = viewing_quaternions(origins_m)
        noses_m = (origins_m + turned(world_xyz_m, origins_m)[:, Landmark.NOSE]).tolist()

        markers = []
        for index, (track_id, is_known, origin_m, quaternion, xyz_m, alpha) in enumerate(
            zip(
                result.track_ids.tolist(),
                known.tolist(),
                origins_m.tolist(),
                quaternions.tolist(),
                world_xyz_m.tolist(),
                alphas.tolist(),
                strict=True,
            )
        ):
            name = f'pose_{index}' if track_id == UNTRACKED else f'track_{track_id}'
            label = f'{name}\n{hypot(*origin_m):.2f}m' if is_known else name
            figure = self._figures[index]
            figure.place(origin_m, quaternion, noses_m[index])
            markers += figure.draw(self._prefix + name, label, xyz_m, alpha)
        return markers


class _Figure:
    """The message objects of one person. Spheres and lines share their points and colours."""

    def __init__(self) -> None:
        self._points = [Point() for _ in Landmark]
        self._colors = [_color(side_of(index)) for index in Landmark]
        self._center_colors = [_color(Side.CENTER) for _ in Landmark]
        white = _color(Side.CENTER)
        pose = Pose()
        self._pose = pose
        self._spheres = Marker(type=Marker.SPHERE_LIST, id=LANDMARKS_ID, pose=pose, color=white)
        self._lines = Marker(type=Marker.LINE_LIST, id=BONES_ID, pose=pose, color=white)
        self._label = Marker(type=Marker.TEXT_VIEW_FACING, id=LABEL_ID, color=white)

    def place(
        self,
        origin_m: list[float],
        quaternion: list[float],
        nose_m: list[float],
    ) -> None:
        """Set where the person is, and the label above the nose, also a hidden one."""
        at, turn = self._pose.position, self._pose.orientation
        at.x, at.y, at.z = origin_m
        turn.x, turn.y, turn.z, turn.w = quaternion
        at = self._label.pose.position
        at.x, at.y, at.z = nose_m[0], nose_m[1] - LABEL_ABOVE_NOSE_M, nose_m[2]

    def draw(
        self,
        name: str,
        label: str,
        xyz_m: list[list[float]],
        alphas: list[float],
    ) -> list[Marker]:
        """Return the person's markers that have something to show; an alpha of 0 hides."""
        shown = [index for index, alpha in enumerate(alphas) if alpha]
        if not shown:
            return []
        for index in shown:
            point = self._points[index]
            point.x, point.y, point.z = xyz_m[index]
            self._colors[index].a = self._center_colors[index].a = alphas[index]
        self._spheres.ns = self._lines.ns = self._label.ns = name
        self._spheres.points = [self._points[index] for index in shown]
        self._spheres.colors = [self._colors[index] for index in shown]
        self._label.text = label

        markers = [self._spheres]
        if self._connect(alphas):
            markers.append(self._lines)
        if isfinite(sum(xyz_m[Landmark.NOSE])):
            markers.append(self._label)
        return markers

    def _connect(self, alphas: list[float]) -> bool:
        """Set the lines; say whether there are any."""
        points: list[Point] = []
        colors: list[ColorRGBA] = []
        for start, end, is_central in BONES:
            if alphas[start] and alphas[end]:
                palette = self._center_colors if is_central else self._colors
                points += (self._points[start], self._points[end])
                colors += (palette[start], palette[end])
        self._lines.points = points
        self._lines.colors = colors
        return bool(points)


def _color(side: Side) -> ColorRGBA:
    r, g, b = (value / 255 for value in COLORS_RGB[side])
    return ColorRGBA(r=r, g=g, b=b, a=1.0)


def _scales(style: MarkerStyle) -> tuple[Vector3, Vector3, Vector3]:
    """Return the scale of each marker by its id. What its type does not use stays zero."""
    diameter = style.landmark_diameter_m
    return (
        Vector3(x=diameter, y=diameter, z=diameter),
        Vector3(x=style.bone_width_m),
        Vector3(z=LABEL_HEIGHT_M),
    )


def _duration(seconds: float) -> Duration:
    sec, nanosec = divmod(round(seconds * 1e9), 10**9)
    return Duration(sec=sec, nanosec=nanosec)
