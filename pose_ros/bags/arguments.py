# SPDX-License-Identifier: Apache-2.0
"""Reads the command line of `annotate_bag`: which recordings, what is written, and how."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pose_ros.bags.bag_outputs import BAG_OUTPUTS
from pose_ros.bags.cameras import TopicChoice
from pose_ros.bags.job import DEFAULT_OUTPUTS, Job, Wanted
from pose_ros.bags.whole_folder import FolderError, require_place
from pose_ros.detection.options import RunningMode
from pose_ros.detection.search_options import Search
from pose_ros.exports.table import EXPORTS
from pose_ros.stream.parameter_file import (
    GivenParameters,
    read_parameter_file,
    read_parameter_value,
)

__all__ = ['Arguments', 'read_arguments']

DESCRIPTION = """Find the people in recordings, without a running ROS graph.

A recording is a rosbag2 folder, a file .mcap, .db3 or .bag (ROS 1), a video, or a folder of
pictures. For each one a folder of its name appears in OUT when all in it is whole: a bag with
the topics that the node would have published, and what else is asked for. The same command,
run again, goes on with what is not there yet."""


@dataclass(frozen=True)
class Arguments:
    """
    What the user wants.

    :param jobs: one for each recording
    :param processes: how many work at a time
    :param notes: what the user should know beforehand
    """

    jobs: list[Job]
    processes: int
    notes: list[str]


def read_arguments(argv: Sequence[str] | None) -> Arguments:
    """Return what the user wants; ends the process with a line on what is wrong."""
    parser = _parser()
    given = parser.parse_args(argv)
    try:
        return _arguments(given)
    except (ValueError, FolderError) as error:
        parser.error(str(error))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        'annotate_bag', description=DESCRIPTION, formatter_class=RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('recordings', nargs='+', type=Path, metavar='RECORDING')
    add('-o', '--out', type=Path, required=True, help='folder for the results')
    add('--overwrite', action='store_true', help='replace results that are there')
    add('-j', '--jobs', type=int, default=1, help='recordings worked on at a time (1)')

    group = parser.add_argument_group('the node')
    group.add_argument('--params', type=Path, metavar='YAML', help="the node's parameter file")
    group.add_argument(
        '-p', action='append', default=[], metavar='NAME:=VALUE', help='one parameter'
    )

    group = parser.add_argument_group('topics (without these: by their type)')
    group.add_argument('--image', action='append', default=[], metavar='TOPIC')
    group.add_argument('--camera-info', default='', metavar='TOPIC')
    group.add_argument('--depth', default='', metavar='TOPIC', help='registered to the images')

    group = parser.add_argument_group('the bag')
    names = [each.name for each in BAG_OUTPUTS]
    group.add_argument(
        '--outputs',
        nargs='*',
        choices=names,
        default=list(DEFAULT_OUTPUTS),
        metavar='OUTPUT',
        help=f'{", ".join(names)}; none: no bag (default: {" ".join(DEFAULT_OUTPUTS)})',
    )
    group.add_argument('--merge', action='store_true', help='with the messages of the recording')
    group.add_argument('--storage', choices=('mcap', 'sqlite3'), default='mcap')

    group = parser.add_argument_group('other formats')
    for each in EXPORTS.values():
        group.add_argument(f'--{each.name}', action='store_true', help=each.meaning)
    return parser


def _arguments(given: Namespace) -> Arguments:
    if given.jobs < 1:
        raise ValueError(f'--jobs: wanted at least 1, got {given.jobs}')
    overrides = dict(read_parameter_value(each) for each in given.p)
    read = read_parameter_file(given.params, overrides)
    if read.parameters.search == Search.REGIONS.value:
        raise ValueError(
            'search: regions needs a detector that runs beside the node; for recordings, wanted '
            'image or windows'
        )
    wanted = Wanted(
        read.parameters,
        TopicChoice(
            tuple(given.image),
            given.camera_info,
            given.depth,
            read.parameters.image_transport == 'compressed',
        ),
        tuple(given.outputs),
        tuple(each for each in EXPORTS if getattr(given, each.replace('-', '_'))),
        given.merge,
        given.storage,
    )
    require_place(given.out)
    folders = _folders(given.recordings, given.out)
    jobs = [Job(path, folders[path], wanted, given.overwrite) for path in folders]
    return Arguments(jobs, given.jobs, list(_notes(given.jobs, read, len(jobs))))


def _folders(recordings: Sequence[Path], out: Path) -> dict[Path, Path]:
    """
    Return the folder of the results of each recording.

    :raises ValueError: when two would have the same, or one would be the recording itself
    """
    folders: dict[Path, Path] = {}
    for path in dict.fromkeys(Path(each) for each in recordings):
        name = path.resolve().name
        folder = out / (Path(name).stem if path.is_file() else name).removesuffix('.bag')
        if folder in folders.values():
            other = next(each for each, known in folders.items() if known == folder)
            raise ValueError(
                f'{path} and {other} would both be written to {folder}: annotate them one after '
                'the other, each with a folder of its own (-o)'
            )
        if folder.resolve() == path.resolve():
            raise ValueError(f'{path} would be replaced by its own results: choose another OUT')
        folders[path] = folder
    return folders


def _notes(processes: int, given: GivenParameters, count: int) -> Iterator[str]:
    yield from (f'{each}: the node has no such parameter' for each in given.unknown)
    if given.parameters.running_mode == RunningMode.LIVE_STREAM.value:
        yield 'running_mode live_stream: counts as video here, which drops no picture'
    if given.parameters.hri:
        yield "hri: ROS4HRI's topics are not written; publish_tf and landmarks say the same"
    if processes > count:
        yield (
            f'--jobs {processes}: only {count} used. A recording is worked on by one process: '
            'ids and smoothing go from picture to picture, and pieces would begin with new ones'
        )
