# SPDX-License-Identifier: Apache-2.0
"""
Finds a model bundle, and a GPU, that can be used without risk for this process.

MediaPipe and TensorFlow Lite trust what is in a bundle: two changed bytes can end the process. A
bundle whose SHA-256 is not known is run by a process of its own first, once. So is any bundle on
a GPU: a driver that has OpenGL ES 2 only makes MediaPipe end the process. What was checked and
tried out is what MediaPipe opens: a copy in memory, whatever becomes of the file afterwards.
"""

from __future__ import annotations

from contextlib import suppress
import os
from pathlib import Path
import signal
import subprocess
import sys

from pose_ros.detection.options import Delegate, LandmarkerError
from pose_ros.detection.refusal import no_gpu
from pose_ros.models.model_file import ModelError, advice_on
from pose_ros.models.sealed_copy import SealedCopy
from pose_ros.models.store import PUBLISHED, find_bundle
from pose_ros.models.vouching import is_vouched_for, vouch_for

__all__ = ['require_usable_gpu', 'usable_model']

TIMEOUT_S = 60.0  # a trial takes 3 s here, most of which is importing MediaPipe
TRIAL = 'pose_ros.detection.try_model'

_usable = set[Delegate]()


def usable_model(name_or_path: str | Path) -> tuple[Path, SealedCopy | None]:
    """
    Find a bundle on this machine, check it, and try it out where it is not known.

    :param name_or_path: see find_bundle()
    :returns: the absolute path of its file, and a copy of what the file held when it was checked;
        no copy where the system refuses to keep one
    :raises ModelError: when there is none, or MediaPipe cannot run it. One line: which file, what
        is wrong, what to do
    """
    bundle = find_bundle(name_or_path)
    copy = None
    with suppress(OSError):
        copy = SealedCopy(bundle.data)
    if bundle.sha256 in PUBLISHED:
        return bundle.path, copy
    engine = f'mediapipe {_version()}'
    if not is_vouched_for(bundle.sha256, engine):
        problem = _try_out(bundle.path, copy, Delegate.CPU)
        if problem:
            raise ModelError(f'{bundle.path}: MediaPipe cannot run it: {problem}; {bundle.advice}')
        vouch_for(bundle.sha256, engine)
    return bundle.path, copy


def require_usable_gpu(model: Path, copy: SealedCopy | None = None) -> None:
    """
    Try the GPU out, once in the life of this process.

    :param model: the path of a usable bundle
    :param copy: of it, which is run in its place
    :raises LandmarkerError: when MediaPipe cannot run on it. One line: what is wrong, what to do
    """
    if Delegate.GPU not in _usable:
        if problem := _try_out(model, copy, Delegate.GPU):
            raise LandmarkerError(no_gpu(problem))
        _usable.add(Delegate.GPU)


def _try_out(model: Path, copy: SealedCopy | None, delegate: Delegate) -> str:
    """Run a bundle in a process of its own, and return what is wrong, or ''."""
    path = str(copy.path if copy else model)
    try:
        done = subprocess.run(
            [sys.executable, '-m', TRIAL, delegate.value, str(os.getpid()), path],
            pass_fds=[copy.descriptor] if copy else [],
            cwd='/',  # where no other pose_ros lies
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f'a process of its own did not run it within {TIMEOUT_S:.0f} s'
    except OSError as error:
        return f'no process could try it out: {advice_on(error)}'
    if done.returncode == 0:
        return ''
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return f'a process that tried it out was ended by {name}'
    text = done.stdout.decode(errors='replace').replace(path, str(model))
    said = text.strip().splitlines()
    return said[-1] if said else f'exit code {done.returncode}'


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415, slow to import

    try:
        return version('mediapipe')
    except PackageNotFoundError:
        return 'of unknown version'
