# SPDX-License-Identifier: Apache-2.0
"""Notes in a folder how it was made, so that a second run knows what is done already."""

from __future__ import annotations

from dataclasses import asdict
import hashlib
from importlib.metadata import version
import json
from pathlib import Path
from typing import Any

from pose_ros.bags.job import Job
from pose_ros.bags.whole_folder import require_place
from pose_ros.bags.work import Work
from pose_ros.models.store import find_model

__all__ = ['FILE_NAME', 'MadeOtherwiseError', 'require_ours', 'require_same', 'write_made']

FILE_NAME = 'annotated.json'
MADE_BY = 'made by'


class MadeOtherwiseError(RuntimeError):
    """A folder is there already, and was made in another way."""


def require_same(job: Job) -> None:
    """
    Check that the folder of a job holds what the job would write.

    :raises MadeOtherwiseError: when it does not: what differs
    :raises FolderError: when it is no folder
    """
    found = _found(job.folder)
    wanted = json.loads(json.dumps(_made_by(job)))
    differing = sorted(
        name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)
    )
    if differing:
        raise MadeOtherwiseError(
            f'{job.folder}: is there already, made with another {", ".join(differing)}; choose '
            'another folder with -o, or replace it with --overwrite'
        )


def require_ours(folder: Path) -> None:
    """
    Check that a folder is one of ours, before it is replaced.

    :raises MadeOtherwiseError: when it is not
    :raises FolderError: when it is no folder
    """
    _found(folder)


def _found(folder: Path) -> dict[str, Any]:
    """Return how a folder was made, as it says itself."""
    require_place(folder)
    try:
        found = json.loads((folder / FILE_NAME).read_text())[MADE_BY]
        assert isinstance(found, dict)
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as error:
        raise MadeOtherwiseError(
            f'{folder}: wanted to write a folder, found one without a readable {FILE_NAME}, '
            'which is not replaced; choose another folder with -o, or remove it'
        ) from error
    return found


def write_made(job: Job, folder: Path, work: Work) -> None:
    """
    Write how a folder was made, and what is in it.

    :raises OSError: when it cannot be written
    """
    content = {
        MADE_BY: _made_by(job),
        'pictures': work.frames,
        'dropped': work.dropped(),
        'cameras': [
            {
                'name': each.name,
                'image': each.image.topic,
                'camera_info': each.camera_info,
                'depth': each.depth,
            }
            for each in work.cameras
        ],
        'warnings': list(work.warnings()),
    }
    (folder / FILE_NAME).write_text(json.dumps(content, indent=2) + '\n')


def _made_by(job: Job) -> dict[str, Any]:
    """Return all that what is written depends on; the same at every run."""
    wanted = job.wanted
    model = find_model(wanted.parameters.model)
    return {
        'recording': {'name': job.path.name, 'bytes': _size(job.path)},
        'parameters': asdict(wanted.parameters),
        'model': hashlib.sha256(model.read_bytes()).hexdigest(),
        'topics': asdict(wanted.topics),
        'outputs': sorted(wanted.outputs),
        'exports': sorted(wanted.exports),
        'merge': wanted.merges,
        'storage': wanted.storage,
        'versions': {name: version(name) for name in ('pose_ros', 'mediapipe', 'numpy')},
    }


def _size(path: Path) -> int:
    files = path.rglob('*') if path.is_dir() else [path]
    return sum(each.stat().st_size for each in files if each.is_file())
