# SPDX-License-Identifier: Apache-2.0
"""
The lifecycle node `pose`: finds people in the images of one camera, and publishes them.

The images' thread takes images, one at a time, finds the people and publishes them
(`image_stream`). The executor, single-threaded, runs all else: transitions, parameters, stills,
camera_info, timers. Those that touch what the images' thread uses do so in a pause: they wait for
the image in work and keep the next one waiting.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from pose_ros.detection.counters import Counters
from pose_ros.detection.free_memory import free_memory
from pose_ros.detection.options import LandmarkerError
from pose_ros.images.bridge import require_cv_bridge
from pose_ros.models.store import ModelError
from pose_ros.node.camera_inputs import CameraInputs
from pose_ros.node.configured import Configured
from pose_ros.node.fault_log import FaultLog
from pose_ros.node.image_input import ImageInput
from pose_ros.node.name_prefix import DEFAULT_NODE_NAME
from pose_ros.node.start import start
from pose_ros.node.unconfigured_reporter import UnconfiguredReporter
from pose_ros.rclpy_tools.lifecycle import (
    SUCCESS,
    ExpectedError,
    answer_impossible_transitions,
    transition,
)
from pose_ros.rclpy_tools.topic_thread import StuckError
from pose_ros.stream.parameters import Parameters, declare_parameters

__all__ = ['PoseNode']


class PoseNode(LifecycleNode):
    """
    Finds people in the images of one camera; README.md lists topics and parameters.

    :ivar last_failure: how the last transition failed, in one line; '' when it did not
    """

    def __init__(self, **kwargs: Any) -> None:
        """
        Declare the parameters; with `autostart` the node configures and activates itself.

        :param kwargs: for rclpy's LifecycleNode
        """
        super().__init__(DEFAULT_NODE_NAME, **kwargs)
        self._configured: Configured | None = None
        self._inputs: CameraInputs | None = None
        self.last_failure = ''
        # Not the node's clock: with use_sim_time and without /clock its timers never fire.
        self._steady_clock = Clock(clock_type=ClockType.STEADY_TIME)
        self._faults = FaultLog(self.get_logger())
        self._settings, self._problems = declare_parameters(self)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        answer_impossible_transitions(self)
        for problem in self._problems.values():
            self.get_logger().error(problem)
        self._unconfigured = UnconfiguredReporter(
            self, self._steady_clock, self._problems, self._faults
        )
        self._unconfigured.begin()
        start(self, self._steady_clock, self._settings.autostart)

    @property
    def settings(self) -> Parameters:
        """The parameters in use."""
        return self._settings

    @property
    def counters(self) -> Counters | None:
        """What happened to the images since the node was configured; None while it is not."""
        return self._configured.stream.counters if self._configured else None

    @property
    def images(self) -> ImageInput | None:
        """The subscription to the images; None while the node is not active."""
        return self._inputs.images if self._inputs else None

    @property
    def depths(self) -> ImageInput | None:
        """The subscription to the depth images; None while the node is not active."""
        return self._inputs.depths if self._inputs else None

    def callback_failed(self, error: Exception) -> None:
        """Report what a callback on the executor raised."""
        self._faults.report('callback', error)

    def between_images(self) -> AbstractContextManager[None]:
        """Have no image worked on within the block; one in work is finished before it."""
        return self._inputs.stream.paused() if self._inputs else nullcontext()

    def wake(self) -> None:
        """Have the images' thread publish what live_stream found; may be called on any thread."""
        inputs = self._inputs
        if inputs:
            inputs.stream.wake()

    def replace_stuck_stream(self) -> None:
        """Go on with a new landmarker and a new thread where MediaPipe hangs in one image."""
        if self._configured and self._inputs:
            self.get_logger().error(
                'MediaPipe hangs in one image: its thread and landmarker are left behind, with '
                'their memory, and new ones take over'
            )
            self._configured.replace_stuck_stream()
            self._inputs.replace_stuck(self._configured.image_stream())

    @transition
    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model; create publishers, service and diagnostics."""
        if self._problems:
            raise ExpectedError('; '.join(self._problems.values()))
        try:
            require_cv_bridge()
            self._configured = Configured(self, self._settings, self._steady_clock, self._faults)
        except (ImportError, ModelError, LandmarkerError, RuntimeError) as error:
            raise ExpectedError(str(error)) from error
        self._unconfigured.end()
        stream = self._configured.stream
        self.get_logger().info(f'configured with {stream.options.model} and {stream.engine}')
        return SUCCESS

    @transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the images."""
        super().on_activate(state)
        try:
            self._subscribe()
        except ExpectedError:
            super().on_deactivate(state)
            raise
        return SUCCESS

    @transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Drop the subscription: nothing arrives, nothing is computed."""
        self._unsubscribe()
        if self._configured:
            self._configured.publishers.clear()
        super().on_deactivate(state)
        free_memory()
        return SUCCESS

    @transition
    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release the model and all that configuring made."""
        self.release()
        self._unconfigured.begin()
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
        self._unconfigured.begin()
        return SUCCESS

    def release(self) -> None:
        """Give back all that configuring and activating made, and report no more. Idempotent."""
        self._unconfigured.end()
        self._unsubscribe()
        configured, self._configured = self._configured, None
        if configured:
            configured.release()

    def destroy_node(self) -> None:
        """Release everything, as far as possible, then destroy the node."""
        with self._faults.guard('release'):
            self.release()
        super().destroy_node()

    def _subscribe(self) -> None:
        configured = self._configured
        if configured is None:
            return
        try:
            self._inputs = CameraInputs(
                self,
                self._steady_clock,
                self._settings,
                configured.positions,
                configured.image_stream(),
                configured.depth_stream(),
                configured.regions_input(),
                self._faults,
            )
        except RuntimeError as error:  # the system has no thread left
            raise ExpectedError(f'cannot take images: {error}') from error
        configured.publishers.activate()

    def _unsubscribe(self) -> None:
        inputs, self._inputs = self._inputs, None
        if inputs is None:
            return
        try:
            inputs.destroy()
        except StuckError as error:
            self.get_logger().error(str(error))
            if self._configured:
                self._configured.leave_stream_behind()

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        # Checked and applied at once: Humble has no callback for after all have agreed.
        try:
            settings = self._settings.changed(changes)
            self._apply(settings)
        except (ImportError, ModelError, LandmarkerError, StuckError, ValueError) as error:
            return SetParametersResult(successful=False, reason=str(error))
        except Exception as error:  # else whoever sets the parameter would wait for ever
            self._faults.report('parameters', error)
            return SetParametersResult(successful=False, reason=str(error) or repr(error))
        for change in changes:
            self._problems.pop(change.name, None)
        return SetParametersResult(successful=True)

    def _apply(self, settings: Parameters) -> None:
        """Use other parameters from the next image on, or raise and stay with the old ones."""
        configured = self._configured
        options = configured.options_for(settings) if configured else None  # may take seconds
        with self.between_images():
            if self._inputs:
                self._inputs.stream.publish_live_results()
            if configured and options:
                configured.apply(settings, options)
            self._settings = settings
            if self._inputs:
                self._inputs.set_parameters(settings)
