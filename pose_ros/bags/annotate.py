# SPDX-License-Identifier: Apache-2.0
"""
Annotates one recording: the folder that it writes is whole or not there.

Three threads work side by side: one reads and decodes pictures, this one finds people, and one
follows them, and makes and writes the messages. Each does its steps in the order of the
recording, so that the files are the same at every run.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from pose_ros.bags.job import Job, Progress, Report
from pose_ros.bags.made import require_ours, require_same, write_made
from pose_ros.bags.opening import open_recording
from pose_ros.bags.recording import RecordingError
from pose_ros.bags.whole_folder import whole_folder
from pose_ros.bags.work import Work

__all__ = ['annotate']


def annotate(
    job: Job,
    on_progress: Callable[[Progress], None] = lambda _: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Report:
    """
    Annotate one recording, unless its folder is there and was made the same way.

    :param on_progress: called after each picture
    :param is_stopped: asked before each picture
    :raises StoppedError: when `is_stopped` said so; nothing is left of the unfinished folder
    :raises RecordingError: when the recording cannot be read, or one of recording and folder
        would lie in the other
    :raises MadeOtherwiseError: when the folder is there, but was made in another way
    :raises BusyError: when another process writes the folder
    :raises FolderError, OSError: when the folder cannot be written
    :raises ModelError, LandmarkerError, ImportError, ExportError: as those say
    """
    _require_apart(job)
    if job.folder.exists() and job.replaces:
        require_ours(job.folder)
    elif job.folder.exists():
        require_same(job)
        return Report(job.path, True, f'{job.folder} is there already')
    # On a thread that ends with it: MediaPipe's may not open sockets, and that is for good.
    with ThreadPoolExecutor(1, 'annotate') as thread:
        return thread.submit(_annotate, job, on_progress, is_stopped).result()


def _require_apart(job: Job) -> None:
    """
    Check that results change nothing of the recording.

    :raises RecordingError: when one of recording and folder would lie in the other
    """
    path, folder = job.path.resolve(), job.folder.resolve()
    if folder.is_relative_to(path):
        where = f'its results would lie in the recording itself ({job.folder})'
    elif path.is_relative_to(folder):
        where = f'it lies in the folder that its results would have ({job.folder})'
    else:
        return
    raise RecordingError(f'{job.path}: {where}; choose another folder with -o')


def _annotate(
    job: Job, on_progress: Callable[[Progress], None], is_stopped: Callable[[], bool]
) -> Report:
    max_pixels = job.wanted.parameters.max_image_pixels
    with (
        closing(open_recording(job.path, max_pixels)) as recording,
        whole_folder(job.folder) as folder,
    ):
        with Work(job.wanted, recording, folder) as work:
            work.run(on_progress, is_stopped)
            if not work.frames:
                why = '; '.join((work.summary(), *work.warnings()))
                raise RecordingError(f'{job.path}: no picture could be used: {why}')
        write_made(job, folder, work)
    return Report(job.path, True, work.summary(), tuple(work.warnings()), work.frames)
