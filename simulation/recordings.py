# SPDX-License-Identifier: Apache-2.0
"""
Fetches public recordings of people into the user's cache, each checked by its SHA-256.

The recordings come with two packages on PyPI, Sports2D and Pose2Sim (both BSD-3-Clause). pip gets
the package; only the files named here are kept. Nothing but the standard library is needed, so
that scripts can use this module too.
"""

from __future__ import annotations

from dataclasses import dataclass
import hashlib
import os
from pathlib import Path
import subprocess
import sys
import tempfile
import zipfile

__all__ = [
    'ROOM_CAMERAS',
    'RecordingError',
    'calibration',
    'names',
    'recording',
    'recordings_directory',
]

DOWNLOAD_TIMEOUT_S = 1800.0  # for pip, whose own time-outs are shorter
ROOM_CAMERAS = ('cam1', 'cam2', 'cam3', 'cam4')

CALIBRATION = 'calibration'
SPORTS2D, POSE2SIM = 'sports2d==0.8.34', 'pose2sim==0.10.49'


class RecordingError(RuntimeError):
    """A recording cannot be had; the text says why and what to do."""


@dataclass(frozen=True)
class _File:
    """
    A file inside a package.

    :param package: name and version, as pip wants them
    :param member: path inside the wheel
    :param sha256: of the file, in hexadecimal digits
    """

    package: str
    member: str
    sha256: str


def _room(kind: str, camera: int, sha256: str) -> _File:
    return _File(POSE2SIM, f'Pose2Sim/Demo_{kind}/videos/cam0{camera}.mp4', sha256)


FILES = {
    'walk': _File(
        SPORTS2D,
        'Sports2D/Demo/demo.mp4',
        'd9a66417185647b112304b57093f0c180f37a768e6a14daca75ca541f3b78039',
    ),
    'single_cam1': _room(
        'SinglePerson', 1, 'cf4f2816c86bea4bfbea255333d8626ff32a3ecabdab8b0fb147cea9167fde3a'
    ),
    'single_cam2': _room(
        'SinglePerson', 2, '94ff87cf978b8406e8aa36ab3c5362e72848994e87652f0dc7a33c315e8e0442'
    ),
    'single_cam3': _room(
        'SinglePerson', 3, 'b8b329f832f178f27ecb78d024d5026b96c6adb36c387bfe2c0af85eab8a11ca'
    ),
    'single_cam4': _room(
        'SinglePerson', 4, 'b5c0e7863fd70d008e7178d3c556b045b0ea5f78fcd61ca548a0b2e807e641f7'
    ),
    'multi_cam1': _room(
        'MultiPerson', 1, '543cee6a4c2c2b52dc9eac9137ee63d14f1f84e706a9a7264769edcb11e5ea53'
    ),
    'multi_cam2': _room(
        'MultiPerson', 2, '8895092a7cf26359205a427b7ac2f4a935c2e0bd36d9b7a5140cb33faa468a6b'
    ),
    'multi_cam3': _room(
        'MultiPerson', 3, 'd3daf48cdf9f5603868ddb99166ddaf9b12279e7ce968922926560d5fd3f0c99'
    ),
    'multi_cam4': _room(
        'MultiPerson', 4, '1490149dc40e7301fa5ceae23862b044ba5c398a8b2a40df21ed894702728c09'
    ),
    CALIBRATION: _File(
        POSE2SIM,
        'Pose2Sim/Demo_MultiPerson/calibration/Calib.qca.txt',
        'fd90e4bbae3278ef1dc0cdd42a34ee06bf88286f628a02c00a29407aa39e34c5',
    ),
}


def names() -> tuple[str, ...]:
    """Return the names of all recordings: `walk`, `single_cam1` to 4 and `multi_cam1` to 4."""
    return tuple(name for name in FILES if name != CALIBRATION)


def recording(name: str) -> Path:
    """
    Return the path of a video, which is fetched when it is not in the cache.

    `walk` is outdoors, with a man and a woman. The others are four synchronised cameras in a
    room, with (`multi`) and without (`single`) a second person in front of them.

    :param name: one of names()
    :raises ValueError: when the name is another
    :raises RecordingError: when the video cannot be fetched
    """
    if name not in names():
        raise ValueError(f'wanted one of {", ".join(names())}, got {name!r}')
    return _cached(name)


def calibration() -> Path:
    """
    Return the path of the calibration of the room's four cameras, as Qualisys writes it.

    :raises RecordingError: when it cannot be fetched
    """
    return _cached(CALIBRATION)


def recordings_directory() -> Path:
    """Return the folder of the recordings, in $XDG_CACHE_HOME or ~/.cache."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return Path(base, 'pose_ros', 'recordings').absolute()


def _path(name: str) -> Path:
    return recordings_directory() / (name + Path(FILES[name].member).suffix)


def _cached(name: str) -> Path:
    path = _path(name)
    if not _is_whole(path, FILES[name].sha256):
        _fetch_package(FILES[name].package)
    return path


def _is_whole(path: Path, sha256: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    except FileNotFoundError:
        return False


def _fetch_package(package: str) -> None:
    """
    Put all recordings of a package into the cache.

    A file gets its name only when it is whole and checked, and replaces another at once: two
    processes that fetch at the same time do the work twice, and no reader sees half a file.
    """
    folder = recordings_directory()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix='.fetch-', dir=folder) as work,
            zipfile.ZipFile(_download(package, Path(work))) as wheel,
        ):
            for name, file in FILES.items():
                if file.package == package:
                    _extract(wheel, file, Path(work, 'part'))
                    Path(work, 'part').replace(_path(name))
    except OSError as error:
        raise RecordingError(
            f'{folder}: cannot be written: {error}; make room, or point '
            '$XDG_CACHE_HOME at a folder of yours'
        ) from error
    except zipfile.BadZipFile as error:
        raise RecordingError(f'{package}: the wheel is damaged: {error}; try again') from error


def _extract(wheel: zipfile.ZipFile, file: _File, path: Path) -> None:
    try:
        data = wheel.read(file.member)
    except KeyError as error:
        raise RecordingError(
            f'{file.package}: wanted {file.member} in the wheel, found no such '
            'file; is the package index a mirror with changed wheels?'
        ) from error
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise RecordingError(
            f'{file.package}: {file.member}: wanted SHA-256 {file.sha256}, got '
            f'{found}; is the package index a mirror with changed wheels?'
        )
    path.write_bytes(data)


def _download(package: str, folder: Path) -> Path:
    """Return the wheel of a package, which pip downloads into a folder."""
    print(f'fetching recordings of the package {package}', file=sys.stderr, flush=True)
    command = [
        sys.executable,
        '-m',
        'pip',
        'download',
        package,
        '--no-deps',
        '--quiet',
        '--only-binary=:all:',
        '--ignore-requires-python',
        '--disable-pip-version-check',
    ]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DOWNLOAD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RecordingError(
            f'{package}: pip took longer than {DOWNLOAD_TIMEOUT_S:.0f} s; try '
            'again with a faster network'
        ) from error
    wheels = sorted(folder.glob('*.whl'))
    if done.returncode or not wheels:
        said = [line for line in done.stdout.splitlines() if line.strip()] or ['']
        reason = next((line for line in said if line.startswith('ERROR')), said[-1])
        raise RecordingError(
            f'{package}: pip cannot download it ({reason}); try again with a network, or copy '
            f'{recordings_directory()} from a machine that has it'
        )
    return wheels[0]
