# SPDX-License-Identifier: Apache-2.0
"""A recording gives what a real node publishes for the same messages, bit for bit."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, Image
from visualization_msgs.msg import MarkerArray

from pose_ros.bags.annotate import annotate
from pose_ros.bags.cdr import serialize
from pose_ros.bags.job import Job
from pose_ros.msg import PoseLandmarks, PoseLandmarksArray
from pose_ros.node.node import PoseNode
from pose_ros.stream.parameters import Parameters
from simulation.bag_files import (
    Message,
    camera_info,
    contents,
    landmarks,
    stamped,
    type_name,
    write_bag,
)
from simulation.ros_world import World, parameters

MakeJob = Callable[..., Job]

KINDS: dict[str, type] = {'landmarks': PoseLandmarksArray, 'markers': MarkerArray}


def have_each(lists: dict[str, list[Any]], count: int) -> bool:
    return min(map(len, lists.values())) >= count


def live(ros: World, messages: list[Message], **values: Any) -> dict[str, list[Any]]:
    """Return what a real node publishes for these messages, by topic."""
    node = ros.add(PoseNode(parameter_overrides=parameters(**values)))
    node.trigger_configure()
    node.trigger_activate()
    kinds = dict(KINDS)
    if values.get('output_segmentation_masks'):
        kinds |= {'instance_mask': Image, 'mask': Image}
    arrived = {name: ros.collect(kind, f'pose/{name}') for name, kind in kinds.items()}
    images = ros.node.create_publisher(Image, 'image', QoSProfile(depth=10))
    infos = ros.node.create_publisher(CameraInfo, 'camera_info', 1)
    ros.until(lambda: images.get_subscription_count() and infos.get_subscription_count())
    for each in messages:
        if isinstance(each.content, CameraInfo):
            infos.publish(each.content)
            ros.spin(0.2)
        else:
            count = len(arrived['landmarks']) + 1
            images.publish(each.content)
            ros.until(partial(have_each, arrived, count))
    return arrived


@pytest.mark.parametrize(
    'values',
    [
        {},
        {'num_poses': 2, 'output_segmentation_masks': True},
        {'num_poses': 3, 'image_rotation': 90, 'region_of_interest': '0, 0, 1, 0.9'},
        {'running_mode': 'image'},
    ],
    ids=lambda values: '-'.join(map(str, values)) or 'default',
)
def test_the_same_as_live_to_the_bit(
    ros: World,
    models: dict[str, Path],
    messages: list[Message],
    tmp_path: Path,
    job: MakeJob,
    values: dict[str, Any],
) -> None:
    assert models['lite']
    values = {'model': 'lite', **values}
    first = messages[0]
    info = Message('/camera_info', first.log_ns - 1, camera_info(first.content))
    recorded = [info, *messages]
    wanted = live(ros, recorded, **values)
    path = write_bag(tmp_path / 'walk', 'mcap', recorded)
    one = job(path, parameters=Parameters(**values), outputs=tuple(wanted))
    assert annotate(one).done
    found = contents(one.folder)
    people = sum(len(each.poses) for each in landmarks(one.folder))
    assert people > len(messages) // 2
    assert landmarks(one.folder)[-1].poses[0].position_source == PoseLandmarks.POSITION_CAMERA_INFO
    for name, live_messages in wanted.items():
        kind = type_name(KINDS.get(name, Image))
        offline = [data for _, data in found[f'/pose/{name}']]
        assert offline == [serialize(each, kind) for each in live_messages], name


def sixteen_bit(message: Message, factor: int) -> Message:
    """Return a picture as a camera with more bits sends it, as grey as it is bright."""
    image = message.content
    rgb = np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype('<u2') * factor
    return replace(
        message,
        content=Image(
            header=image.header,
            height=image.height,
            width=image.width,
            encoding='mono16',
            step=2 * image.width,
            data=grey.tobytes(),
        ),
    )


def test_pictures_of_12_bits_are_as_bright_as_live(
    ros: World, astronaut: NDArray[np.uint8], tmp_path: Path, job: MakeJob
) -> None:
    deep = [
        sixteen_bit(each, 4 if index % 2 else 16)
        for index, each in enumerate(stamped([astronaut] * 6))
    ]
    wanted = live(ros, deep, model='lite')
    one = job(write_bag(tmp_path / 'deep', 'mcap', deep))
    report = annotate(one)
    assert any('12 bits are used' in each for each in report.warnings)
    assert all(each.poses for each in wanted['landmarks'])
    assert [data for _, data in contents(one.folder)['/pose/landmarks']] == [
        serialize(each, 'pose_ros/msg/PoseLandmarksArray') for each in wanted['landmarks']
    ]
