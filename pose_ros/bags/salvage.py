# SPDX-License-Identifier: Apache-2.0
"""Reads what can be read of bags that are damaged or were never finished."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pose_ros.bags.bag_recording import ROS1_SUFFIX
from pose_ros.bags.definitions import typestore_of
from pose_ros.bags.file_scans import Scanned, described, scan_mcap, scan_ros1, scan_sqlite
from pose_ros.bags.recording import Channel, Record, RecordingError

__all__ = ['SalvagedBag']

SCANS: dict[str, Callable[[Path], Iterator[Scanned]]] = {
    '.mcap': scan_mcap,
    '.db3': scan_sqlite,
    ROS1_SUFFIX: scan_ros1,
    '.active': scan_ros1,  # a bag that is still recorded, or whose recorder was killed
}


@dataclass(frozen=True)
class _Source:
    """A channel of the files, before its messages are counted."""

    topic: str
    message_type: str
    definition: str


class SalvagedBag:
    """
    The files of a bag without a usable index, read from the start to the first damage of each.

    Messages come in the order in which they are in the files. To be closed after use.
    """

    def __init__(self, path: Path, files: Sequence[Path], reason: str) -> None:
        """
        Look through the files once.

        :param files: in the order of their time
        :param reason: why the bag is not read by its index
        :raises RecordingError: when nothing can be read
        """
        self.path, self._files = path, files
        self.problem = reason
        counts: Counter[_Source] = Counter()
        for each in self._scan():
            counts[_source(each)] += 1
        self._channels = {
            source: Channel(source.topic, source.message_type, count, source.definition)
            for source, count in counts.items()
        }
        if not counts:
            raise RecordingError(f'{path}: no message of it can be read: {self.problem}')

    @property
    def channels(self) -> Sequence[Channel]:
        """Its topics."""
        return list(self._channels.values())

    def records(self, topics: Collection[str]) -> Iterator[Record]:
        """Yield the messages of some topics in the order of the files."""
        for each in self._scan():
            if each.topic in topics and (channel := self._channels.get(_source(each))):
                yield Record(channel, each.log_ns, _cdr(each))

    def close(self) -> None:
        """Do nothing: the files are open only while they are read."""

    def _scan(self) -> Iterator[Scanned]:
        damages = []
        for file in self._files:
            try:
                yield from SCANS[file.suffix](file)
            except GeneratorExit:
                raise
            except Exception as error:  # damage shows in many ways
                damages.append(f'{file.name}: {described(error)}')
        if damages:
            self.problem = f'read up to the damage: {"; ".join(damages)}'


def _source(scanned: Scanned) -> _Source:
    return _Source(scanned.topic, scanned.message_type, scanned.definition)


def _cdr(scanned: Scanned) -> bytes:
    if not scanned.is_ros1:
        return scanned.data
    store = typestore_of(scanned.message_type, scanned.definition)
    return bytes(store.ros1_to_cdr(scanned.data, scanned.message_type))
