# SPDX-License-Identifier: Apache-2.0
"""Writes the pictures of each camera, with the skeletons drawn over them, as a video."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pose_ros.exports.export import AnnotatedFrame
from pose_ros.exports.video_file import VideoFile

__all__ = ['OverlayVideo']


class OverlayVideo:
    """A file overlay_CAMERA.mp4 for each camera."""

    def __init__(self, folder: Path, cameras: Sequence[str]) -> None:
        """Create nothing before the first pictures came."""
        self._files = {name: VideoFile(folder / f'overlay_{name}.mp4') for name in cameras}

    def write(self, frame: AnnotatedFrame) -> None:
        """Write a picture."""
        self._files[frame.camera].write(frame.output.overlay_rgb, frame.stamp_ns)

    def close(self) -> None:
        """
        Finish the files.

        :raises ExportError: when one is not whole
        """
        for each in self._files.values():
            each.close()
