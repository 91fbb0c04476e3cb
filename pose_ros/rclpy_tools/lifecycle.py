# SPDX-License-Identifier: Apache-2.0
"""Adds to rclpy's lifecycle: errors are logged, and every request is answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
import traceback
from typing import Any, Protocol, TypeVar

from lifecycle_msgs.srv import ChangeState
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn

from pose_ros.rclpy_tools.throttle import Throttle

__all__ = [
    'ERROR',
    'FAILURE',
    'SUCCESS',
    'ExpectedError',
    'answer_impossible_transitions',
    'bring_to_active',
    'commands_to_active',
    'transition',
]

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
ERROR = TransitionCallbackReturn.ERROR


class ExpectedError(Exception):
    """What is wrong with the node's surroundings, and what to do, in one line."""


class _Node(Protocol):
    last_failure: str

    def get_logger(self) -> Any: ...


AnyNode = TypeVar('AnyNode', bound=_Node)
Transition = Callable[[AnyNode, LifecycleState], TransitionCallbackReturn]


def transition(callback: Transition[AnyNode]) -> Transition[AnyNode]:
    """
    Let an `on_*` callback fail in words.

    An ExpectedError returns FAILURE: the node goes back to the state before, and the callback has
    undone what it had begun, and no more. Any other exception returns ERROR: `on_error` follows,
    which releases everything. rclpy itself would swallow both without a line in the log.

    The node's attribute `last_failure` becomes what was logged, in one line, and '' when the
    transition succeeds. After `on_error` it is still what led there.
    """
    name = callback.__name__.removeprefix('on_')

    @wraps(callback)
    def guarded(node: AnyNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            outcome = callback(node, state)
        except ExpectedError as error:
            node.last_failure = f'{name} failed: {error}'
            node.get_logger().error(node.last_failure)
            return FAILURE
        except Exception as error:
            node.last_failure = f'{name} failed: {error!r}; the log has the traceback'
            node.get_logger().error(f'{name} failed:\n{traceback.format_exc()}')
            return ERROR
        if name != 'error':
            node.last_failure = ''
        return outcome

    return guarded


def bring_to_active(node: LifecycleNode) -> str:
    """Configure and activate; return the name of the transition that failed, '' when none did."""
    for name, trigger in (
        ('configure', node.trigger_configure),
        ('activate', node.trigger_activate),
    ):
        if trigger() is not SUCCESS:
            return name
    return ''


def commands_to_active(name: str) -> str:
    """Return the commands by which a person configures and activates a node."""
    return f'ros2 lifecycle set {name} configure; ros2 lifecycle set {name} activate'


def answer_impossible_transitions(node: LifecycleNode) -> None:
    """
    Answer `success: false` to a transition that the present state does not have.

    rclpy raises out of the executor instead, which ends the process, and never answers.
    """
    throttle = Throttle()
    service = next(each for each in node.services if each.srv_name.endswith('/change_state'))
    change_state = service.callback

    def guarded(
        request: ChangeState.Request, response: ChangeState.Response
    ) -> ChangeState.Response:
        try:
            return change_state(request, response)
        except RuntimeError as error:
            wanted = request.transition.label or request.transition.id
            if throttle.allows('impossible'):
                node.get_logger().error(f'transition {wanted} is not possible now: {error}')
            response.success = False
            return response

    service.callback = guarded
