# SPDX-License-Identifier: Apache-2.0
"""
Subscribes to images with the transport and the reliability that their publishers offer.

With `image_qos: auto` the subscription asks for what the publishers offer, and is replaced when a
publisher appears, disappears or changes: a wrong guess would look like a dead node. It asks for
reliable where all publishers offer it, because with Fast DDS's default settings most best-effort
images are lost on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rclpy.clock import Clock
from rclpy.node import Node
from rclpy.qos import (
    QoSCompatibility,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.rclpy_tools.topic_reader import TopicReader
from pose_ros.rclpy_tools.topic_thread import StuckError, TopicThread

__all__ = ['ImageInput', 'SubscriptionChoice', 'choose']

# How soon a publisher that appears is noticed. A look at the graph takes 0.1 ms.
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
        steady_clock: Clock,
        thread: TopicThread,
        name: str,
        transport: str,
        qos: str,
    ) -> None:
        """
        Subscribe.

        :param steady_clock: for the timer that watches the publishers
        :param thread: takes the images; it is started here and ended by `destroy`
        :param name: of the topic, to be resolved
        :param transport: one of IMAGE_TRANSPORTS
        :param qos: one of IMAGE_QOS
        :raises RuntimeError: when the system has no thread for it
        """
        self._node, self._thread, self._name = node, thread, name
        self._transport, self._qos = transport, qos
        self._raw_topic = node.resolve_topic_name(name)
        self._choice = self._choose()
        self._thread.start(self._reader())
        self._timer = node.create_timer(POLL_PERIOD_S, self._follow, clock=steady_clock)

    @property
    def topic(self) -> str:
        """The topic that is subscribed to, resolved."""
        return f'{self._raw_topic}/compressed' if self._choice.compressed else self._raw_topic

    @property
    def choice(self) -> SubscriptionChoice:
        """What is subscribed to."""
        return self._choice

    @property
    def thread(self) -> TopicThread:
        """The thread that takes the images."""
        return self._thread

    @property
    def publisher_count(self) -> int:
        """How many publishers the topic has."""
        return len(self._publishers(self.topic))

    def explain_silence(self) -> str:
        """Return one line on why no images arrive, as far as the graph tells."""
        publishers = self._publishers(self.topic)
        text = f'no image on {self.topic} for {self._thread.silence_s:.0f} s; '
        if not publishers:
            return text + 'it has no publisher: is the camera running, and its topic right?'
        text += f'it has {len(publishers)} publisher' + ('s' if len(publishers) > 1 else '')
        wrong = sorted({publisher.topic_type for publisher in publishers} - {self._type_name()})
        if wrong:
            return text + f' of type {", ".join(wrong)}; wanted {self._type_name()}'
        unheard = [reason for each in publishers if (reason := self._misfit(each.qos_profile))]
        if unheard:
            return text + (
                f', of which {len(unheard)} cannot be heard ({unheard[0]}): set image_qos to '
                'auto, and leave out the qos_overrides of this topic'
            )
        return text + ', and the QoS fits: is the camera sending?'

    def subscribe(self, transport: str, qos: str) -> None:
        """
        Subscribe by another way, if these ask for one.

        :param transport: one of IMAGE_TRANSPORTS
        :param qos: one of IMAGE_QOS
        """
        self._transport, self._qos = transport, qos
        self._follow()

    def replace_stuck(self, thread: TopicThread) -> None:
        """Give up the thread that takes the images, and go on with another one."""
        reader = self._thread.abandon()
        self._thread = thread
        thread.start(reader)

    def destroy(self) -> None:
        """
        Unsubscribe; an image in work is finished first.

        :raises StuckError: see TopicThread.end
        """
        self._node.destroy_timer(self._timer)
        self._thread.end()

    def _type(self) -> type:
        return CompressedImage if self._choice.compressed else Image

    def _type_name(self) -> str:
        return f'sensor_msgs/msg/{self._type().__name__}'

    def _publishers(self, topic: str) -> list[TopicEndpointInfo]:
        return self._node.get_publishers_info_by_topic(topic)

    def _misfit(self, offered: QoSProfile) -> str:
        """Return why a publisher of this QoS is not heard; '' when it is."""
        compatibility, reason = qos_check_compatible(offered, self._asked)
        if compatibility != QoSCompatibility.ERROR:
            return ''
        return str(reason).replace('ERROR: ', '').rstrip('; ').lower()

    def _choose(self) -> SubscriptionChoice:
        raw, compressed = (
            [publisher.qos_profile.reliability for publisher in self._publishers(topic)]
            for topic in (self._raw_topic, f'{self._raw_topic}/compressed')
        )
        return choose(self._transport, self._qos, raw, compressed)

    def _reader(self) -> TopicReader:
        # Reliability is not among the overridable policies: image_qos is the parameter for it.
        self._asked = QoSProfile(depth=1, reliability=self._choice.reliability)
        return TopicReader(
            self._node,
            self._type(),
            self.topic if self._choice.compressed else self._name,
            self._asked,  # rclpy puts in what qos_overrides asks for
            QoSOverridingOptions(
                [QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.DURABILITY]
            ),
        )

    def _follow(self) -> None:
        choice = self._choose()
        if choice == self._choice:
            return
        before, self._choice = self._choice, choice
        try:
            with self._thread.paused():
                self._thread.exchange(self._reader())
        except StuckError:
            self._choice = before  # the next look tries again
