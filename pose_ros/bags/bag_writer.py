# SPDX-License-Identifier: Apache-2.0
"""Writes results, and original messages where they are wanted, into a bag that explains itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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
from pose_ros.exports.export import AnnotatedFrame
from pose_ros.outputs.tf_frames import TF_TOPIC, body_transforms, import_tf_message
from pose_ros.stream.outputs import Output
from pose_ros.stream.parameters import Parameters

__all__ = ['NODE_NAME', 'BagWriter']

NODE_NAME = 'pose'

# The newest version whose files Humble reads too.
BAG_VERSION: Literal[8] = 8

TF_STATIC = '/tf_static'
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

Maker = Callable[[AnnotatedFrame], bytes]


class BagWriter:
    """
    A bag that is written; to be closed or aborted after use.

    :ivar left_out: original topics that are not in it, and why
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
        :raises ImportError: when a ROS package is missing that the parameters need
        """
        self.left_out: list[str] = []
        self._originals: dict[tuple[str, str], Any] = {}
        self._writer = Writer(
            folder, version=BAG_VERSION, storage_plugin=StoragePlugin[storage.upper()]
        )
        self._writer.open()
        self._makers: dict[str, list[tuple[Any, Maker]]] = {}
        self._tf = self._tf_connection() if parameters.publish_tf else None
        for camera in cameras:
            makers: list[tuple[Any, Maker]] = [
                (self._result(camera, each), partial(_made, each)) for each in outputs
            ]
            if self._tf is not None:
                prefix = parameters.tf_prefix or f'{camera.namespace}/'.lstrip('/')
                makers.append((self._tf, partial(_transforms, prefix, parameters.tf_landmarks)))
            self._makers[camera.name] = makers
        self._results = {each.topic for each in self._writer.connections} - {TF_TOPIC}

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

    def _tf_connection(self) -> Any:
        kind = type_name(import_tf_message())
        return self._connection(TF_TOPIC, kind, installed_definition(kind), ())

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


def _transforms(prefix: str, landmarks: bool, frame: AnnotatedFrame) -> bytes:
    """Return the TFMessage of a picture; nothing when nobody's position is known."""
    output = frame.output
    transforms = body_transforms(output.poses, output.frame.header, prefix, landmarks)
    if not transforms:
        return b''
    message = import_tf_message()(transforms=transforms)
    return serialize(message, type_name(type(message)))


def _definition(channel: Channel, is_ros1: bool) -> Definition | None:
    try:
        return definition_of(channel.message_type, channel.definition, is_ros1)
    except Exception:  # what is no definition fails its parser in many ways
        return None


def _qos(channel: Channel) -> Sequence[Any]:
    return (LATCHED,) if channel.topic == TF_STATIC else channel.qos
