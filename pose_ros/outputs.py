"""
Results in, messages on the node's topics out: the landmarks first, the rest for who listens.

Masks, markers and overlays are computed only while their topic has a subscriber, and on a thread
of their own, beside MediaPipe's work on the next frame, which takes one core and no lock of
Python's. The thread has one frame at most; who changes or destroys what it uses waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode
from rclpy.node import PublisherEventCallbacks  # whose module is another one in Humble
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from .counters import Counters
from .frame import Frame
from .markers import SkeletonMarkers
from .masks import instance_mask, mask
from .msg import PoseLandmarksArray
from .overlay import OverlayMask, draw
from .parameters import Parameters
from .picture import jpeg_message
from .result import Result
from .serialized import serialize_image, serialize_poses
from .world_outputs import WorldOutputs

__all__ = ['Outputs']


class Outputs:
    """The publishers of one configured node; to be destroyed after use."""

    def __init__(self, node: LifecycleNode, parameters: Parameters, counters: Counters) -> None:
        """
        Create the publishers; they publish while the node is active.

        :raises ImportError: see WorldOutputs
        """
        self._node, self._counters = node, counters
        self._skeletons = SkeletonMarkers(f'{node.get_namespace()}/'.lstrip('/'))
        self._header = Header()
        self._parameters = parameters
        self._world = WorldOutputs(node, parameters)
        self._thread = ThreadPoolExecutor(1, 'outputs')
        self._in_work: Future[None] | None = None
        # The executor would ask for each publisher's events whenever it waits, which costs 0.1 ms
        # a frame. Of a QoS that does not fit, the subscriber is told by its own side.
        create = partial(node.create_lifecycle_publisher,
                         qos_overriding_options=QoSOverridingOptions.with_default_policies(),
                         event_callbacks=PublisherEventCallbacks(use_default_callbacks=False))
        self._landmarks = create(PoseLandmarksArray, '~/landmarks', QoSProfile(depth=5))
        self._mask = create(Image, '~/mask', QoSProfile(depth=1))
        self._instance_mask = create(Image, '~/instance_mask', QoSProfile(depth=1))
        self._markers = create(MarkerArray, '~/markers', QoSProfile(depth=5))
        self._overlay = create(Image, '~/overlay', QoSProfile(depth=1))
        self._compressed_overlay = create(
            CompressedImage, '~/overlay/compressed', QoSProfile(depth=1))
        self._for_listeners = (self._mask, self._instance_mask, self._markers, self._overlay,
                               self._compressed_overlay)
        self.set_parameters(parameters)

    def set_parameters(self, parameters: Parameters) -> None:
        """
        Use these parameters from now on.

        :raises ImportError: see WorldOutputs; the old ones go on
        """
        self._wait()
        if _of_the_world(parameters) != _of_the_world(self._parameters):
            old, self._world = self._world, WorldOutputs(self._node, parameters)
            old.destroy()
        self._parameters = parameters
        self._mask_encoding = parameters.mask_encoding
        self._marker_style = parameters.marker_style()
        self._overlay_style = parameters.overlay_style()

    def publish(self, frame: Frame, result: Result,
                smooth_masks: Callable[[Result], Result]) -> None:
        """
        Publish what was found in one frame; masks, markers and overlay a little later.

        :param smooth_masks: called on the thread for those, and only if masks are wanted
        """
        height, width = frame.rgb.shape[:2]
        header = self._header = frame.header
        self._landmarks.publish(serialize_poses(result, header, width, height))
        if frame.stamp_ns > 0:
            now_ns = self._node.get_clock().now().nanoseconds
            self._counters.latency_ms.append((now_ns - frame.stamp_ns) / 1e6)
        self._world.publish(result, header)
        if any(each.get_subscription_count() for each in self._for_listeners):
            before, self._in_work = self._in_work, None
            if before:
                before.result()  # raises what went wrong with it
            self._in_work = self._thread.submit(
                self._publish_rest, frame, result, smooth_masks)

    def _wait(self) -> None:
        """Wait until all is published; what went wrong with it is the next frame's to raise."""
        if self._in_work:
            wait((self._in_work,))

    def _publish_rest(self, frame: Frame, result: Result,
                      smooth_masks: Callable[[Result], Result]) -> None:
        height, width = frame.rgb.shape[:2]
        header, computed = frame.header, self._counters.outputs
        if self._markers.get_subscription_count():
            computed['markers'] += 1
            self._markers.publish(self._skeletons.write(result, header, self._marker_style))
        if result.masks and self._wants_masks():
            result = smooth_masks(result)
        if self._mask.get_subscription_count():
            computed['mask'] += 1
            encoding = self._mask_encoding
            self._mask.publish(serialize_image(
                mask(result, width, height, encoding), header, encoding))
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

    def _instance_values(self, result: Result) -> NDArray[np.uint8] | None:
        """Return the pixel values of the people, or None for their indices."""
        if self._parameters.instance_mask_values == 'index':
            return None
        return ((result.track_ids - 1) % 255 + 1).astype(np.uint8)

    def _publish_overlay(self, frame: Frame, result: Result) -> None:
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


def _of_the_world(parameters: Parameters) -> tuple[bool, bool, str, bool]:
    return (parameters.publish_tf, parameters.tf_landmarks, parameters.tf_prefix, parameters.hri)
