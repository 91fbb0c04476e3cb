# SPDX-License-Identifier: Apache-2.0
"""Draws a published MarkerArray from two sides."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use('Agg')

from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D
from mpl_toolkits.mplot3d.art3d import Line3DCollection
import numpy as np
from numpy.typing import NDArray
from visualization_msgs.msg import Marker, MarkerArray

__all__ = ['write_markers']

SIDE_INCHES = 6.0
MARGIN_M = 0.15
# Of matplotlib's camera; x is its x, the depth its y, and up its z.
VIEWS = (('seen from the camera', -90.0), ("seen from the camera's right", 0.0))


def write_markers(path: Path, array: MarkerArray) -> None:
    """
    Draw the spheres, lines and texts of the message in the axes of its frame.

    :param path: of the PNG
    :param array: with SPHERE_LIST, LINE_LIST and TEXT_VIEW_FACING markers in an optical frame
    """
    markers = [marker for marker in array.markers if marker.action == Marker.ADD]
    placed = [(marker, _placed(marker)) for marker in markers]
    low, high = _cube(np.concatenate([points for _, points in placed]))
    figure = Figure(figsize=(2 * SIDE_INCHES, SIDE_INCHES), dpi=110, facecolor='#303030')
    frame_id = markers[0].header.frame_id
    figure.suptitle(f'pose/markers in {frame_id}', color='white')
    for index, (title, azimuth_deg) in enumerate(VIEWS):
        axes = figure.add_axes((0.02 + 0.5 * index, 0.02, 0.46, 0.9), projection='3d')
        _prepare(axes, title, azimuth_deg, low, high)
        points_per_m = 0.65 * SIDE_INCHES * 72 / float(high[0] - low[0])
        for marker, xyz_m in placed:
            _draw(axes, marker, xyz_m, points_per_m)
    figure.savefig(path, facecolor=figure.get_facecolor())


def _placed(marker: Marker) -> NDArray[np.float64]:
    """Return the marker's points (or its own position) in its frame, (n, 3) in metres."""
    position, turn = marker.pose.position, marker.pose.orientation
    origin_m = np.array([position.x, position.y, position.z])
    if not marker.points:
        return origin_m[np.newaxis]
    xyz_m = np.array([(point.x, point.y, point.z) for point in marker.points])
    axis, w = np.array([turn.x, turn.y, turn.z]), turn.w
    across = 2 * np.cross(axis, xyz_m)
    return origin_m + xyz_m + w * across + np.cross(axis, across)


def _cube(xyz_m: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the opposite corners of a cube around the points."""
    low, high = xyz_m.min(axis=0), xyz_m.max(axis=0)
    half = (high - low).max() / 2 + MARGIN_M
    return (low + high) / 2 - half, (low + high) / 2 + half


def _prepare(
    axes: Axes3D,
    title: str,
    azimuth_deg: float,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> None:
    """Set up axes in which y points down, as it does in an optical frame."""
    axes.set_title(title, color='white', y=1.0)
    axes.set_proj_type('ortho')
    axes.view_init(elev=12.0, azim=azimuth_deg + 12.0)
    axes.set_facecolor('#303030')
    axes.set(xlim=(low[0], high[0]), ylim=(low[2], high[2]), zlim=(high[1], low[1]))
    axes.set_box_aspect((1, 1, 1), zoom=1.1)
    for axis, label in (
        (axes.xaxis, 'x: right [m]'),
        (axes.yaxis, 'z: forward [m]'),
        (axes.zaxis, 'y: down [m]'),
    ):
        axis.set_label_text(label, color='white')
        axis.set_tick_params(colors='#c0c0c0', labelsize=8)
        axis.set_pane_color((0.22, 0.22, 0.22, 1.0))


def _draw(
    axes: Axes3D,
    marker: Marker,
    xyz_m: NDArray[np.float64],
    points_per_m: float,
) -> None:
    """Draw one marker; its own x, z, y are the axes' x, y, z."""
    seen = xyz_m[:, (0, 2, 1)]
    colors = [(color.r, color.g, color.b, color.a) for color in marker.colors or [marker.color]]
    if marker.type == Marker.SPHERE_LIST:
        axes.scatter(
            *seen.T,
            c=colors,
            s=(marker.scale.x * points_per_m) ** 2,
            linewidths=0,
            depthshade=False,
        )
    elif marker.type == Marker.LINE_LIST:
        axes.add_collection3d(
            Line3DCollection(
                seen.reshape(-1, 2, 3),
                colors=colors[::2],
                linewidths=marker.scale.x * points_per_m,
            )
        )
    elif marker.type == Marker.TEXT_VIEW_FACING:
        axes.text(
            *seen[0],
            marker.text,
            color=colors[0],
            ha='center',
            va='center',
            fontsize=max(6.0, marker.scale.z * points_per_m),
        )
