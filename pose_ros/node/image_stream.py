# SPDX-License-Identifier: Apache-2.0
"""
Takes the images of one camera, finds the people in them and publishes them, on one thread.

What was found is published at once while no other image waits. While one waits, it is published on
another thread when MediaPipe begins with that image: MediaPipe holds no lock of Python's, so the
time between two images gets shorter. docs/benchmarks.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from time import time_ns
from typing import Any

from pose_ros.detection.counters import Drop
from pose_ros.detection.options import LandmarkerError
from pose_ros.detection.stream_clock import Verdict
from pose_ros.images.frame import FrameError, FrameReader
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.publishers import Publishers
from pose_ros.rclpy_tools.throttle import Throttle
from pose_ros.rclpy_tools.topic_reader import Taken
from pose_ros.rclpy_tools.topic_thread import TopicThread
from pose_ros.stream.frame_result import FrameResult
from pose_ros.stream.pose_stream import DROPS, PoseStream
from pose_ros.stream.serialized import read_message

__all__ = ['ImageStream']


class ImageStream(TopicThread):
    """The images' thread. The way of a frame, from the topic to the published landmarks."""

    def __init__(
        self,
        reader: FrameReader,
        stream: PoseStream,
        publishers: Publishers,
        faults: FaultLog,
        logger: Any,
    ) -> None:
        """
        Wait for nothing yet.

        :param reader: turns messages into frames
        :param stream: finds the people; nobody else calls it but in a pause
        :param publishers: likewise
        :param faults: takes what nobody expected
        :param logger: rclpy's
        """
        super().__init__('images')
        self._frames, self._stream, self._publishers = reader, stream, publishers
        self._faults, self._logger = faults, logger
        self._unpublished: FrameResult | None = None  # what was found in the frame before
        self._throttle = Throttle()

    def work(self) -> None:
        """Work on the newest image, and on the next one while another waits."""
        self._stream.enter_thread()
        while taken := self.take():
            self._stream.counters.count_arrival(taken.missed)
            self._process(taken)
        self._publish()
        self.publish_live_results()

    def publish_live_results(self) -> None:
        """Publish what running mode live_stream has found by now."""
        for result in self._stream.live_results():
            self._publishers.publish(result)

    def failed(self, error: Exception) -> None:
        """Report what nobody expected."""
        self._faults.report('images', error)

    def _process(self, taken: Taken) -> None:
        stage = 'conversion'
        try:
            frame = self._frames.read(read_message(taken.serialized, taken.message_type))
            if frame.remark:
                self._tell(self._logger.info, frame.remark, frame.remark)
            stage = 'clock'
            tick = self._stream.admit(frame, arrival_ns=time_ns())
            if tick.verdict in DROPS:
                return
            if tick.verdict is Verdict.RESTART:
                self._tell(
                    self._logger.warning,
                    'restart',
                    'the header stamps jumped back: the stream begins again',
                )
            stage = 'detection'
            self._stream.want_masks(self._publishers.wants_masks())
            picture = self._stream.load(frame)
            self._publish(in_background=True)  # the frame before, while MediaPipe works
            result = self._stream.detect(picture, frame, tick)
            if not self.is_ending:  # given up while it hung
                self._unpublished = result
        except FrameError as error:
            self._stream.counters.dropped[Drop.INVALID] += 1
            self._tell(self._logger.warning, 'invalid', f'image dropped: {error}')
        except LandmarkerError as error:
            self._tell(self._logger.error, 'failed', f'image dropped: {error}')
        except Exception as error:
            self._faults.report(stage, error)

    def _publish(self, in_background: bool = False) -> None:
        """Publish what was found in the frame before, if it is not published yet."""
        result, self._unpublished = self._unpublished, None
        if result is not None:
            self._publishers.publish(result, in_background)

    def _tell(self, log: Callable[[str], object], kind: str, text: str) -> None:
        if self._throttle.allows(kind):
            log(text)
