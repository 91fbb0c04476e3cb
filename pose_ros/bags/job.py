# SPDX-License-Identifier: Apache-2.0
"""Defines what is to be done with one recording, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pose_ros.bags.cameras import TopicChoice
from pose_ros.stream.parameters import Parameters

__all__ = ['DEFAULT_OUTPUTS', 'Job', 'Progress', 'Report', 'Wanted']

DEFAULT_OUTPUTS = ('landmarks', 'markers')


@dataclass(frozen=True)
class Wanted:
    """
    What is to be written of every recording.

    :param parameters: of the node
    :param topics: which topics count
    :param outputs: names of OUTPUTS that go into the bag; none: no bag is written
    :param exports: names of EXPORTS
    :param merges: the bag has the messages of the recording too
    :param storage: mcap or sqlite3
    """

    parameters: Parameters = field(default_factory=Parameters)
    topics: TopicChoice = field(default_factory=TopicChoice)
    outputs: tuple[str, ...] = DEFAULT_OUTPUTS
    exports: tuple[str, ...] = ()
    merges: bool = False
    storage: str = 'mcap'


@dataclass(frozen=True)
class Job:
    """
    One recording.

    :param path: of the recording
    :param folder: what is written lies there; it appears when all of it is whole
    :param replaces: a folder that is there is replaced
    """

    path: Path
    folder: Path
    wanted: Wanted
    replaces: bool = False


@dataclass(frozen=True)
class Progress:
    """
    How far a job is.

    :param frames: pictures that are done
    :param total: pictures that the recording says it has
    :param people: in the newest picture
    """

    frames: int
    total: int
    people: int


@dataclass(frozen=True)
class Report:
    """
    What became of a job.

    :param path: of the recording
    :param done: the folder is there, and whole
    :param text: one line for the user
    :param warnings: what the user should know, one line each
    :param frames: pictures that were worked on
    """

    path: Path
    done: bool
    text: str
    warnings: tuple[str, ...] = ()
    frames: int = 0
