# SPDX-License-Identifier: Apache-2.0
"""Reads and changes the parameters and the lifecycle of one node, through its services."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import ParameterDescriptor, ParameterEvent
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters
from rclpy.parameter import Parameter, parameter_value_to_python

from pose_ros.page.ros_thread import RosThread, ServiceError
from pose_ros.srv import DetectPoses

__all__ = ['NodeClient', 'ParameterState']

TYPICAL = 'min_pose_detection_confidence'  # a parameter that only pose nodes have
SERVICES = {
    'list_parameters': ListParameters,
    'describe_parameters': DescribeParameters,
    'get_parameters': GetParameters,
    'set_parameters': SetParameters,
    'get_state': GetState,
    'change_state': ChangeState,
    'detect': DetectPoses,
}
# What a click does in each state, until the wanted state is reached.
TO_ACTIVE = {
    'unconfigured': Transition.TRANSITION_CONFIGURE,
    'inactive': Transition.TRANSITION_ACTIVATE,
}
SOON_S = 3.0  # for what any node answers at once


@dataclass(frozen=True)
class ParameterState:
    """A parameter of the node, as it is now."""

    descriptor: ParameterDescriptor
    value: Any


class NodeClient:
    """
    What one node says of its parameters and state; to be closed after use.

    :ivar parameters: by name; empty until `load`
    :ivar state: of the lifecycle, as `active`; empty when unknown
    :ivar version: grows when anything changed
    """

    def __init__(self, ros: RosThread, name: str) -> None:
        """
        Ask nothing yet.

        :param name: of the node, fully qualified
        """
        self._ros, self.name = ros, name
        self.parameters: dict[str, ParameterState] = {}
        self.state = ''
        self.version = 0
        self._news: dict[str, Any] = {}  # what changed since the last `load` began
        self._clients = ros.run(self._create)
        self._events = ros.run(
            lambda: ros.node.create_subscription(
                ParameterEvent, '/parameter_events', self._on_event, 100
            )
        )

    async def is_pose_node(self) -> bool:
        """Say whether the node has the parameters of a pose node."""
        try:
            return TYPICAL in await self._names(SOON_S)
        except ServiceError:
            return False

    async def load(self) -> None:
        """
        Read all parameters.

        :raises ServiceError: when the node does not answer
        """
        self._news.clear()
        names = await self._names()
        described = await self._ask('describe_parameters', DescribeParameters.Request(names=names))
        got = await self._ask('get_parameters', GetParameters.Request(names=names))
        self.parameters = {
            name: ParameterState(descriptor, parameter_value_to_python(value))
            for name, descriptor, value in zip(
                names, described.descriptors, got.values, strict=False
            )
        }
        self.version += 1
        for name, value in list(self._news.items()):  # the answers may be older
            self._know(name, value)

    async def set(self, name: str, value: Any) -> str:
        """Set a parameter; return why it was refused, or an empty text."""
        parameter = Parameter(name, value=value).to_parameter_msg()
        try:
            response = await self._ask(
                'set_parameters', SetParameters.Request(parameters=[parameter])
            )
        except ServiceError as error:
            return str(error)
        (result,) = response.results
        if result.successful:
            self._know(name, value)
            return ''
        return result.reason or 'the node refused it without a reason'

    async def read_state(self) -> None:
        """Ask for the state of the lifecycle."""
        try:
            answer = await self._ask('get_state', GetState.Request(), SOON_S)
            state = answer.current_state.label
        except ServiceError:
            state = ''
        if state != self.state:
            self.state = state
            self.version += 1

    async def switch(self, on: bool) -> str:
        """Bring the node to active, or from active to inactive; return what failed, if so."""
        await self.read_state()
        while on and self.state in TO_ACTIVE:
            before = self.state
            if not await self._change(TO_ACTIVE[before]):
                return f'{before}: the node did not go on; its log says why'
            await self.read_state()
        if not on and self.state == 'active':
            if not await self._change(Transition.TRANSITION_DEACTIVATE):
                return 'the node did not deactivate; its log says why'
            await self.read_state()
        return ''

    async def detect(self, request: DetectPoses.Request) -> DetectPoses.Response:
        """
        Find the people in a still.

        :raises ServiceError: when the node does not answer, as while it is not configured
        """
        return await self._ask('detect', request)

    def close(self) -> None:
        """Give back the clients; on the node's thread."""
        for client in self._clients.result().values():
            self._ros.node.destroy_client(client)
        self._ros.node.destroy_subscription(self._events.result())

    def _create(self) -> dict[str, Any]:
        return {
            name: self._ros.node.create_client(kind, f'{self.name}/{name}')
            for name, kind in SERVICES.items()
        }

    async def _ask(self, service: str, request: Any, wait_s: float = 10.0) -> Any:
        clients = await asyncio.wrap_future(self._clients)
        return await self._ros.call(clients[service], request, wait_s)

    async def _names(self, wait_s: float = 10.0) -> list[str]:
        answer = await self._ask('list_parameters', ListParameters.Request(), wait_s)
        return list(answer.result.names)

    async def _change(self, transition: int) -> bool:
        request = ChangeState.Request()
        request.transition.id = transition
        try:
            return bool((await self._ask('change_state', request, 30.0)).success)
        except ServiceError:
            return False

    def _on_event(self, event: ParameterEvent) -> None:
        if event.node != self.name:
            return
        for changed in (*event.new_parameters, *event.changed_parameters):
            self._know(changed.name, parameter_value_to_python(changed.value))

    def _know(self, name: str, value: Any) -> None:
        self._news[name] = value
        if name in self.parameters:
            descriptor = self.parameters[name].descriptor
            self.parameters[name] = ParameterState(descriptor, value)
            self.version += 1
