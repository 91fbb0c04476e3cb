# SPDX-License-Identifier: Apache-2.0
"""Makes recordings for visitors, and keeps the newest few as files to be downloaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import shutil
from tempfile import mkdtemp
from time import strftime

from pose_ros.page.graph import Inputs
from pose_ros.page.recording import Recorder
from pose_ros.page.ros_thread import RosThread
from pose_ros.page.source import Source

__all__ = ['Recording', 'Recordings']

SECONDS = 10.0
KEPT = 3


@dataclass(frozen=True)
class Recording:
    """
    Files of one recording.

    :param frames: how many pictures or landmarks with a stamp of their own it has
    :param dropped: how many it lacks, because the machine was too slow
    """

    bag: Path
    animation: Path | None
    frames: int
    dropped: int


class Recordings:
    """The recordings of all visitors, one at a time; to be closed after use."""

    def __init__(self, ros: RosThread) -> None:
        """Make a temporary folder."""
        self._ros = ros
        self._folder = Path(mkdtemp(prefix='pose_page_'))
        self._kept: list[Path] = []
        self.is_busy = False

    async def record(self, source: Source, seconds: float = SECONDS) -> Recording:
        """
        Record a source.

        :raises ValueError: when another recording is being made, when nothing came, or when a
            package that writes the files is not installed
        """
        if self.is_busy:
            raise ValueError('another recording is being made; wait some seconds')
        self.is_busy = True
        try:
            await asyncio.to_thread(_writers)
            recorder = Recorder()
            begin = source.inputs
            await self._ros.on_thread(lambda: source.add(recorder.looker))
            try:
                await asyncio.sleep(seconds)
            finally:
                await self._ros.on_thread(lambda: source.remove(recorder.looker))
                await asyncio.to_thread(recorder.end)
            inputs = begin.or_else(source.inputs)
            return await asyncio.to_thread(self._write, source, inputs, recorder)
        finally:
            self.is_busy = False

    def file(self, folder: str, name: str) -> Path | None:
        """Return a file to be downloaded; None: there is none of this name."""
        for kept in self._kept:
            if kept.name == folder and (kept / name) in kept.iterdir():
                return kept / name
        return None

    def close(self) -> None:
        """Remove all files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, source: Source, inputs: Inputs, recorder: Recorder) -> Recording:
        if not recorder.frames:
            raise ValueError('nothing came: no pictures, no landmarks')
        write_animation, write_bag = _writers()
        stem = f'pose_{strftime("%Y%m%d_%H%M%S")}'
        folder = self._folder / stem
        folder.mkdir(exist_ok=True)
        written = write_bag(folder / 'bag', source, inputs, recorder.frames)
        bag = written.rename(folder / f'{stem}.mcap')
        shutil.rmtree(folder / 'bag')
        animation: Path | None = folder / f'{stem}.webp'
        try:
            write_animation(folder / f'{stem}.webp', list(recorder.frames))
        except ValueError:
            animation = None  # landmarks alone
        self._kept.append(folder)
        while len(self._kept) > KEPT:
            shutil.rmtree(self._kept.pop(0), ignore_errors=True)
        return Recording(bag, animation, len(recorder.frames), recorder.dropped)


def _writers() -> tuple[Callable[..., None], Callable[..., Path]]:
    """
    Return what writes an animated picture and a bag; imported now, so that the page is up sooner.

    :raises ValueError: when a package is not installed
    """
    try:
        from pose_ros.page.animation import write_animation  # noqa: PLC0415
        from pose_ros.page.bag_file import write_bag  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ValueError(f'{error}; recordings need: pip install pillow rosbags') from error
    return write_animation, write_bag
