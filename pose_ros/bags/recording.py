# SPDX-License-Identifier: Apache-2.0
"""Defines what a recording of any format offers: channels, and their messages in CDR."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

__all__ = ['Channel', 'Record', 'Recording', 'RecordingError', 'first_record']


class RecordingError(ValueError):
    """A recording cannot be used: one line with the file, what was wanted and what came."""


@dataclass(frozen=True)
class Channel:
    """
    One topic of a recording.

    :param message_type: such as sensor_msgs/msg/Image
    :param count: how many messages it has
    :param definition: of the message and all that it is made of, as bags have it; '' when the
        recording holds none
    :param qos: the profiles that were offered, as `rosbags` has them
    """

    topic: str
    message_type: str
    count: int
    definition: str = ''
    qos: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Record:
    """
    One message of a recording.

    :param log_ns: when it was recorded, in nanoseconds
    :param data: the message in CDR
    """

    channel: Channel
    log_ns: int
    data: bytes = field(repr=False)


class Recording(Protocol):
    """A recording that is open; to be closed after use."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def channels(self) -> Sequence[Channel]:
        """Its topics."""

    @property
    def problem(self) -> str:
        """What of it cannot be read, and why; '' when all can. Known for sure after reading."""

    def records(self, topics: Collection[str]) -> Iterator[Record]:
        """Yield the messages of some topics in the order in which they were recorded."""

    def close(self) -> None:
        """Close the files. Idempotent."""


def first_record(recording: Recording, topic: str) -> Record | None:
    """Return the first message of a topic; None when it has none that can be read."""
    records = recording.records([topic])
    try:
        return next(records, None)
    finally:
        if hasattr(records, 'close'):
            records.close()
