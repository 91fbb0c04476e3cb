# SPDX-License-Identifier: Apache-2.0
"""Reads the messages of a bag's file one after the other, without its index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
import sqlite3
from typing import BinaryIO

from mcap.records import Channel, Chunk, McapRecord, Message, Schema
from mcap.stream_reader import StreamReader, breakup_chunk
from rosbags.rosbag1.reader import Header, RecordType, decompressors, read_bytes, read_uint32
from rosbags.typesys.msg import normalize_msgtype

__all__ = ['LARGEST_CHUNK', 'Scanned', 'described', 'scan_mcap', 'scan_ros1', 'scan_sqlite']

# A chunk is unpacked as a whole. Recorders write chunks of less than ten megabytes; a larger one
# than this is not what a camera recorded, and unpacking it would take the machine's memory.
LARGEST_CHUNK = 2**31
ROS1_START = b'#ROSBAG V2.0\n'


@dataclass(frozen=True)
class Scanned:
    """
    One message as it is in a file.

    :param definition: of the message; '' when the file holds none
    :param log_ns: when it was recorded, in nanoseconds
    :param data: in CDR, or as ROS 1 serializes it
    """

    topic: str
    message_type: str
    definition: str
    log_ns: int
    data: bytes = field(repr=False)
    is_ros1: bool = False


def described(error: Exception) -> str:
    """Return an error of a reader in one line."""
    return f'{type(error).__name__}: {" ".join(str(error).split())}'


def scan_mcap(path: Path) -> Iterator[Scanned]:
    """
    Yield the messages of an MCAP file; a chunk that is damaged is passed over.

    :raises Exception: at the end of what can be read, unless the file is whole
    """
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    # What a damaged chunk says of channels is said again at the end of a file that was finished.
    with suppress(Exception):
        for record in _mcap_records(path, []):
            if isinstance(record, Schema):
                schemas[record.id] = record
            elif isinstance(record, Channel):
                channels[record.id] = record
    lost: list[str] = []
    for record in _mcap_records(path, lost):
        if isinstance(record, Message) and record.channel_id in channels:
            channel = channels[record.channel_id]
            schema = schemas.get(channel.schema_id)
            if schema is not None and channel.message_encoding == 'cdr':
                definition = schema.data.decode() if schema.encoding == 'ros2msg' else ''
                yield Scanned(channel.topic, schema.name, definition, record.log_time, record.data)
    if lost:
        raise ValueError(f'{len(lost)} chunks are damaged, the first: {lost[0]}')


def _mcap_records(path: Path, lost: list[str]) -> Iterator[McapRecord]:
    """Yield all records; why those in a damaged chunk are not among them goes to `lost`."""
    with path.open('rb') as file:
        reader = StreamReader(file, emit_chunks=True, record_size_limit=LARGEST_CHUNK)
        for record in reader.records:
            yield from _of_chunk(record, lost)


def _of_chunk(record: McapRecord, lost: list[str]) -> list[McapRecord]:
    """Return what is in a chunk, nothing if it is damaged; another record is returned itself."""
    if not isinstance(record, Chunk):
        return [record]
    if record.uncompressed_size > LARGEST_CHUNK:
        lost.append(f'it has {record.uncompressed_size} bytes')
        return []
    try:
        return breakup_chunk(record, validate_crc=True)
    except Exception as error:  # of the compression, of the checksum, of the records inside
        lost.append(described(error))
        return []


def scan_sqlite(path: Path) -> Iterator[Scanned]:
    """
    Yield the messages of an SQLite file in the order in which they were written.

    :raises sqlite3.Error: at the end of what can be read, unless the file is whole
    """
    # What a killed recorder has not moved into the file yet lies beside it, in a write-ahead log.
    immutable = not path.with_name(f'{path.name}-wal').exists()
    uri = f'{path.absolute().as_uri()}?mode=ro&immutable={immutable:d}'
    with closing(sqlite3.connect(uri, uri=True)) as database:
        database.execute('PRAGMA writable_schema = ON')  # a file that was cut is read, too
        topics = {
            number: (name, kind)
            for number, name, kind in database.execute('SELECT id, name, type FROM topics')
        }
        definitions = _definitions(database)
        for number, log_ns, data in database.execute(
            'SELECT topic_id, timestamp, data FROM messages ORDER BY id'
        ):
            name, kind = topics[number]
            yield Scanned(name, kind, definitions.get(kind, ''), log_ns, data)


def _definitions(database: sqlite3.Connection) -> dict[str, str]:
    try:
        rows = database.execute(
            'SELECT topic_type, encoded_message_definition FROM message_definitions '
            "WHERE encoding = 'ros2msg'"
        )
        return dict(rows.fetchall())
    except sqlite3.Error:  # older bags have no such table
        return {}


def scan_ros1(path: Path) -> Iterator[Scanned]:
    """
    Yield the messages of a ROS 1 bag, in ROS 1's serialization, in the order of the file.

    :raises Exception: at the end of what can be read, unless the file is whole
    """
    connections: dict[int, tuple[str, str, str]] = {}
    size = path.stat().st_size
    with path.open('rb') as file:
        if file.readline() != ROS1_START:
            raise ValueError('wanted a ROS 1 bag of version 2.0')
        while file.tell() < size:
            header, data = _ros1_record(file)
            if header.get_uint8('op') == RecordType.CHUNK:
                if header.get_uint32('size') > LARGEST_CHUNK:
                    raise ValueError(f'a chunk of {header.get_uint32("size")} bytes')
                chunk = BytesIO(decompressors[header.get_string('compression')](data))
                yield from _ros1_messages(chunk, connections)


def _ros1_messages(
    chunk: BytesIO, connections: dict[int, tuple[str, str, str]]
) -> Iterator[Scanned]:
    size = len(chunk.getbuffer())
    while chunk.tell() < size:
        header, data = _ros1_record(chunk)
        operation, number = header.get_uint8('op'), header.get_uint32('conn')
        if operation == RecordType.CONNECTION:
            # The data of a connection is a header too.
            about = Header.read(BytesIO(len(data).to_bytes(4, 'little') + data))
            connections[number] = (
                header.get_string('topic'),
                normalize_msgtype(about.get_string('type')),
                about.get_string('message_definition'),
            )
        elif operation == RecordType.MSGDATA:
            topic, kind, definition = connections[number]
            yield Scanned(topic, kind, definition, header.get_time('time'), data, is_ros1=True)


def _ros1_record(file: BinaryIO) -> tuple[Header, bytes]:
    header = Header.read(file)
    return header, read_bytes(file, read_uint32(file))
