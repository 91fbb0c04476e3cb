# SPDX-License-Identifier: Apache-2.0
"""Writes results, and original messages where they are wanted, into a bag that explains itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer

from pose_ros.bags.bag_outputs import type_name
from pose_ros.bags.cameras import Camera
from pose_ros.bags.cdr import serialize
from pose_ros.bags.definitions import Definition, definition_of, installed_definition
from pose_ros.bags.recording import Channel, Record
from pose_ros.bags.transforms import TF_MESSAGE, BodyFrames, ViewFrame
from pose_ros.exports.export import AnnotatedFrame, ExportError
from pose_ros.outputs.tf_frames import STATIC_TF_TOPIC, TF_TOPIC
from pose_ros.stream.outputs import Output
from pose_ros.stream.parameters import Parameters

__all__ = ['NODE_NAME', 'BagWriter']

NODE_NAME = 'pose'

# The newest version whose files Humble reads too.
BAG_VERSION: Literal[8] = 8

FOREVER = QosTime(2147483647, 4294967295)
# As tf2_ros publishes static transforms: who plays the bag has them sent to late subscribers.
LATCHED = Qos(
    QosHistory.KEEP_LAST,
    1,
    QosReliability.RELIABLE,
    QosDurability.TRANSIENT_LOCAL,
    FOREVER,
    FOREVER,
    QosLiveliness.AUTOMATIC,
    FOREVER,
    False,
)

# rosbags opens an SQLite file by an address that it does not quote.
MEAN_SOMETHING = frozenset('?#%')

Maker = Callable[[AnnotatedFrame], bytes]


class BagWriter:
    """
    A bag that is written; to be closed or aborted after use.

    :ivar left_out: topics that are not in it, and why
    """

    def __init__(
        self,
        folder: Path,
        cameras: Iterable[Camera],
        outputs: Sequence[Output],
        parameters: Parameters,
        storage: str = 'mcap',
    ) -> None:
        """
        Create the bag.

        :param folder: which must not exist
        :param outputs: are written for each camera, below its namespace and the node's name
        :param storage: mcap or sqlite3
        :raises OSError: when it cannot be written
        :raises ExportError: when the path is none for an SQLite bag
        :raises ImportError: when the definition of a message is not installed
        """
        if storage == 'sqlite3' and (odd := MEAN_SOMETHING & set(str(folder))):
            raise ExportError(
                f'{folder.name}: an SQLite bag cannot lie at a path with {" ".join(sorted(odd))}; '
                'choose --storage mcap, or another name'
            )
        self.left_out: list[str] = []
        self._originals: dict[tuple[str, str], Any] = {}
        self._writer = Writer(
            folder, version=BAG_VERSION, storage_plugin=StoragePlugin[storage.upper()]
        )
        self._writer.open()
        self._makers: dict[str, list[tuple[Any, Maker]]] = {}
        self._makes_frames = parameters.publish_tf or bool(parameters.view_frame)
        for camera in cameras:
            makers: list[tuple[Any, Maker]] = [
                (self._result(camera, each), partial(_made, each)) for each in outputs
            ]
            self._makers[camera.name] = makers + list(self._frames(camera, parameters))
        self._results = {each.topic for each in self._writer.connections} - {
            TF_TOPIC,
            STATIC_TF_TOPIC,
        }

    def add_originals(self, channels: Iterable[Channel], is_ros1: bool) -> set[str]:
        """
        Make room for messages of the recording.

        :param is_ros1: they were converted from ROS 1
        :returns: the topics of those that can be written
        """
        for channel in channels:
            definition = _definition(channel, is_ros1)
            if channel.topic in self._results:
                self.left_out.append(f'{channel.topic}: the results have this topic')
            elif definition is None:
                self.left_out.append(
                    f'{channel.topic}: neither the recording nor an installed package defines '
                    f'{channel.message_type}'
                )
            else:
                key = channel.topic, channel.message_type
                self._originals[key] = self._connection(*key, definition, _qos(channel))
        return {topic for topic, _ in self._originals}

    def write_original(self, record: Record) -> None:
        """Write a message of the recording as it is."""
        connection = self._originals.get((record.channel.topic, record.channel.message_type))
        if connection is not None:
            self._writer.write(connection, record.log_ns, record.data)

    def write(self, frame: AnnotatedFrame) -> None:
        """Write what was found in one picture, at the time at which the picture was recorded."""
        if self._makes_frames and not frame.output.frame.header.frame_id:
            self._makes_frames = False
            self.left_out.append(
                f"{TF_TOPIC}: the headers of {frame.camera}'s images name no frame"
            )
        for connection, make in self._makers[frame.camera]:
            data = make(frame)
            if data:
                self._writer.write(connection, frame.log_ns, data)

    def close(self) -> None:
        """
        Write index and metadata.

        :raises OSError: when the disk is full
        """
        self._writer.close()

    def abort(self) -> None:
        """Close the file as it is."""
        self._writer.abort()

    def _result(self, camera: Camera, output: Output) -> Any:
        kind = type_name(output.message_type)
        definition = installed_definition(kind)
        if definition is None:
            raise ImportError(f'{kind}: wanted its definition in the share folder of its package')
        return self._connection(
            f'{camera.namespace}/{NODE_NAME}/{output.name}', kind, definition, ()
        )

    def _frames(self, camera: Camera, parameters: Parameters) -> Iterator[tuple[Any, Maker]]:
        definition = installed_definition(TF_MESSAGE)
        if parameters.view_frame:
            connection = self._connection(STATIC_TF_TOPIC, TF_MESSAGE, definition, (LATCHED,))
            yield connection, ViewFrame(parameters.view_frame)
        if parameters.publish_tf:
            prefix = parameters.tf_prefix or f'{camera.namespace}/'.lstrip('/')
            connection = self._connection(TF_TOPIC, TF_MESSAGE, definition, ())
            yield connection, BodyFrames(prefix, parameters.tf_landmarks)

    def _connection(
        self, topic: str, message_type: str, definition: Definition | None, qos: Sequence[Any]
    ) -> Any:
        for each in self._writer.connections:
            if (each.topic, each.msgtype) == (topic, message_type):
                return each
        assert definition is not None
        return self._writer.add_connection(
            topic,
            message_type,
            msgdef=definition.text,
            rihs01=definition.type_hash,
            offered_qos_profiles=qos,
        )


def _made(output: Output, frame: AnnotatedFrame) -> bytes:
    message = output.make(frame.output)
    return message if isinstance(message, bytes) else serialize(message, type_name(type(message)))


def _definition(channel: Channel, is_ros1: bool) -> Definition | None:
    try:
        return definition_of(channel.message_type, channel.definition, is_ros1)
    except Exception:  # what is no definition fails its parser in many ways
        return None


def _qos(channel: Channel) -> Sequence[Any]:
    return (LATCHED,) if channel.topic == STATIC_TF_TOPIC else channel.qos
