# SPDX-License-Identifier: Apache-2.0
"""Reads whole bags with `rosbags`: rosbag2 folders, MCAP and SQLite files, and ROS 1 bags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rosbags.rosbag1 import Reader as Ros1Reader
from rosbags.rosbag2 import Reader as Ros2Reader
from rosbags.typesys.store import Typestore

from pose_ros.bags.definitions import typestore_of
from pose_ros.bags.file_scans import LARGEST_CHUNK, described
from pose_ros.bags.recording import Channel, Record, RecordingError

__all__ = ['ROS1_SUFFIX', 'BagRecording']

ROS1_SUFFIX = '.bag'
CDR = 'cdr'


class BagRecording:
    """A bag whose index can be read; to be closed after use."""

    def __init__(self, path: Path) -> None:
        """
        Open the bag.

        :param path: a rosbag2 folder, or a file .mcap, .db3 or .bag
        :raises RecordingError: when it is not whole: what is wrong
        """
        self.path = path
        self.problem = ''
        self._is_ros1 = path.suffix == ROS1_SUFFIX and path.is_file()
        self._is_open = False
        try:
            self._reader: Any = Ros1Reader(path) if self._is_ros1 else Ros2Reader(path)
            self._reader.open()
            self._is_open = True
            self._check()
        except Exception as error:  # a damaged file fails its reader in many ways
            self.close()
            raise RecordingError(f'{path}: {described(error)}') from error
        self._connections = list(self._reader.connections)
        self._channels = _channels(self._connections)

    @property
    def channels(self) -> Sequence[Channel]:
        """Its topics."""
        return list(dict.fromkeys(self._channels.values()))

    def records(self, topics: Collection[str]) -> Iterator[Record]:
        """Yield the messages of some topics in the order in which they were recorded."""
        wanted = [each for each in self._connections if each.topic in topics]
        if not wanted:
            return
        stores = {each.id: self._typestore(each.id) for each in wanted} if self._is_ros1 else {}
        count = 0
        try:
            for connection, log_ns, data in self._reader.messages(wanted):
                channel = self._channels[connection.id]
                store = stores.get(connection.id)
                cdr = store.ros1_to_cdr(data, channel.message_type) if store else data
                yield Record(channel, log_ns, bytes(cdr))
                count += 1
        except GeneratorExit:
            raise
        except Exception as error:
            self.problem = f'damaged after {count} messages ({described(error)})'

    def close(self) -> None:
        """Close the files. Idempotent."""
        if self._is_open:
            self._is_open = False
            self._reader.close()

    def _check(self) -> None:
        """
        Refuse what this reader would not read well.

        :raises ValueError: what is wrong
        """
        storage = getattr(self._reader, 'storage', None)
        for each in getattr(storage, 'storages', [storage]):
            for chunk in getattr(each, 'chunks', ()):
                if chunk.uncompressed_size > LARGEST_CHUNK:
                    raise ValueError(f'a chunk of {chunk.uncompressed_size} bytes')
        if self._is_ros1:
            return
        foreign = {each.ext.serialization_format for each in self._reader.connections} - {CDR}
        if foreign:
            raise ValueError(f'wanted messages in CDR, got {", ".join(sorted(foreign))}')

    def _typestore(self, connection_id: int) -> Typestore:
        channel = self._channels[connection_id]
        return typestore_of(channel.message_type, channel.definition)


def _channels(connections: Iterable[Any]) -> dict[int, Channel]:
    """Return the channel of each connection; several publishers of a topic have one together."""
    together: dict[tuple[str, str], list[Any]] = {}
    for each in connections:
        together.setdefault((each.topic, each.msgtype), []).append(each)
    channels = {
        names: Channel(
            *names,
            sum(each.msgcount for each in group),
            group[0].msgdef.data,
            tuple(getattr(group[0].ext, 'offered_qos_profiles', ())),
        )
        for names, group in together.items()
    }
    return {each.id: channels[each.topic, each.msgtype] for each in connections}
