# SPDX-License-Identifier: Apache-2.0
"""Reads what was found out of bags, Parquet tables and running nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import COLUMNS
from pose_ros.poses.skeleton import Landmark
from pose_ros.reading.sightings import Sightings

__all__ = ['ReadingError', 'picture', 'recording', 'topic']

LANDMARKS_TYPE = 'pose_ros/msg/PoseLandmarksArray'
TABLE = 'landmarks.parquet'


class ReadingError(ValueError):
    """There are no landmarks: what was wanted, and what came."""


def recording(path: str | Path, topic: str = '') -> Sightings:
    """
    Read what was found out of an annotated recording.

    Needs neither ROS 2 nor the messages: a bag explains itself.

    :param path: a bag with landmarks of any node (what annotate_bag wrote, or what was recorded
        live), or a file landmarks.parquet
    :param topic: of the landmarks; '': the only one there is
    :raises ReadingError: when there is none, or the topic is not named where there are several
    """
    path = Path(path)
    if path.suffix == '.parquet' or (path.is_dir() and not _has_bag(path)):
        return _of_table(path if path.is_file() else path / TABLE)
    from rosbags.highlevel import AnyReader  # noqa: PLC0415 (an optional extra)

    with AnyReader([path]) as reader:
        connections = [each for each in reader.connections if each.msgtype == LANDMARKS_TYPE]
        topics = sorted({each.topic for each in connections})
        if topic:
            connections = [each for each in connections if each.topic == topic]
        if len({each.topic for each in connections}) != 1:
            raise ReadingError(
                f'{path}: wanted one topic of {LANDMARKS_TYPE}, got {topic or "no name"}; it has '
                f'{", ".join(topics) or "none"}'
            )
        return _of_messages(
            reader.deserialize(data, each.msgtype)
            for each, _, data in reader.messages(connections)
        )


def topic(name: str = '/pose/landmarks', seconds: float = 5.0) -> Sightings:
    """
    Listen to a running node for some seconds.

    :raises ReadingError: when nothing comes
    """
    import rclpy  # noqa: PLC0415 (not needed for recordings)
    from rclpy.executors import SingleThreadedExecutor  # noqa: PLC0415

    from pose_ros.msg import PoseLandmarksArray  # noqa: PLC0415

    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node('pose_ros_read', context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    try:
        messages: list[Any] = []
        node.create_subscription(PoseLandmarksArray, name, messages.append, 100)
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            executor.spin_once(timeout_sec=0.05)
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)
    if not messages:
        raise ReadingError(
            f'{name}: wanted landmarks, none came in {seconds:g} s: is a node active?'
        )
    return _of_messages(messages)


def picture(path: str | Path, stamp_ns: int, topic: str = '') -> NDArray[np.uint8]:
    """
    Return the picture of a recording that was taken at a time, rgb uint8 (H, W, 3).

    :param path: of the recording, not of what annotate_bag wrote (unless that was merged)
    :param stamp_ns: of the picture, in nanoseconds
    :param topic: of the images; '': that of the first camera
    :raises ReadingError: when there is no such picture
    """
    from pose_ros.bags.cameras import TopicChoice, choose_cameras  # noqa: PLC0415
    from pose_ros.bags.frame_order import CameraFrame, in_order  # noqa: PLC0415
    from pose_ros.bags.opening import open_recording  # noqa: PLC0415

    opened = open_recording(Path(path))
    try:
        [camera, *_] = choose_cameras(opened, TopicChoice((topic,) if topic else ()))
        records = opened.records([camera.image.topic])
        for event in in_order(records, [camera], 0, set()):
            if isinstance(event, CameraFrame) and event.frame.stamp_ns == stamp_ns:
                return event.frame.rgb
    finally:
        opened.close()
    raise ReadingError(f'{path}: wanted a picture with the stamp {stamp_ns}, there is none')


def _has_bag(folder: Path) -> bool:
    return any(each.suffix in ('.mcap', '.db3') for each in folder.iterdir())


def _of_messages(messages: Iterable[Any]) -> Sightings:
    rows = list(_rows(messages))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 7
    stamps, frames, ids, landmarks, world, positions, sizes = columns
    shape = (len(rows), len(Landmark), len(COLUMNS))
    return Sightings(
        np.array(stamps, np.int64),
        np.array(frames, np.int64),
        np.array(ids, np.int32),
        np.array(landmarks, np.float32).reshape(shape),
        np.array(world, np.float32).reshape(shape),
        np.array(positions, np.float64).reshape(-1, 3),
        np.array(sizes, np.int64).reshape(-1, 2),
    )


def _rows(messages: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    for frame, message in enumerate(messages):
        stamp = message.header.stamp
        for person in message.poses:
            position = person.position
            yield (
                stamp.sec * 10**9 + stamp.nanosec,
                frame,
                person.track_id,
                _values(person.landmarks),
                _values(person.world_landmarks),
                (position.x, position.y, position.z),
                (message.image_width, message.image_height),
            )


def _values(landmarks: Iterable[Any]) -> list[list[float]]:
    return [[getattr(each, name) for name in COLUMNS] for each in landmarks]


def _of_table(path: Path) -> Sightings:
    import pandas as pd  # noqa: PLC0415 (an optional extra)

    try:
        table = pd.read_parquet(path)
    except OSError as error:
        raise ReadingError(f'{path}: wanted a bag or a table of landmarks: {error}') from error
    each = len(Landmark)
    firsts = table.iloc[::each]
    shape = (-1, each, len(COLUMNS))
    world = [*(f'world_{name}' for name in COLUMNS[:3]), *COLUMNS[3:]]
    return Sightings(
        firsts['stamp_ns'].to_numpy(np.int64),
        firsts['frame'].to_numpy(np.int64),
        firsts['track_id'].to_numpy(np.int32),
        table[list(COLUMNS)].to_numpy(np.float32).reshape(shape),
        table[world].to_numpy(np.float32).reshape(shape),
        firsts[[f'position_{name}' for name in COLUMNS[:3]]].to_numpy(np.float64),
        np.zeros((len(firsts), 2), np.int64),
    )
