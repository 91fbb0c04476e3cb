# SPDX-License-Identifier: Apache-2.0
"""
Writes three pictures of README and docs/recordings.md, of one frame of a public video.

`make still-pictures` runs it. `overlay.png` has the overlay in its three ways, `people.png` the
markers from two sides, `recordings.png` the plots of `pose_ros.read`.
"""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
import sys
from tempfile import TemporaryDirectory

import cv2
from demo_markers import write_markers
from demo_picture import found_people
from matplotlib.figure import Figure
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from pose_ros import read
from pose_ros.bags.annotate import annotate
from pose_ros.bags.job import Job, Wanted
from pose_ros.outputs.markers import MarkerLooks, SkeletonMarkers
from pose_ros.outputs.overlay import OverlayLooks, OverlayMask, draw
from pose_ros.poses.poses import Poses
from pose_ros.stream.parameters import Parameters
from simulation.recordings import recording

FRAME = 120  # both people are whole in it
LEFT, RIGHT = 0.2, 0.7  # of the width: where the people are
OVERLAY_HEIGHT_PX, MARKERS_HEIGHT_PX = 400, 400
GAP_PX = 8
PARAMETERS = Parameters(num_poses=2, search='windows', horizontal_fov=63.0)


def frame_with_people() -> tuple[NDArray[np.uint8], Poses]:
    """Return the frame, rgb (H, W, 3), and the people in it, followed up to there."""
    return next(islice(found_people(recording('walk')), FRAME, None))


def beside(pictures: list[NDArray[np.uint8]], height_px: int) -> NDArray[np.uint8]:
    """Return pictures, rgb, beside one another at one height."""
    row: list[NDArray[np.uint8]] = []
    for picture in pictures:
        width_px = round(picture.shape[1] * height_px / picture.shape[0])
        row += [
            np.full((height_px, GAP_PX if row else 0, 3), 255, np.uint8),
            cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA),
        ]
    return np.hstack(row)


def write(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write a picture."""
    cv2.imwrite(str(path), rgb[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


def write_overlay(path: Path, rgb: NDArray[np.uint8], poses: Poses) -> None:
    """Write the overlay with each kind of mask, cut to where the people are."""
    width = rgb.shape[1]
    people = slice(round(LEFT * width), round(RIGHT * width))
    kinds = [draw(rgb, poses, OverlayLooks(overlay_mask=mask.value)) for mask in OverlayMask]
    write(path, beside([each[:, people] for each in kinds], OVERLAY_HEIGHT_PX))


def write_people(path: Path, rgb: NDArray[np.uint8], poses: Poses) -> None:
    """Write the overlay, and the markers seen from the camera and from its right."""
    markers = SkeletonMarkers().write(poses, Header(frame_id='camera'), MarkerLooks(), 0)
    with TemporaryDirectory() as folder:
        drawn = Path(folder, 'markers.png')
        write_markers(drawn, markers)
        seen = cv2.imread(str(drawn))
    assert seen is not None
    overlay = draw(rgb, poses, OverlayLooks(overlay_mask=OverlayMask.TINT.value))
    write(path, beside([overlay, seen[:, :, ::-1]], MARKERS_HEIGHT_PX))


def write_recordings(path: Path) -> None:
    """Write the three plots of an annotated video."""
    video = recording('walk')
    with TemporaryDirectory() as folder:
        job = Job(video, Path(folder, 'walk'), Wanted(PARAMETERS, outputs=('landmarks',)))
        report = annotate(job)
        assert report.done, report.text
        people = read.recording(job.folder)
    frame = people.frame(FRAME)
    figure = Figure(figsize=(13, 4), dpi=90)
    picture = figure.add_axes((0.01, 0.05, 0.37, 0.85))
    space = figure.add_axes((0.38, 0.06, 0.28, 0.88), projection='3d')
    time = figure.add_axes((0.72, 0.14, 0.27, 0.76))
    read.plot_picture(read.picture(video, int(frame.stamps_ns[0])), frame, picture)
    read.plot_3d(frame, space).set_box_aspect((1, 1, 1), zoom=0.85)
    read.plot_over_time(people, 'left_wrist', axes=time)
    for axes, name in ((picture, 'plot_picture'), (space, 'plot_3d'), (time, 'plot_over_time')):
        axes.set_title(name)
    figure.savefig(path)


def main() -> int:
    """Write the pictures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, default=Path('docs/images'), help='folder')
    output: Path = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    rgb, poses = frame_with_people()
    write_overlay(output / 'overlay.png', rgb, poses)
    write_people(output / 'people.png', rgb, poses)
    write_recordings(output / 'recordings.png')
    print(f'{output}: overlay.png, people.png and recordings.png')
    return 0


if __name__ == '__main__':
    sys.exit(main())
