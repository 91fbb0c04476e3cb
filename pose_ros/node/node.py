# SPDX-License-Identifier: Apache-2.0
"""
The lifecycle node `pose`: images in, poses, masks, markers and overlays out.

Images are taken and worked on by a thread of their own, one at a time; all else runs in the
callbacks of one single-threaded executor. A transition, a parameter or a still waits for the image
in work and keeps the next one waiting, so nothing can touch what another has released.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from time import time_ns
import traceback
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import CompressedImage, Image

from pose_ros.detection.counters import Drop
from pose_ros.detection.landmarker import LandmarkerError, RunningMode
from pose_ros.detection.stream_clock import Verdict
from pose_ros.following.people import People
from pose_ros.following.positions import Positions
from pose_ros.images.frame import Frame, FrameError, require_cv_bridge, to_frame
from pose_ros.models.store import ModelError
from pose_ros.node.camera_inputs import CameraInputs
from pose_ros.node.detect_service import DetectService
from pose_ros.node.image_stream import Pipeline
from pose_ros.node.parameters import Parameters, declare_parameters
from pose_ros.node.publishers import FrameResult, Publishers
from pose_ros.node.reporter import Reporter
from pose_ros.poses.poses import Poses
from pose_ros.rclpy_tools.lifecycle import (
    SUCCESS,
    ExpectedError,
    answer_impossible_transitions,
    transition,
)
from pose_ros.srv import DetectPoses

__all__ = ['PoseNode']

COMPLAINT_PERIOD_S = 5.0  # the same trouble with images is logged once in this time


@dataclass(frozen=True)
class _Configured:
    """What exists from configure to cleanup."""

    pipeline: Pipeline
    positions: Positions
    people: People
    outputs: Publishers
    stills: DetectService
    held: ExitStack


class PoseNode(LifecycleNode):
    """Finds people in the images of one camera; README.md lists topics and parameters."""

    def __init__(self, **kwargs: Any) -> None:
        """
        Declare the parameters; with `autostart` the node configures and activates itself.

        :param kwargs: for rclpy's LifecycleNode
        """
        super().__init__('pose', **kwargs)
        self._configured: _Configured | None = None
        self._inputs: CameraInputs | None = None
        self._found: FrameResult | None = None
        # Not the node's clock: with use_sim_time and without /clock its timers never fire.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._settings, self._problems = declare_parameters(self)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        answer_impossible_transitions(self)
        if self._settings.autostart:
            self._autostart_timer = self.create_timer(0.0, self._autostart, clock=self._steady)

    def _autostart(self) -> None:
        self.destroy_timer(self._autostart_timer)
        for name, trigger in (
            ('configure', self.trigger_configure),
            ('activate', self.trigger_activate),
        ):
            if trigger() is not SUCCESS:
                self.get_logger().error(
                    f'autostart stopped: {name} failed. When the cause is mended: '
                    f'ros2 lifecycle set {self.get_fully_qualified_name()} {name}'
                )
                return

    @transition
    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model; create publishers, service and diagnostics."""
        if self._problems:
            raise ExpectedError('; '.join(self._problems.values()))
        settings = self._settings
        try:
            require_cv_bridge()
            options = settings.landmarker_options()
            with ExitStack() as held:
                pipeline = Pipeline(
                    options,
                    settings.clock_restart_threshold,
                    self._on_result,
                    settings.search_interval,
                    on_begin=partial(self._publish_found, beside=True),
                )
                held.callback(pipeline.close)
                positions = Positions(*settings.positions())
                people = People(settings.following(), positions)
                outputs = Publishers(self, settings, pipeline.counters, people)
                held.callback(outputs.destroy)
                stills = DetectService(options, alone=self._between_images)
                held.callback(stills.close)
                detect = self.create_service(DetectPoses, '~/detect', stills.detect)
                held.callback(self.destroy_service, detect)
                reporter = Reporter(
                    self,
                    self._steady,
                    pipeline,
                    positions,
                    lambda: (self._settings, self._inputs.images if self._inputs else None),
                )
                held.callback(reporter.destroy)
                self._configured = _Configured(
                    pipeline, positions, people, outputs, stills, held.pop_all()
                )
        except (ImportError, ModelError, LandmarkerError) as error:
            raise ExpectedError(str(error)) from error
        self.get_logger().info(f'configured with {options.model}')
        return SUCCESS

    @transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the images."""
        super().on_activate(state)
        self._subscribe()
        return SUCCESS

    @transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Drop the subscription: nothing arrives, nothing is computed."""
        self._unsubscribe()
        if self._configured:
            self._configured.outputs.clear()
        super().on_deactivate(state)
        return SUCCESS

    @transition
    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release the model and all that configuring made."""
        self.release()
        return SUCCESS

    @transition
    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        self.release()
        return SUCCESS

    @transition
    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything; the node can be configured again."""
        self.release()
        return SUCCESS

    def release(self) -> None:
        """Give back all that configuring and activating made. Idempotent."""
        self._unsubscribe()
        configured, self._configured = self._configured, None
        if configured:
            configured.held.close()

    def destroy_node(self) -> None:
        """Release everything, then destroy the node."""
        self.release()
        super().destroy_node()

    def _subscribe(self) -> None:
        if self._configured:
            self._inputs = CameraInputs(
                self,
                self._steady,
                self._settings,
                self._configured.positions,
                self._on_image,
                partial(self._publish_found, beside=False),
            )

    def _unsubscribe(self) -> None:
        if self._inputs:
            self._inputs.destroy()
            self._inputs = None

    def _between_images(self) -> AbstractContextManager[None]:
        return self._inputs.images.paused() if self._inputs else nullcontext()

    def _on_image(self, message: Image | CompressedImage, missed: int) -> None:
        if self._configured is None:
            return
        pipeline = self._configured.pipeline
        pipeline.counters.count_arrival(missed)
        try:
            verdict = pipeline.feed(to_frame(message), arrival_ns=time_ns())
        except FrameError as error:
            pipeline.counters.dropped[Drop.INVALID] += 1
            self.get_logger().warning(
                f'image dropped: {error}', throttle_duration_sec=COMPLAINT_PERIOD_S
            )
        except LandmarkerError as error:
            self.get_logger().error(
                f'image dropped: {error}', throttle_duration_sec=COMPLAINT_PERIOD_S
            )
        except Exception:
            self.get_logger().error(f'a frame failed:\n{traceback.format_exc()}')
        else:
            if verdict is Verdict.RESTART:
                self.get_logger().warning('the header stamps jumped back: starting afresh')

    def _on_result(self, frame: Frame, result: Poses, time_ns: int) -> None:
        found = FrameResult(frame, result, time_ns)
        if self._settings.running_mode != RunningMode.LIVE_STREAM:
            self._found = found  # until MediaPipe begins with the next image, or none waits
        elif self.executor is not None:  # on a thread of MediaPipe's: over to the executor's
            self.executor.create_task(self._publish, found)

    def _publish_found(self, beside: bool) -> None:
        found, self._found = self._found, None
        if found:
            self._publish(found, beside)

    def _publish(self, found: FrameResult, beside: bool = False) -> None:
        if self._configured and self._inputs:
            self._configured.outputs.publish(found, beside)

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        try:
            settings = self._settings.changed(changes)
            self._apply(settings)
        except (ImportError, ModelError, LandmarkerError, ValueError) as error:
            return SetParametersResult(successful=False, reason=str(error))
        for change in changes:
            self._problems.pop(change.name, None)
        return SetParametersResult(successful=True)

    def _apply(self, settings: Parameters) -> None:
        """Go over to other parameters between two frames, or raise and stay with the old ones."""
        old = self._settings
        if self._configured:
            options = settings.landmarker_options()
            with self._between_images():
                self._configured.outputs.set_parameters(settings)
                try:
                    self._configured.pipeline.set_options(options, settings.search_interval)
                except LandmarkerError:
                    self._configured.outputs.set_parameters(old)
                    raise
                self._configured.pipeline.clock.restart_after_s = settings.clock_restart_threshold
                self._configured.stills.set_options(options)
                self._configured.positions.set_options(*settings.positions())
                self._configured.people.set_following(settings.following())
        self._settings = settings
        if self._inputs and (settings.image_transport, settings.image_qos) != (
            old.image_transport,
            old.image_qos,
        ):
            self._unsubscribe()
            self._subscribe()
