# SPDX-License-Identifier: Apache-2.0
"""
Writes a `Poses` as a `MarkerArray` with a skeleton for each person.

The writer keeps its message objects, and remembers what it showed, to delete it when it is gone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from statistics import median_low
from typing import TYPE_CHECKING

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Vector3
import numpy as np
from numpy.typing import NDArray
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.outputs.looks import Looks
from pose_ros.outputs.skeleton_figure import SkeletonFigure
from pose_ros.poses.geometry import turned, viewing_quaternions
from pose_ros.poses.poses import UNTRACKED, Poses
from pose_ros.poses.skeleton import Landmark, Side
from pose_ros.rclpy_tools.parameter_declaration import parameter

if TYPE_CHECKING:
    from std_msgs.msg import Header

__all__ = ['MarkerLooks', 'SkeletonMarkers']

# A label has no space: RViz 2 makes it as wide as between letters of a metre.
LABEL_HEIGHT_M = 0.08  # of a line

# A landmark that is shown is never quite transparent. Nor quite opaque: RViz blends all lines of
# a marker or none, as the last point has it, and takes an alpha of 1 for none.
ALPHA_RANGE = (0.1, 0.99)

# Markers live for three intervals between frames at least: one late frame does not hide them.
INTERVALS_LIVED = 3
INTERVALS_KEPT = 5
# After a node that was killed, markers stay this long at most, but for marker_lifetime.
FOLLOWING_LIFETIME_MAX_S = 30.0


@dataclass(frozen=True)
class MarkerLooks(Looks):
    """How people look in the markers; each field is a parameter."""

    marker_distance: float = parameter(
        2.0,
        'Metres in front of the camera at which the markers of a person stand whose position '
        'is unknown.',
        within=(0.1, 100.0),
    )
    marker_min_visibility: float = parameter(
        0.5,
        'Landmarks with a lower visibility, and their bones, are not shown in the markers.',
        within=(0.0, 1.0),
    )
    marker_landmark_diameter: float = parameter(
        0.03, 'Metres, of the sphere at each landmark.', within=(0.001, 1.0)
    )
    marker_bone_width: float = parameter(
        0.015, 'Metres, of the line between two landmarks.', within=(0.001, 1.0)
    )
    marker_lifetime: float = parameter(
        0.5,
        'Seconds after which RViz removes a marker that is not renewed; more where images come '
        'so seldom that the markers would blink.',
        within=(0.001, 86400.0),  # RViz takes less than 0.1 ms for "for ever"
    )


class SkeletonMarkers:
    """
    Writes one result after the other into the same `MarkerArray`.

    A person has one marker in each of three namespaces: `landmarks` has spheres, `bones` the
    connections as lines, both coloured by side and weaker where visibility is low, and `labels`
    a text above the head: `track_` with the track id or, when not tracked, `pose_` with the index
    in the result, and, when known, the distance from the camera. The markers' id is the track id
    or, when not tracked, -1 - index. World landmarks are shown in the header's frame, around the
    person's position and turned to the line of sight, which they belong to.

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
        self._figures: list[SkeletonFigure] = []
        self._painted: tuple[tuple[int, int, int], ...] = ()
        self._times_ns: deque[int] = deque(maxlen=INTERVALS_KEPT + 1)
        self._shown: dict[tuple[str, int], None] = {}  # a set that keeps its order

    def write(
        self, result: Poses, header: Header, looks: MarkerLooks, time_ns: int
    ) -> MarkerArray:
        """
        Return the markers of one frame.

        :param result: N people; a landmark that is not finite is hidden, a position that is not
            finite is unknown
        :param header: the image's own; its frame is the camera's optical frame
        :param looks: may differ from call to call
        :param time_ns: of the frame: markers live at least for some intervals between frames
        :returns: ADD for what is to be seen, never with an empty list, and DELETE for what the
            previous call showed and this one does not; valid until the next call
        """
        self._times_ns.append(time_ns)
        self._paint(looks, len(result))
        markers = self._draw(result, looks)
        scales = _scales(looks)
        lifetime = _duration(self._lifetime_s(looks))
        for marker in markers:
            marker.header = header
            marker.scale = scales[marker.type]
            marker.lifetime = lifetime
        return self._array_of(markers, header)

    def clear(self, header: Header) -> MarkerArray:
        """
        Return the message that removes all that is shown.

        :param header: of the last frame
        :returns: DELETE for every marker of the previous call; valid until the next call
        """
        self._times_ns.clear()
        return self._array_of([], header)

    def _array_of(self, markers: list[Marker], header: Header) -> MarkerArray:
        """Return the message, with DELETE for what was shown and is not among the markers."""
        shown = {(marker.ns, marker.id): None for marker in markers}
        markers += [
            Marker(header=header, ns=namespace, id=marker_id, action=Marker.DELETE)
            for namespace, marker_id in self._shown
            if (namespace, marker_id) not in shown
        ]
        self._shown = shown
        self._array.markers = markers
        return self._array

    def _paint(self, looks: MarkerLooks, people: int) -> None:
        """See that there are figures enough, and that they have the wanted colours."""
        colors = tuple(looks.rgb(side) for side in Side)
        unpainted = self._figures if colors != self._painted else []
        new = [SkeletonFigure(self._prefix) for _ in range(people - len(self._figures))]
        for figure in (*unpainted, *new):
            figure.paint(looks.rgb)
        self._figures += new
        self._painted = colors

    def _draw(self, result: Poses, looks: MarkerLooks) -> list[Marker]:
        world_xyz_m = result.world_landmarks[:, :, :3]
        visible = result.visibility >= looks.marker_min_visibility
        visible &= np.isfinite(world_xyz_m).all(axis=2)
        alphas = np.where(visible, np.clip(result.visibility, *ALPHA_RANGE), 0)
        known: NDArray[np.bool_] = np.all(np.isfinite(result.positions), axis=1)
        origins_m = np.where(known[:, None], result.positions, (0, 0, looks.marker_distance))
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
            person_id, name = track_id, f'track_{track_id}'
            if track_id == UNTRACKED:
                person_id, name = -1 - index, f'pose_{index}'
            label = f'{name}\n{hypot(*origin_m):.2f}m' if is_known else name
            figure = self._figures[index]
            figure.place(origin_m, quaternion, noses_m[index])
            markers += figure.draw(person_id, label, xyz_m, alpha)
        return markers

    def _lifetime_s(self, looks: MarkerLooks) -> float:
        """Return the wanted lifetime, or more where frames are further apart."""
        intervals_ns = [after - before for before, after in pairwise(self._times_ns)]
        usual_s = median_low(intervals_ns) / 1e9 if intervals_ns else 0.0
        following_s = min(INTERVALS_LIVED * usual_s, FOLLOWING_LIFETIME_MAX_S)
        return max(looks.marker_lifetime, following_s)


def _scales(looks: MarkerLooks) -> dict[int, Vector3]:
    """Return the scale of each type of marker. What a type does not use stays zero."""
    diameter = looks.marker_landmark_diameter
    return {
        Marker.SPHERE_LIST: Vector3(x=diameter, y=diameter, z=diameter),
        Marker.LINE_LIST: Vector3(x=looks.marker_bone_width),
        Marker.TEXT_VIEW_FACING: Vector3(z=LABEL_HEIGHT_M),
    }


def _duration(seconds: float) -> Duration:
    sec, nanosec = divmod(round(seconds * 1e9), 10**9)
    return Duration(sec=sec, nanosec=nanosec)
