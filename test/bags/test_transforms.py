# SPDX-License-Identifier: Apache-2.0
"""TF frames in bags: those of the recording, of the people and of the view."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from pose_ros.bags.annotate import annotate
from pose_ros.bags.cdr import serialize
from pose_ros.bags.job import Job
from pose_ros.bags.transforms import TF_MESSAGE, TFMessage
from pose_ros.outputs.tf_frames import transform
from pose_ros.stream.parameters import Parameters
from simulation.bag_files import Message, contents, write_bag

MakeJob = Callable[..., Job]


def static_transform(image: Image) -> TFMessage:
    header = Header(stamp=image.header.stamp, frame_id='base_link')
    return TFMessage([transform(image.header.frame_id, header, [0.0, 0.5, 1.5])])


@pytest.mark.parametrize('kind', ['mcap', 'ros1'])
def test_static_transforms_go_along(
    messages: list[Message], tmp_path: Path, job: MakeJob, kind: str
) -> None:
    static = Message('/tf_static', messages[0].log_ns - 1, static_transform(messages[0].content))
    one = job(write_bag(tmp_path / 'walk', kind, [static, *messages[:3]]))
    assert annotate(one).done
    assert contents(one.folder)['/tf_static'] == [
        (static.log_ns, serialize(static.content, TF_MESSAGE))
    ]
    with AnyReader([one.folder]) as reader:
        [connection] = [each for each in reader.connections if each.topic == '/tf_static']
        [qos] = connection.ext.offered_qos_profiles
        assert qos.durability.name == 'TRANSIENT_LOCAL', 'who comes late gets it, too'


def test_frames_of_people_and_of_the_view_need_no_package(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    static = Message('/tf_static', messages[0].log_ns - 1, static_transform(messages[0].content))
    values = Parameters(model='lite', publish_tf=True, view_frame='view', horizontal_fov=60.0)
    path = write_bag(tmp_path / 'walk', 'mcap', [static, *messages])
    one = job(path, parameters=values)
    assert annotate(one).done
    read: dict[str, list[Any]] = {}
    with AnyReader([one.folder]) as reader:
        for connection, _, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            read.setdefault(connection.topic, []).append(message)
    recorded, ours = (each.transforms[0] for each in read['/tf_static'])
    assert recorded.header.frame_id == 'base_link'
    assert (ours.header.frame_id, ours.child_frame_id) == (recorded.child_frame_id, 'view')
    placed = [
        (f'body_{person.track_id}', person.position.z)
        for each in read['/pose/landmarks']
        for person in each.poses
        if np.isfinite(person.position.z)
    ]
    assert len(placed) > len(messages) // 2
    assert placed == [
        (each.child_frame_id, each.transform.translation.z)
        for message in read['/tf']
        for each in message.transforms
    ]


def test_images_that_name_no_frame_give_no_transforms(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    for each in messages[:3]:
        each.content.header.frame_id = ''
    values = Parameters(model='lite', publish_tf=True, horizontal_fov=60.0)
    one = job(write_bag(tmp_path / 'walk', 'mcap', messages[:3]), parameters=values)
    assert 'name no frame' in annotate(one).warnings[-1]
    assert '/tf' not in contents(one.folder)
