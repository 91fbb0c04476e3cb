# SPDX-License-Identifier: Apache-2.0
"""Keeps the three markers of one person: spheres, lines and a label."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from geometry_msgs.msg import Point, Pose
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker

from pose_ros.poses.skeleton import CONNECTIONS, Landmark, Side, side_of

__all__ = ['BONES', 'LABELS', 'LANDMARKS', 'SkeletonFigure']

# Namespaces of markers, which a viewer shows and hides; the person is the marker's id in each.
LANDMARKS, BONES, LABELS = 'landmarks', 'bones', 'labels'

LABEL_ABOVE_NOSE_M = 0.3

# Each connection, and whether it has the centre's colour; if not, it has that of its ends.
LINES = tuple((start, end, side_of(start, end) is Side.CENTER) for start, end in CONNECTIONS)


class SkeletonFigure:
    """The message objects of one person. Spheres and lines share their points and colours."""

    def __init__(self, prefix: str) -> None:
        """
        Make the objects.

        :param prefix: of the namespaces
        """
        self._points = [Point() for _ in Landmark]
        self._colors = [ColorRGBA() for _ in Landmark]
        self._center_colors = [ColorRGBA() for _ in Landmark]
        whole = ColorRGBA(a=1.0)
        self._pose = Pose()
        self._spheres = Marker(
            ns=prefix + LANDMARKS, type=Marker.SPHERE_LIST, pose=self._pose, color=whole
        )
        self._lines = Marker(
            ns=prefix + BONES, type=Marker.LINE_LIST, pose=self._pose, color=whole
        )
        self._label = Marker(ns=prefix + LABELS, type=Marker.TEXT_VIEW_FACING, color=whole)

    def paint(self, rgb: Callable[[Side], tuple[int, int, int]]) -> None:
        """
        Give the landmarks, lines and the label their colours.

        :param rgb: returns the colour of a side of the body, 0-255
        """
        by_side = {side: tuple(value / 255 for value in rgb(side)) for side in Side}
        for index, color in enumerate(self._colors):
            color.r, color.g, color.b = by_side[side_of(index)]
        for color in (*self._center_colors, self._label.color):
            color.r, color.g, color.b = by_side[Side.CENTER]

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
        person_id: int,
        label: str,
        xyz_m: list[list[float]],
        alphas: list[float],
    ) -> list[Marker]:
        """
        Return the person's markers that have something to show.

        :param person_id: of each marker
        :param xyz_m: of the landmarks around the person's position
        :param alphas: of the landmarks; 0 hides
        """
        shown = [index for index, alpha in enumerate(alphas) if alpha]
        if not shown:
            return []
        for index in shown:
            point = self._points[index]
            point.x, point.y, point.z = xyz_m[index]
            self._colors[index].a = self._center_colors[index].a = alphas[index]
        self._spheres.id = self._lines.id = self._label.id = person_id
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
        for start, end, is_central in LINES:
            if alphas[start] and alphas[end]:
                palette = self._center_colors if is_central else self._colors
                points += (self._points[start], self._points[end])
                colors += (palette[start], palette[end])
        self._lines.points = points
        self._lines.colors = colors
        return bool(points)
