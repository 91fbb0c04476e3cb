# SPDX-License-Identifier: Apache-2.0
"""
Finds a model bundle by its name or path, checks it, and fetches the published ones.

A model is downloaded from Google's published address and must have the published SHA-256. Where
the address is out of reach, the bundle is assembled from the networks in MediaPipe's published
packages, which must have theirs. It stands under its name only when it is whole and checked.
"""

from dataclasses import dataclass
import os
from pathlib import Path
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from pose_ros.models.bundle import ModelError, check_bundle, write_bundle
from pose_ros.models.download import DownloadError, check_sha256, download

__all__ = ['MODELS', 'ModelError', 'cache_directory', 'fetch', 'find_model']

URL = (
    'https://storage.googleapis.com/mediapipe-models/pose_landmarker/'
    'pose_landmarker_{name}/float16/1/pose_landmarker_{name}.task'
)

# Every wheel of this release holds the networks: the same one serves all machines and Pythons.
WHEEL = 'mediapipe==0.10.21'
WHEEL_TAGS = (
    '--implementation=cp',
    '--python-version=3.11',
    '--abi=cp311',
    '--platform=manylinux_2_28_x86_64',
)
WHEEL_DETECTOR = 'mediapipe/modules/pose_detection/pose_detection.tflite'
WHEEL_LANDMARKER_FULL = 'mediapipe/modules/pose_landmark/pose_landmark_full.tflite'
NPM_PACKAGE = '@mediapipe/pose@0.5.1675469404'
NPM_LANDMARKER = 'package/pose_landmark_{name}.tflite'
PACKAGES_TIMEOUT_S = 1800.0  # for pip or npm, whose own time-outs are shorter

DETECTOR_SHA256 = '9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c'


@dataclass(frozen=True)
class Model:
    """
    SHA-256 of what a published model comes as.

    :param bundle_sha256: of the bundle at Google's address
    :param landmarker_sha256: of the landmark network in the packages
    """

    bundle_sha256: str
    landmarker_sha256: str


# The bundles' are those that several public records of version 1 agree on.
MODELS = {
    'lite': Model(
        '59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a',
        'f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61',
    ),
    'full': Model(
        '5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1',
        'e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f',
    ),
    'heavy': Model(
        '64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b',
        '59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe',
    ),
}


def cache_directory() -> Path:
    """Return this user's folder for models, $XDG_CACHE_HOME/pose_ros or ~/.cache/pose_ros."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return Path(base, 'pose_ros').absolute()


def find_model(name_or_path: str | Path) -> Path:
    """
    Find a bundle on this machine and check it, without looking at the network.

    :param name_or_path: lite, full or heavy, which are looked for in cache_directory() and then in
        the package's models folder, share/pose_ros/models under each of AMENT_PREFIX_PATH; or a
        path, whose bundle may hold weights of your own
    :returns: the absolute path
    :raises ModelError: when there is none, or it is not whole, or no bundle for the Pose
        Landmarker. One line: which file, what is wrong, which command mends it
    """
    name = str(name_or_path)
    if name in MODELS:
        places = [cache_directory() / _file_name(name)] + [
            Path(prefix, 'share/pose_ros/models', _file_name(name)).absolute()
            for prefix in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
            if prefix
        ]
        path = next(filter(os.path.exists, places), places[0])
        advice = f'get it with: {_command(name)}'
    else:
        path = Path(os.path.expanduser(name)).absolute()
        advice = f"wanted lite, full, heavy or a bundle's path; get full with: {_command('full')}"
    try:
        check_bundle(path)
    except ModelError as error:
        raise ModelError(f'{error}; {advice}') from error
    return path


def fetch(name: str) -> Path:
    """
    Get a published model into cache_directory(), or return at once when it is there and sound.

    Says on stderr what it does.

    :param name: lite, full or heavy
    :returns: the absolute path of its bundle
    :raises ValueError: when the name is another
    :raises ModelError: when it cannot be had; one line, with what to do
    """
    if name not in MODELS:
        raise ValueError(f'wanted {", ".join(MODELS)}, got {name!r}')
    path = cache_directory() / _file_name(name)
    try:
        check_bundle(path)
    except ModelError:
        pass
    else:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='.fetch-', dir=path.parent) as folder:
            made = Path(folder, path.name)
            _download_or_assemble(name, made)
            check_bundle(made)
            made.replace(path)
    except OSError as error:
        raise ModelError(
            f'{path}: cannot be written: {error}; make room, or point '
            '$XDG_CACHE_HOME at a folder of yours'
        ) from error
    return path


def _file_name(name: str) -> str:
    return f'pose_landmarker_{name}.task'


def _command(name: str) -> str:
    return f'ros2 run pose_ros fetch_models {name} (or: python3 -m pose_ros.fetch_models {name})'


def _download_or_assemble(name: str, path: Path) -> None:
    print(f'{path.name}: downloading', file=sys.stderr, flush=True)
    try:
        download(URL.format(name=name), path, MODELS[name].bundle_sha256)
    except DownloadError as error:
        print(f'{error}; assembling it from published packages', file=sys.stderr)
        try:
            _assemble(name, path)
        except DownloadError as reason:
            raise ModelError(
                f'{path.name}: neither downloaded ({error}) nor assembled ({reason}); try again '
                f'with a network, or copy the file into {cache_directory()}'
            ) from reason


def _assemble(name: str, path: Path) -> None:
    """Write a model's bundle from the networks in MediaPipe's published packages."""
    try:
        detector, landmarker = _networks(name, path.parent)
        check_sha256(f'{WHEEL_DETECTOR} of {WHEEL}', detector, DETECTOR_SHA256)
        check_sha256(f'the landmark network of {name}', landmarker, MODELS[name].landmarker_sha256)
        write_bundle(path, detector, landmarker)
    except ImportError as error:
        raise DownloadError(f'MediaPipe is needed: {error}') from error
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DownloadError(f'a package is not the known one: {error}') from error


def _networks(name: str, folder: Path) -> tuple[bytes, bytes]:
    """Return the detector and the landmarker: of full from PyPI alone, else with npm's help."""
    npm = shutil.which('npm')
    if name != 'full' and not npm:
        raise DownloadError(f'{name} needs npm (apt-get install npm); full does without')
    wheel = _package(
        folder,
        '*.whl',
        [
            sys.executable,
            '-m',
            'pip',
            'download',
            WHEEL,
            '--no-deps',
            '--only-binary=:all:',
            *WHEEL_TAGS,
        ],
    )
    with zipfile.ZipFile(wheel) as archive:
        detector = archive.read(WHEEL_DETECTOR)
        if name == 'full' or not npm:
            return detector, archive.read(WHEEL_LANDMARKER_FULL)
    with tarfile.open(_package(folder, '*.tgz', [npm, 'pack', NPM_PACKAGE])) as package:
        member = package.extractfile(NPM_LANDMARKER.format(name=name))
        return detector, member.read() if member else b''


def _package(folder: Path, pattern: str, command: list[str]) -> Path:
    """Return the package that a command downloads into a folder, showing what it says."""
    print(f'getting a published package: {" ".join(command)}', file=sys.stderr, flush=True)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdout=sys.__stderr__,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PACKAGES_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DownloadError(str(error)) from error
    found = sorted(folder.glob(pattern))
    if done.returncode or not found:
        said = [line for line in done.stderr.splitlines() if line.strip()] or ['']
        first = next((line for line in said if line.startswith(('ERROR', 'npm err'))), said[-1])
        raise DownloadError(f'{" ".join(command[:4])}: exit code {done.returncode}: {first}')
    return found[0]
