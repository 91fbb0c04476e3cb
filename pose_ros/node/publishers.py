# SPDX-License-Identifier: Apache-2.0
"""
Results in, messages on the node's topics out: the landmarks first, the rest for who listens.

Masks, markers and overlays are computed only while their topic has a subscriber, and on a thread
of their own, beside MediaPipe's work on the next frame, which takes one core and no lock of
Python's; so are the landmarks, if that work is about to begin. The thread has one frame at most;
who changes or destroys what it uses waits for it.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
import traceback
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode
from rclpy.node import PublisherEventCallbacks  # whose module is another one in Humble
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from pose_ros.detection.counters import Counters
from pose_ros.following.people import People
from pose_ros.images.frame import Frame
from pose_ros.images.image_cdr import serialize_image
from pose_ros.images.jpeg import jpeg_message
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.parameters import Parameters
from pose_ros.node.world_publishers import WorldPublishers
from pose_ros.outputs.markers import SkeletonMarkers
from pose_ros.outputs.masks import instance_mask, mask
from pose_ros.outputs.overlay import OverlayMask, draw
from pose_ros.outputs.pose_cdr import serialize_poses
from pose_ros.poses.poses import Poses
from pose_ros.rclpy_tools.inline_executor import InlineExecutor

__all__ = ['FrameResult', 'Publishers']


@dataclass(frozen=True)
class FrameResult:
    """
    What the landmarker found in a frame.

    :param time_ns: of the frame in nanoseconds: its stamp, or when it arrived where it has none
    """

    frame: Frame
    result: Poses
    time_ns: int


class Publishers:
    """The publishers of one configured node; to be destroyed after use."""

    def __init__(
        self, node: LifecycleNode, parameters: Parameters, counters: Counters, people: People
    ) -> None:
        """
        Create the publishers; they publish while the node is active.

        :param people: follows them from frame to frame
        :raises ImportError: see WorldPublishers
        """
        self._node, self._counters, self._people = node, counters, people
        self._skeletons = SkeletonMarkers(f'{node.get_namespace()}/'.lstrip('/'))
        self._header = Header()
        self._parameters = parameters
        self._world = WorldPublishers(node, parameters)
        self._thread = ThreadPoolExecutor(1, 'outputs')
        self._same_thread = InlineExecutor()
        self._followed = self._same_thread.submit(Poses.empty)  # of the newest frame
        self._rest = self._same_thread.submit(lambda: None)
        # The executor would ask for each publisher's events whenever it waits, which costs 0.1 ms
        # a frame. Of a QoS that does not fit, the subscriber is told by its own side.
        create = partial(
            node.create_lifecycle_publisher,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
        )
        self._landmarks = create(PoseLandmarksArray, '~/landmarks', QoSProfile(depth=5))
        self._mask = create(Image, '~/mask', QoSProfile(depth=1))
        self._instance_mask = create(Image, '~/instance_mask', QoSProfile(depth=1))
        self._markers = create(MarkerArray, '~/markers', QoSProfile(depth=5))
        self._overlay = create(Image, '~/overlay', QoSProfile(depth=1))
        self._compressed_overlay = create(
            CompressedImage, '~/overlay/compressed', QoSProfile(depth=1)
        )
        self._for_listeners = (
            self._mask,
            self._instance_mask,
            self._markers,
            self._overlay,
            self._compressed_overlay,
        )
        self.set_parameters(parameters)

    def set_parameters(self, parameters: Parameters) -> None:
        """
        Use these parameters from now on.

        :raises ImportError: see WorldPublishers; the old ones go on
        """
        self._wait()
        if _world_settings(parameters) != _world_settings(self._parameters):
            old, self._world = self._world, WorldPublishers(self._node, parameters)
            old.destroy()
        self._parameters = parameters
        self._mask_encoding = parameters.mask_encoding
        self._marker_style = parameters.marker_style()
        self._overlay_style = parameters.overlay_style()

    def publish(self, found: FrameResult, beside: bool) -> None:
        """
        Publish what was found in one frame; masks, markers and overlay a little later.

        What goes wrong is logged.

        :param beside: the landmarks a little later, too, unless the thread is still at work
        """
        self._followed.exception()  # waits for it
        landmarks_on = self._thread if beside and self._rest.done() else self._same_thread
        self._followed = landmarks_on.submit(self._publish_landmarks, found)
        self._followed.add_done_callback(self._log)
        if any(each.get_subscription_count() for each in self._for_listeners):
            self._rest.exception()
            self._rest = self._thread.submit(self._publish_rest, found, self._followed)
            self._rest.add_done_callback(self._log)

    def _publish_landmarks(self, found: FrameResult) -> Poses:
        frame = found.frame
        result = self._people.follow(frame, found.result, found.time_ns)
        height, width = frame.rgb.shape[:2]
        header = self._header = frame.header
        self._landmarks.publish(serialize_poses(result, header, width, height))
        if frame.stamp_ns > 0:
            now_ns = self._node.get_clock().now().nanoseconds
            self._counters.latency_ms.append((now_ns - frame.stamp_ns) / 1e6)
        self._world.publish(result, header)
        return result

    def _log(self, done: Future[Any]) -> None:
        if error := done.exception():
            self._node.get_logger().error(
                f'a frame failed:\n{"".join(traceback.format_exception(error))}'
            )

    def _wait(self) -> None:
        self._followed.exception()
        self._rest.exception()

    def _publish_rest(self, found: FrameResult, followed: Future[Poses]) -> None:
        if followed.exception():
            return
        frame, result = found.frame, followed.result()
        height, width = frame.rgb.shape[:2]
        header, computed = frame.header, self._counters.outputs
        if self._markers.get_subscription_count():
            computed['markers'] += 1
            self._markers.publish(self._skeletons.write(result, header, self._marker_style))
        if result.masks and self._wants_masks():
            result = self._people.smooth_masks(result, found.time_ns)
        if self._mask.get_subscription_count():
            computed['mask'] += 1
            encoding = self._mask_encoding
            self._mask.publish(
                serialize_image(mask(result, width, height, encoding), header, encoding)
            )
        if self._instance_mask.get_subscription_count():
            computed['instance_mask'] += 1
            owners = instance_mask(result, width, height, self._instance_values(result))
            self._instance_mask.publish(serialize_image(owners, header, 'mono8'))
        self._publish_overlay(frame, result)

    def _wants_masks(self) -> bool:
        wanting = [self._mask, self._instance_mask]
        if self._overlay_style.mask is not OverlayMask.NONE:
            wanting += [self._overlay, self._compressed_overlay]
        return any(each.get_subscription_count() for each in wanting)

    def _instance_values(self, result: Poses) -> NDArray[np.uint8] | None:
        """Return the pixel values of the people, or None for their indices."""
        if self._parameters.instance_mask_values == 'index':
            return None
        return ((result.track_ids - 1) % 255 + 1).astype(np.uint8)

    def _publish_overlay(self, frame: Frame, result: Poses) -> None:
        raw = self._overlay.get_subscription_count()
        compressed = self._compressed_overlay.get_subscription_count()
        if not raw and not compressed:
            return
        self._counters.outputs['overlay'] += 1
        rgb = draw(frame.rgb, result, self._overlay_style)
        if raw:
            self._overlay.publish(serialize_image(rgb, frame.header, 'rgb8'))
        if compressed:
            self._compressed_overlay.publish(jpeg_message(rgb, frame.header))

    def clear(self) -> None:
        """Tell RViz and ROS4HRI that nobody is there."""
        self._wait()
        self._markers.publish(self._skeletons.clear(self._header))
        self._world.clear(self._header)

    def destroy(self) -> None:
        """Destroy the publishers."""
        self._thread.shutdown()
        for publisher in (self._landmarks, *self._for_listeners):
            self._node.destroy_lifecycle_publisher(publisher)
        self._world.destroy()


def _world_settings(parameters: Parameters) -> tuple[bool, bool, str, bool]:
    return (parameters.publish_tf, parameters.tf_landmarks, parameters.tf_prefix, parameters.hri)
