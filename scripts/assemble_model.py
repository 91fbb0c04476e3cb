#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Assembles model bundles from the networks in MediaPipe's published packages.

For machines that reach PyPI but not Google's published address, from which `fetch_models` gets the
same networks: python scripts/assemble_model.py full. Where a sound model is already, nothing is
done.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import flatbuffers
from mediapipe.tasks.metadata import metadata_schema_py_generated as notes
from mediapipe.tasks.metadata import schema_py_generated as schema
import numpy as np

from pose_ros.models.bundle import DETECTOR, LANDMARKER, ModelError, check_bundle
from pose_ros.models.download import DownloadError, check_sha256
from pose_ros.models.store import MODELS, cached_path

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

# SHA-256 of the networks in the packages. All models share the detector.
DETECTOR_SHA256 = '9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c'
LANDMARKER_SHA256 = {
    'lite': 'f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61',
    'full': 'e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f',
    'heavy': '59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe',
}

ZIP_HEADER_BYTES = 30  # before a member's name


def assemble(name: str) -> Path:
    """
    Assemble a model in the user's cache, or return at once when a sound one is there.

    :param name: lite, full or heavy
    :returns: the absolute path of its bundle
    :raises DownloadError: when a package cannot be had, or is another than the known one
    :raises ModelError: when what was assembled is no sound bundle
    """
    path = cached_path(name)
    try:
        check_bundle(path)
    except ModelError:
        pass
    else:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.assemble-', dir=path.parent) as folder:
        made = Path(folder, path.name)
        try:
            detector, landmarker = _networks(name, made.parent)
        except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
            raise DownloadError(f'a package is not the known one: {error}') from error
        check_sha256(f'{WHEEL_DETECTOR} of {WHEEL}', detector, DETECTOR_SHA256)
        check_sha256(f'the landmark network of {name}', landmarker, LANDMARKER_SHA256[name])
        write_bundle(made, detector, landmarker)
        check_bundle(made)
        made.replace(path)
    return path


def write_bundle(path: Path, detector: bytes, landmarker: bytes) -> None:
    """
    Write a bundle of the two networks as MediaPipe's packages publish them.

    The detector goes in as it is. The landmarker lacks the note, which MediaPipe asks for, of how
    colours become its input (0-255 to 0-1), and gets it.

    :param path: the file to write
    :param detector: a package's pose_detection.tflite
    :param landmarker: a package's pose_landmark_*.tflite
    """
    networks = {DETECTOR: detector, LANDMARKER: _with_normalization(landmarker)}
    with path.open('wb') as file, zipfile.ZipFile(file, 'w') as archive:
        for name, network in networks.items():
            member = zipfile.ZipInfo(name)
            # To an address divisible by four: elsewhere TensorFlow Lite complains, and copies.
            padding = -(file.tell() + ZIP_HEADER_BYTES + len(name)) % 4
            member.extra = struct.pack('<HH', 0xD935, padding) + bytes(padding)
            archive.writestr(member, network)


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


def _with_normalization(network: bytes) -> bytes:
    """Return a TensorFlow Lite network with the metadata that its input is a colour / 255."""
    normalization = notes.NormalizationOptionsT()
    normalization.mean, normalization.std = [0.0], [255.0]
    unit = notes.ProcessUnitT()
    unit.optionsType = notes.ProcessUnitOptions.NormalizationOptions
    unit.options = normalization
    content = notes.ContentT()
    content.contentPropertiesType = notes.ContentProperties.ImageProperties
    content.contentProperties = notes.ImagePropertiesT()
    content.contentProperties.colorSpace = notes.ColorSpaceType.RGB
    image = notes.TensorMetadataT()
    image.processUnits, image.content = [unit], content
    graph = notes.SubGraphMetadataT()
    graph.inputTensorMetadata = [image]
    note = notes.ModelMetadataT()
    note.subgraphMetadata = [graph]

    def packed(table: notes.ModelMetadataT | schema.ModelT, identifier: bytes) -> bytes:
        builder = flatbuffers.Builder()
        builder.Finish(table.Pack(builder), identifier)
        return bytes(builder.Output())

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(network))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(packed(note, b'M001'), np.uint8)
    entry = schema.MetadataT()
    entry.name, entry.buffer = 'TFLITE_METADATA', len(model.buffers)
    model.buffers.append(buffer)
    model.metadata.append(entry)
    return packed(model, b'TFL3')


def main(argv: Sequence[str] | None = None) -> int:
    """Assemble models, and print the paths of their bundles."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument('names', nargs='*', metavar='lite|full|heavy', help='default: full')
    names = parser.parse_args(argv).names or ['full']
    if unknown := [name for name in names if name not in MODELS]:
        parser.error(f'wanted {", ".join(MODELS)}, got {" ".join(unknown)}')
    failed = False
    for name in names:
        try:
            print(assemble(name))
        except (DownloadError, ModelError, OSError) as error:
            print(f'{name}: {error}', file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
