# SPDX-License-Identifier: Apache-2.0
"""
Writes README's moving picture: a video with skeletons and ids, and the same people in 3D.

`make demo-picture` runs it. Each frame goes through the parts of the pose node, however long that
takes: the picture is the same on every machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
import sys

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from std_msgs.msg import Header

from pose_ros.demo.video_source import open_source
from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.images.frame import Frame
from pose_ros.outputs.looks import Looks
from pose_ros.outputs.overlay import OverlayLooks, draw
from pose_ros.poses.geometry import placed_landmarks
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import CONNECTIONS, side_of
from pose_ros.stream.parameters import Parameters
from pose_ros.stream.pose_stream import PoseStream
from simulation.recordings import recording

WIDTH_PX, SIDE_PX = 640, 360  # of the video; the view in 3D is a square
DRAWN = 2  # times as large the overlay is drawn
STEP = 2  # of the video's frames one is shown
QUALITY = 60  # of WebP; the file stays below 3 MB
LIMIT_BYTES = 3_000_000
MIN_VISIBILITY = 0.5

# The angle is what a phone's camera sees.
PARAMETERS = Parameters(
    num_poses=4,
    search='windows',
    output_segmentation_masks=True,
    overlay_mask='tint',
    horizontal_fov=63.0,
)

# The view of the people in 3D: x ahead of the camera, y left, z up, metres.
FOCUS_M = np.array([6.0, 0.0, 0.5])
DISTANCE_M = 9.0
YAW_DEG = (20.0, 65.0)  # from which side, there and back
PITCH_DEG = 12.0
FOCAL_PX = 1.45 * SIDE_PX
FLOOR_M = -1.6
BACKGROUND_RGB = (48, 48, 48)
FLOOR_RGB = (90, 90, 94)


def found_people(video: Path) -> Iterator[tuple[NDArray[np.uint8], Poses]]:
    """Yield the pictures of a video, rgb (H, W, 3), and the people in them."""
    size = DRAWN * WIDTH_PX, DRAWN * SIDE_PX
    source = open_source(str(video), loop=False, width=size[0], height=size[1])
    people = People(PARAMETERS.following(), Positions(PARAMETERS.positions()))
    stream = PoseStream(
        PARAMETERS.landmarker_options(),
        PARAMETERS.clock_restart_threshold,
        replace(PARAMETERS.search_options(), counts_looks=True),
    )
    try:
        count = 0
        while source.grab():
            count += 1
            stamp_ns = 10**9 + round(count / source.rate_hz * 1e9)
            frame = Frame(source.retrieve(), Header(), stamp_ns)
            found = stream.find(frame, stream.admit(frame, stamp_ns))
            if found is not None:
                poses = people.follow(frame, found.poses, found.time_ns)
                yield frame.rgb, people.smooth_masks(poses, found.time_ns)
    finally:
        stream.close()
        source.close()


def in_3d(poses: Poses, yaw_deg: float) -> NDArray[np.uint8]:
    """Return the people as RViz would show them, rgb (SIDE_PX, SIDE_PX, 3)."""
    picture = np.full((SIDE_PX, SIDE_PX, 3), BACKGROUND_RGB, np.uint8)
    for at in np.arange(-4.0, 4.5):
        _line(picture, [(6 + at, -4, FLOOR_M), (6 + at, 4, FLOOR_M)], yaw_deg, FLOOR_RGB, 1)
        _line(picture, [(2, at, FLOOR_M), (10, at, FLOOR_M)], yaw_deg, FLOOR_RGB, 1)
    looks = Looks()
    for xyz_m, visibility in zip(placed_landmarks(poses), poses.visibility, strict=True):
        ahead_m = xyz_m[:, [2, 0, 1]] * (1, -1, -1)
        for line in CONNECTIONS:
            if visibility[list(line)].min() >= MIN_VISIBILITY and np.isfinite(ahead_m).all():
                _line(picture, ahead_m[list(line)], yaw_deg, looks.rgb(side_of(*line)), 2)
    return picture


def _line(
    picture: NDArray[np.uint8],
    ends_m: NDArray[np.float64] | list[tuple[float, float, float]],
    yaw_deg: float,
    rgb: tuple[int, int, int],
    width_px: int,
) -> None:
    yaw, pitch = np.radians(yaw_deg), np.radians(PITCH_DEG)
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), -np.sin(pitch)])
    right = np.array([np.sin(yaw), -np.cos(yaw), 0.0])
    axes = np.array([right, -np.cross(right, forward), forward])
    x, y, z = axes @ (np.array(ends_m) - FOCUS_M).T + [[0], [0], [DISTANCE_M]]
    points = np.stack((x, y)) / z * FOCAL_PX + SIDE_PX / 2
    start, end = np.rint(points.T * 16).astype(int).tolist()
    cv2.line(picture, start, end, rgb, width_px, cv2.LINE_AA, 4)


def main() -> int:
    """Write the picture; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, default=Path('docs/images/demo.webp'))
    output: Path = parser.parse_args().output
    pictures = []
    looks = OverlayLooks(overlay_mask=PARAMETERS.overlay_mask)
    for index, (rgb, poses) in enumerate(found_people(recording('walk'))):
        if index % STEP == 0:
            left = cv2.resize(
                draw(rgb, poses, looks), (WIDTH_PX, SIDE_PX), interpolation=cv2.INTER_AREA
            )
            yaw_deg = np.interp(abs(index / 115 - 1), (0, 1), YAW_DEG[::-1])
            pictures.append(np.hstack((left, in_3d(poses, float(yaw_deg)))))
    first, *others = map(Picture.fromarray, pictures)
    output.parent.mkdir(parents=True, exist_ok=True)
    first.save(
        output,
        save_all=True,
        append_images=others,
        duration=round(1000 * STEP / 30),
        loop=0,
        quality=QUALITY,
        method=6,
    )
    size = output.stat().st_size
    print(f'{output}: {len(pictures)} pictures, {size / 1e6:.2f} MB')
    return 0 if size < LIMIT_BYTES else 1


if __name__ == '__main__':
    sys.exit(main())
