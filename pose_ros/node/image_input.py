# SPDX-License-Identifier: Apache-2.0
"""
Images in, whatever their publishers offer, the newest out to one callback.

With `image_qos: auto` the subscription asks for what the publishers offer, and is made anew when a
publisher appears, disappears or changes: a wrong guess would look like a dead node. Reliable is
asked for where all publishers offer it, because with default settings most best-effort images get
lost on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.serialization import deserialize_message
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.images.image_cdr import can_be_read, read_image
from pose_ros.rclpy_tools.threaded_subscription import ThreadedSubscription

__all__ = ['IMAGE_QOS', 'IMAGE_TRANSPORTS', 'ImageInput', 'SubscriptionChoice', 'choose']

IMAGE_TRANSPORTS = ('raw', 'compressed', 'auto')
IMAGE_QOS = ('auto', 'sensor_data', 'reliable')
POLL_PERIOD_S = 0.25

BEST_EFFORT, RELIABLE = ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE


@dataclass(frozen=True)
class SubscriptionChoice:
    """What to subscribe to."""

    compressed: bool
    reliability: ReliabilityPolicy


def choose(
    transport: str,
    qos: str,
    raw: Sequence[ReliabilityPolicy],
    compressed: Sequence[ReliabilityPolicy],
) -> SubscriptionChoice:
    """
    Choose transport and reliability.

    :param transport: one of IMAGE_TRANSPORTS; auto: raw, unless only the compressed topic has
        publishers
    :param qos: one of IMAGE_QOS; auto: reliable, unless a publisher offers only best effort
    :param raw: what each publisher of the raw topic offers
    :param compressed: what each publisher of the compressed topic offers
    """
    take_compressed = transport == 'compressed' or (
        transport == 'auto' and not raw and len(compressed) > 0
    )
    offers = compressed if take_compressed else raw
    best_effort = qos == 'sensor_data' or (qos == 'auto' and BEST_EFFORT in offers)
    return SubscriptionChoice(take_compressed, BEST_EFFORT if best_effort else RELIABLE)


class ImageInput:
    """The subscription to the images of one topic; to be destroyed after use."""

    def __init__(
        self,
        node: Node,
        steady: Clock,
        name: str,
        transport: str,
        qos: str,
        callback: Callable[[Any, int], None],
        on_idle: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Subscribe.

        :param name: of the topic, to be resolved
        :param steady: for the timer that watches the publishers
        :param transport: one of IMAGE_TRANSPORTS
        :param qos: one of IMAGE_QOS
        :param callback: takes an Image (or what has its fields) or CompressedImage and how many
            were missed before it, on a thread of the subscription's
        :param on_idle: called on that thread when, after an image, no other waits
        """
        self._name = name
        self._node, self._transport, self._qos = node, transport, qos
        self._callback, self._on_idle = callback, on_idle
        self._raw_topic = node.resolve_topic_name(name)
        self._wish = self._choose()
        self._subscription = self._subscribe()
        self._last_image_s = monotonic()
        self._timer = node.create_timer(POLL_PERIOD_S, self._follow, clock=steady)

    @property
    def topic(self) -> str:
        """The topic that is subscribed to, resolved."""
        return self._raw_topic + '/compressed' * self._wish.compressed

    @property
    def silence_s(self) -> float:
        """Seconds since the last image, or since the subscription."""
        return monotonic() - self._last_image_s

    def explain_silence(self) -> str:
        """Return one line on why no images arrive, as far as the graph tells."""
        publishers = self._publishers(self.topic)
        text = f'no image on {self.topic} for {self.silence_s:.0f} s; '
        if not publishers:
            return text + 'it has no publisher: is the camera running, and its topic right?'
        text += f'it has {len(publishers)} publisher{"s" * (len(publishers) > 1)}'
        deaf = (
            [each for each in publishers if each.qos_profile.reliability == BEST_EFFORT]
            if self._wish.reliability == RELIABLE
            else []
        )
        if deaf:
            return text + (
                f', of which {len(deaf)} only best effort, which a reliable '
                'subscription does not hear: set image_qos to auto'
            )
        wrong = sorted({each.topic_type for each in publishers} - {self._type_name()})
        if wrong:
            return text + f' of type {", ".join(wrong)}; wanted {self._type_name()}'
        return text + ', and the QoS fits: is the camera sending?'

    def paused(self) -> AbstractContextManager[None]:
        """Have no image worked on within the block; one in work is finished before it."""
        return self._subscription.paused()

    def destroy(self) -> None:
        """Unsubscribe; an image in work is finished first."""
        self._node.destroy_timer(self._timer)
        self._subscription.destroy()

    def _type(self) -> type:
        return CompressedImage if self._wish.compressed else Image

    def _type_name(self) -> str:
        return f'sensor_msgs/msg/{self._type().__name__}'

    def _publishers(self, topic: str) -> list[TopicEndpointInfo]:
        return self._node.get_publishers_info_by_topic(topic)

    def _choose(self) -> SubscriptionChoice:
        raw, compressed = (
            [each.qos_profile.reliability for each in self._publishers(topic)]
            for topic in (self._raw_topic, f'{self._raw_topic}/compressed')
        )
        return choose(self._transport, self._qos, raw, compressed)

    def _subscribe(self) -> ThreadedSubscription:
        # Reliability is not among the overridable policies: image_qos is the parameter for it.
        kind = self._type()
        return ThreadedSubscription(
            self._node,
            kind,
            self.topic if self._wish.compressed else self._name,
            partial(self._take, kind),
            self._on_idle,
            QoSProfile(depth=1, reliability=self._wish.reliability),
            QoSOverridingOptions(
                [QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.DURABILITY]
            ),
        )

    def _take(self, kind: type, serialized: bytes, missed: int) -> None:
        self._last_image_s = monotonic()
        at_once = kind is Image and can_be_read(serialized)
        self._callback(
            read_image(serialized) if at_once else deserialize_message(serialized, kind), missed
        )

    def _follow(self) -> None:
        wish = self._choose()
        if wish != self._wish:
            self._wish = wish
            self._subscription.destroy()
            self._subscription = self._subscribe()
