# SPDX-License-Identifier: Apache-2.0
"""What is published on the second thread: all of it, and nothing after its end."""

from __future__ import annotations

from threading import current_thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from visualization_msgs.msg import MarkerArray

from pose_ros.following.people import People
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from pose_ros.poses.poses import Poses
from pose_ros.stream import output_frame
from pose_ros.stream.outputs import OUTPUTS
from simulation.ros_world import World, image_message

SECOND = 1_000_000_000
FRAMES = 8
RESTS = {output.name: output.message_type for output in OUTPUTS if output.is_lazy}


def stamp_ns(message: Any) -> int:
    header = message.markers[0].header if isinstance(message, MarkerArray) else message.header
    return header.stamp.sec * SECOND + header.stamp.nanosec


def film(ros: World, node: PoseNode, rgb: NDArray[np.uint8]) -> list[int]:
    """Show the node FRAMES images, each when it has taken the one before; return the stamps."""
    publisher = ros.node.create_publisher(Image, 'image', QoSProfile(depth=1))
    ros.until(publisher.get_subscription_count)
    stamps_ns = [100 * SECOND + index * SECOND // 30 for index in range(FRAMES)]
    for count, each in enumerate(stamps_ns, 1):
        publisher.publish(image_message(rgb, each))
        ros.until(lambda: node.counters.processed == count)  # noqa: B023
    return stamps_ns


def test_every_frame_gets_everything_before_the_end(
    ros: World, pose_node: PoseNode, astronaut: NDArray[np.uint8]
) -> None:
    messages = {topic: ros.collect(kind, f'pose/{topic}') for topic, kind in RESTS.items()}
    landmarks = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    stamps_ns = film(ros, pose_node, astronaut)
    pose_node.trigger_deactivate()
    pose_node.trigger_cleanup()
    ros.spin(0.3)
    for topic, received in (*messages.items(), ('landmarks', landmarks)):
        wanted = [*stamps_ns, stamps_ns[-1]] if topic == 'markers' else stamps_ns  # and cleared
        assert [stamp_ns(each) for each in received] == wanted, topic


def test_while_images_wait_all_landmarks_come_in_order_and_from_beside_mediapipe(
    ros: World,
    pose_node: PoseNode,
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    follow, threads = People.follow, []

    def noting_the_thread(self: People, *arguments: Any) -> Poses:
        threads.append(current_thread().name.partition('_')[0])
        return follow(self, *arguments)

    monkeypatch.setattr(People, 'follow', noting_the_thread)
    overlays = ros.collect(Image, 'pose/overlay')
    landmarks = ros.collect(PoseLandmarksArray, 'pose/landmarks', depth=200)
    publisher = ros.node.create_publisher(Image, 'image', QoSProfile(depth=1))
    ros.until(publisher.get_subscription_count)
    for index in range(100):  # faster than the node can take them
        publisher.publish(image_message(astronaut, 100 * SECOND + index * SECOND // 30))
        ros.spin(0.002)
    counters = pose_node.counters
    ros.until(lambda: landmarks and stamp_ns(landmarks[-1]) == 100 * SECOND + 99 * SECOND // 30)
    ros.until(lambda: len(landmarks) == counters.processed == len(threads))
    stamps_ns = list(map(stamp_ns, landmarks))
    assert stamps_ns == sorted(set(stamps_ns))
    ros.until(lambda: stamp_ns(overlays[-1]) == stamps_ns[-1])
    assert list(map(stamp_ns, overlays)) == stamps_ns
    assert threads.count('outputs') > 0
    assert threads[-1] == 'images'  # none waited any more


def test_a_parameter_holds_for_whole_frames(
    ros: World, pose_node: PoseNode, astronaut: NDArray[np.uint8]
) -> None:
    masks = ros.collect(Image, 'pose/mask')
    film(ros, pose_node, astronaut)
    pose_node.set_parameters([Parameter('mask_encoding', value='32FC1')])
    ros.until(lambda: len(masks) == FRAMES)
    assert {each.encoding for each in masks} == {'mono8'}


def test_a_fault_is_logged_and_the_node_goes_on(
    ros: World,
    pose_node: PoseNode,
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError('no picture today')

    overlays = ros.collect(Image, 'pose/overlay')
    publisher = ros.node.create_publisher(Image, 'image', QoSProfile(depth=1))
    ros.until(publisher.get_subscription_count)
    counters = pose_node.counters
    with monkeypatch.context() as patch:
        patch.setattr(output_frame, 'draw', fail)
        publisher.publish(image_message(astronaut, 100 * SECOND))
        ros.until(lambda: counters.processed == 1)
        ros.until(lambda: 'no picture today' in capfd.readouterr().err)
        assert pose_node.set_parameters([Parameter('mask_encoding', value='32FC1')])[0].successful
        publisher.publish(image_message(astronaut, 101 * SECOND))
        ros.until(lambda: counters.faults == {'overlay': 2})
    publisher.publish(image_message(astronaut, 102 * SECOND))
    ros.until(lambda: overlays)
    assert [stamp_ns(each) for each in overlays] == [102 * SECOND]
