"""
The lifecycle node `pose`: images in, poses, masks and markers out.

Everything runs in the callbacks of one single-threaded executor: a transition, a parameter and a
frame never overlap, so nothing can touch what another has released.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
import traceback
from typing import Any

from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CompressedImage, Image

from .clock import Verdict
from .counters import Drop
from .frame import Frame, FrameError, to_frame
from .landmarker import LandmarkerError, RunningMode
from .models import ModelError
from .outputs import Outputs
from .parameters import declare_parameters
from .pipeline import Pipeline
from .result import Result

__all__ = ['PoseNode']

SUCCESS, FAILURE, ERROR = (TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE,
                           TransitionCallbackReturn.ERROR)
COMPLAINT_PERIOD_S = 5.0  # the same trouble with images is logged once in this time

Transition = Callable[['PoseNode', LifecycleState], TransitionCallbackReturn]


def _transition(callback: Transition) -> Transition:
    """Log what goes wrong in a transition and release everything; rclpy would swallow it."""
    @wraps(callback)
    def guarded(node: PoseNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return callback(node, state)
        except (ModelError, LandmarkerError, ValueError) as error:
            node.get_logger().error(f'{callback.__name__[3:]} failed: {error}')
            node.release()
            return FAILURE
        except Exception:
            node.get_logger().error(f'{callback.__name__} failed:\n{traceback.format_exc()}')
            node.release()
            return ERROR
    return guarded


class PoseNode(LifecycleNode):
    """Finds people in the images of one camera; README.md lists topics and parameters."""

    def __init__(self, **kwargs: Any) -> None:
        """
        Declare the parameters; with `autostart` the node configures and activates itself.

        :param kwargs: for rclpy's LifecycleNode
        """
        super().__init__('pose', **kwargs)
        self._pipeline: Pipeline | None = None
        self._outputs: Outputs | None = None
        self._subscription: Subscription | None = None
        self._settings, self._problems = declare_parameters(self)
        self.add_on_set_settingscallback(self._on_set_parameters)
        if self._settings.autostart:
            self._autostart_timer = self.create_timer(0.0, self._autostart)

    def _refuse_impossible_transitions(self) -> None:
        """Answer success=False where rclpy raises out of the executor and never answers."""
        service = next(each for each in self.services
                       if each.srv_name.endswith('/change_state'))
        change_state = service.callback

        def guarded(request: ChangeState.Request,
                    response: ChangeState.Response) -> ChangeState.Response:
            try:
                return change_state(request, response)
            except RuntimeError as error:
                wanted = request.transition.label or request.transition.id
                self.get_logger().error(f'transition {wanted} is not possible now: {error}')
                response.success = False
                return response

        service.callback = guarded

    def _autostart(self) -> None:
        self.destroy_timer(self._autostart_timer)
        for name, trigger in (('configure', self.trigger_configure),
                              ('activate', self.trigger_activate)):
            if trigger() is not SUCCESS:
                self.get_logger().error(
                    f'autostart stopped: {name} failed. When the cause is mended: '
                    f'ros2 lifecycle set {self.get_fully_qualified_name()} {name}')
                return

    @_transition
    def on_configure(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model and create the publishers."""
        if self._problems:
            raise ValueError('; '.join(self._problems.values()))
        parameters = self._settings
        self._pipeline = Pipeline(parameters.landmarker_options(),
                                  parameters.clock_restart_threshold, self._on_result)
        self._outputs = Outputs(self, parameters)
        self.get_logger().info(f'configured with {self._pipeline.options.model}')
        return SUCCESS

    @_transition
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to the images."""
        super().on_activate(state)
        self._subscribe()
        return SUCCESS

    @_transition
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Drop the subscription: nothing arrives, nothing is computed."""
        self._unsubscribe()
        if self._outputs:
            self._outputs.clear_markers()
        super().on_deactivate(state)
        return SUCCESS

    @_transition
    def on_cleanup(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release the model and the publishers."""
        self.release()
        return SUCCESS

    @_transition
    def on_shutdown(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything."""
        self.release()
        return SUCCESS

    @_transition
    def on_error(self, _state: LifecycleState) -> TransitionCallbackReturn:
        """Release everything; the node can be configured again."""
        self.release()
        return SUCCESS

    def release(self) -> None:
        """Give back subscription, landmarker and publishers. Idempotent."""
        self._unsubscribe()
        if self._pipeline:
            self._pipeline.close()
            self._pipeline = None
        if self._outputs:
            self._outputs.destroy()
            self._outputs = None

    def destroy_node(self) -> None:
        """Release everything, then destroy the node."""
        self.release()
        super().destroy_node()

    def _subscribe(self) -> None:
        # Reliable: with default settings most best-effort images never arrive (docs).
        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
        if self._settings.image_transport == 'compressed':
            self._subscription = self.create_subscription(
                CompressedImage, f'{self.resolve_topic_name("image")}/compressed',
                self._on_image, qos)
        else:
            self._subscription = self.create_subscription(Image, 'image', self._on_image, qos)

    def _unsubscribe(self) -> None:
        if self._subscription:
            self.destroy_subscription(self._subscription)
            self._subscription = None

    def _on_image(self, message: Image | CompressedImage) -> None:
        if self._pipeline is None or self._subscription is None:
            return
        counters = self._pipeline.counters
        counters.received += 1
        try:
            verdict = self._pipeline.feed(to_frame(message), self.get_clock().now().nanoseconds)
        except FrameError as error:
            counters.dropped[Drop.INVALID] += 1
            self.get_logger().warning(f'image dropped: {error}',
                                      throttle_duration_sec=COMPLAINT_PERIOD_S)
        except LandmarkerError as error:
            self.get_logger().error(f'image dropped: {error}',
                                    throttle_duration_sec=COMPLAINT_PERIOD_S)
        else:
            if verdict is Verdict.RESTART:
                self.get_logger().warning('the header stamps jumped back: starting afresh')

    def _on_result(self, frame: Frame, result: Result) -> None:
        if self._settings.running_mode == RunningMode.LIVE_STREAM:
            # On a thread of MediaPipe's: over to the executor's.
            self.executor.create_task(self._publish, frame, result)
        else:
            self._publish(frame, result)

    def _publish(self, frame: Frame, result: Result) -> None:
        if self._outputs and self._subscription:
            self._outputs.publish(frame, result)

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        try:
            parameters = self._settings.changed(changes)
            if self._pipeline:
                self._pipeline.set_options(parameters.landmarker_options())
        except (ModelError, LandmarkerError, ValueError) as error:
            return SetParametersResult(successful=False, reason=str(error))
        transport_changed = parameters.image_transport != self._settings.image_transport
        self._settings = parameters
        for change in changes:
            self._problems.pop(change.name, None)
        if self._pipeline and self._outputs:
            self._pipeline.clock.restart_after_s = parameters.clock_restart_threshold
            self._outputs.set_parameters(parameters)
        if self._subscription and transport_changed:
            self._unsubscribe()
            self._subscribe()
        return SetParametersResult(successful=True)
