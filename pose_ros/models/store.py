# SPDX-License-Identifier: Apache-2.0
"""
Finds a model bundle by its name or path, checks it, and downloads the published ones.

A model is downloaded from Google's published address and must have the published SHA-256. It
stands under its name only when it is whole and checked.
"""

from contextlib import suppress
from dataclasses import dataclass, field
import os
from pathlib import Path
import sys
import tempfile

from pose_ros.models.bundle import ModelError, check_bundle, check_content
from pose_ros.models.model_file import MAX_MODEL_BYTES, advice_on, read_model

__all__ = [
    'MODELS',
    'PUBLISHED',
    'Bundle',
    'Model',
    'ModelError',
    'cache_directory',
    'cached_path',
    'fetch',
    'find_bundle',
    'find_model',
]

URL = (
    'https://storage.googleapis.com/mediapipe-models/pose_landmarker/'
    'pose_landmarker_{name}/float16/1/pose_landmarker_{name}.task'
)


@dataclass(frozen=True)
class Model:
    """
    SHA-256 of what a published model comes as.

    :param bundle_sha256: of the bundle at Google's address
    :param assembled_sha256: of the one that scripts/assemble_model.py makes of published packages
    """

    bundle_sha256: str
    assembled_sha256: str


# The bundles' are those that several public records of version 1 agree on.
MODELS = {
    'lite': Model(
        '59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a',
        'e738d73c34599516825a91528b8187172aa948e171f847f273538bb1beb70026',
    ),
    'full': Model(
        '5134a3aad27a58b93da0088d431f366da362b44e3ccfbe3462b3827a839011b1',
        '55958e61cd0bcc6880031636d08e2094824ca8efb6610fb7ba024e8b4cac260c',
    ),
    'heavy': Model(
        '64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b',
        '269b7be5e61f90d4bf50464dc865b7041bf0788b2924613386143807f5d9c99a',
    ),
}


# What is one of these was checked by whoever published it.
PUBLISHED = frozenset(
    sha256 for model in MODELS.values() for sha256 in (model.bundle_sha256, model.assembled_sha256)
)


@dataclass(frozen=True)
class Bundle:
    """
    A checked bundle.

    :param path: of its file, absolute
    :param data: what was read from the file, and checked
    :param sha256: of the data, hexadecimal
    :param advice: how to get another one, for an error message
    """

    path: Path
    data: bytes = field(repr=False)
    sha256: str
    advice: str


def cache_directory() -> Path:
    """Return this user's folder for models, $XDG_CACHE_HOME/pose_ros or ~/.cache/pose_ros."""
    base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return Path(base, 'pose_ros').absolute()


def cached_path(name: str) -> Path:
    """Return where a published model lies, or would lie, in cache_directory()."""
    return cache_directory() / _file_name(name)


def find_model(name_or_path: str | Path) -> Path:
    """Return the path of what find_bundle() finds."""
    return find_bundle(name_or_path).path


def find_bundle(name_or_path: str | Path) -> Bundle:
    """
    Find a bundle on this machine and check it, without looking at the network.

    :param name_or_path: lite, full or heavy, which are looked for in cache_directory() and then in
        the package's models folder, share/pose_ros/models under each of AMENT_PREFIX_PATH; or a
        path, whose bundle may hold weights of your own
    :raises ModelError: when there is none, or it is not whole, or no bundle for the Pose
        Landmarker. One line: which file, what is wrong, which command repairs it
    """
    name = str(name_or_path)
    if not name.strip():
        raise ModelError(
            f"wanted lite, full, heavy or a bundle's path, got {name!r}; get full with: "
            f'{_command("full")}'
        )
    if name in MODELS:
        places = [cached_path(name)] + [
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
        data = read_model(path)
        return Bundle(path, data, check_content(path, data, PUBLISHED), advice)
    except ModelError as error:
        raise ModelError(f'{error}; {advice}') from error


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
    path = cached_path(name)
    with suppress(ModelError):
        check_bundle(path)
        return path
    from pose_ros.models import download as web  # noqa: PLC0415, it takes long, and seldom needed

    print(f'{path.name}: downloading', file=sys.stderr, flush=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix='.fetch-', dir=path.parent) as folder:
            made = Path(folder, path.name)
            web.download(URL.format(name=name), made, MODELS[name].bundle_sha256, MAX_MODEL_BYTES)
            check_bundle(made)
            made.replace(path)
    except web.DownloadError as error:
        raise ModelError(
            f'{path.name}: not downloaded ({error}); try again with a network, or copy the file '
            f'into {path.parent}'
        ) from error
    except OSError as error:
        raise ModelError(
            f'{path}: cannot be written: {advice_on(error)}; or point $XDG_CACHE_HOME at a folder '
            'of yours with room'
        ) from error
    return path


def _file_name(name: str) -> str:
    return f'pose_landmarker_{name}.task'


def _command(name: str) -> str:
    return f'ros2 run pose_ros fetch_models {name} (or: python3 -m pose_ros.fetch_models {name})'
