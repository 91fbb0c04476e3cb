# SPDX-License-Identifier: Apache-2.0
"""
People in the robot's world: time, frames and ends of what the node publishes there.

tf2_msgs and hri_msgs are not among the packages of PyPI: where they are missing, this skips.
"""

from __future__ import annotations

from pathlib import Path
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image

from pose_ros.node.node import PoseNode
from pose_ros.outputs.hri import BODIES
from simulation.ros_world import World, image_message, parameters

TFMessage = pytest.importorskip('tf2_msgs.msg', reason='tf2_msgs is not installed').TFMessage
SECOND = 1_000_000_000


def active_node(
    ros: World, models: dict[str, Path], name: str = 'pose', **values: Any
) -> PoseNode:
    node = ros.add(
        PoseNode(
            parameter_overrides=parameters(
                model=str(models['lite']), horizontal_fov=60.0, **values
            ),
            cli_args=['--ros-args', '-r', f'__node:={name}'],
        )
    )
    node.trigger_configure()
    node.trigger_activate()
    return node


class Camera:
    """Shows the same picture again and again."""

    def __init__(self, ros: World, rgb: NDArray[np.uint8]) -> None:
        self.ros, self.rgb = ros, rgb
        self.publisher = ros.node.create_publisher(Image, 'image', 1)
        self.count = 0

    def until(self, condition: Any, stamp_ns: int = 0, frame_id: str = 'eye') -> None:
        """Show pictures until the condition holds."""
        self.ros.until(self.publisher.get_subscription_count)

        def shown() -> bool:
            self.count += 1
            stamp = stamp_ns and stamp_ns + self.count * SECOND // 10
            self.publisher.publish(image_message(self.rgb, stamp, frame_id))
            self.ros.spin(0.1)
            return bool(condition())

        self.ros.until(shown)


@pytest.fixture
def camera(ros: World, astronaut: NDArray[np.uint8]) -> Camera:
    return Camera(ros, astronaut)


def seconds(transform: Any) -> float:
    return transform.header.stamp.sec + 1e-9 * transform.header.stamp.nanosec


def test_frames_of_images_without_a_stamp_have_the_time_of_their_arrival(
    ros: World, models: dict[str, Path], camera: Camera
) -> None:
    active_node(ros, models, publish_tf=True)
    received = ros.collect(TFMessage, '/tf')
    begin_s = time.time()
    camera.until(lambda: received)
    (transform,) = received[0].transforms
    assert begin_s <= seconds(transform) <= time.time()
    assert transform.header.frame_id == 'eye'


def test_an_empty_frame_id_is_said(ros: World, models: dict[str, Path], camera: Camera) -> None:
    node = active_node(ros, models, publish_tf=True)
    received = ros.collect(TFMessage, '/tf')
    assert node.counters
    conditions = node.counters.conditions
    camera.until(lambda: 'frame_id' in conditions, frame_id='')
    assert 'no frame_id' in conditions['frame_id']
    assert received == []
    camera.until(lambda: received)
    assert 'frame_id' not in conditions


@pytest.mark.parametrize(
    ('name', 'prefix', 'frame'),
    [('pose', '', 'body_1'), ('pose_b', '', 'pose_b/body_1'), ('pose_b', 'x_', 'x_body_1')],
)
def test_two_nodes_on_one_camera_do_not_write_the_same_frame(
    ros: World, models: dict[str, Path], camera: Camera, name: str, prefix: str, frame: str
) -> None:
    active_node(ros, models, name, publish_tf=True, tf_prefix=prefix)
    received = ros.collect(TFMessage, '/tf')
    camera.until(lambda: received)
    assert received[0].transforms[0].child_frame_id == frame


@pytest.mark.parametrize('end', ['hri', 'deactivate', 'cleanup', 'shutdown', 'destroy'])
def test_at_every_end_nobody_is_tracked(
    ros: World, models: dict[str, Path], camera: Camera, end: str
) -> None:
    messages = pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')
    node = active_node(ros, models, hri=True, publish_tf=True)
    tracked = ros.collect(messages.IdsList, f'{BODIES}/tracked')
    frames = ros.collect(TFMessage, '/tf')
    camera.until(lambda: tracked and tracked[-1].ids and frames)
    (body,) = tracked[-1].ids
    assert f'body_{body}' in {each.child_frame_id for each in frames[-1].transforms}
    if end == 'hri':
        assert node.set_parameters([Parameter('hri', value=False)])[0].successful
    elif end == 'destroy':
        ros.executor.remove_node(node)
        node.destroy_node()
    else:
        for transition in ('deactivate', 'cleanup') if end == 'cleanup' else (end,):
            getattr(node, f'trigger_{transition}')()
    ros.until(lambda: not tracked[-1].ids)


def test_only_an_active_node_has_the_list_of_bodies(
    ros: World, models: dict[str, Path], camera: Camera
) -> None:
    messages = pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')
    first, second = (active_node(ros, models, name, hri=True) for name in ('a', 'b'))
    list_topic = f'{BODIES}/tracked'

    def owners() -> list[str]:
        return [each.node_name for each in ros.node.get_publishers_info_by_topic(list_topic)]

    ros.until(lambda: owners() == ['a'])
    tracked = ros.collect(messages.IdsList, list_topic)
    first.trigger_deactivate()
    ros.until(lambda: owners() == ['b'])
    del tracked[:]
    camera.until(lambda: tracked and tracked[-1].ids)
    first.trigger_activate()
    ros.spin(1.2)
    assert owners() == ['b']
    assert first.counters
    assert '/b publishes' in first.counters.conditions['hri']
    second.trigger_deactivate()
    assert second.set_parameters([Parameter('track_timeout', value=2.0)])[0].successful
    ros.until(lambda: owners() == ['a'])
    assert 'hri' not in first.counters.conditions


def test_the_same_person_has_the_same_id_after_other_parameters(
    ros: World, models: dict[str, Path], camera: Camera
) -> None:
    messages = pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')
    node = active_node(ros, models, hri=True)
    tracked = ros.collect(messages.IdsList, f'{BODIES}/tracked')
    camera.until(lambda: tracked and tracked[-1].ids)
    before = tracked[-1].ids
    assert node.set_parameters([Parameter('publish_tf', value=True)])[0].successful
    del tracked[:]
    camera.until(lambda: tracked and tracked[-1].ids)
    assert tracked[-1].ids == before


def test_the_frame_for_viewers_is_at_the_camera_whatever_its_name(
    ros: World, models: dict[str, Path], camera: Camera
) -> None:
    node = active_node(ros, models, view_frame='pose_view')
    qos = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    received: list[Any] = []
    ros.node.create_subscription(TFMessage, '/tf_static', received.append, qos)
    camera.until(lambda: received)
    camera.until(lambda: node.counters.processed > 3)
    (message,) = received  # once
    (transform,) = message.transforms
    assert (transform.header.frame_id, transform.child_frame_id) == ('eye', 'pose_view')
    camera.until(lambda: len(received) == 2, frame_id='other_eye')
    assert received[1].transforms[0].header.frame_id == 'other_eye'
    late: list[Any] = []
    ros.node.create_subscription(TFMessage, '/tf_static', late.append, qos)
    ros.until(lambda: late)
