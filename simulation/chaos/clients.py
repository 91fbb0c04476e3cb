# SPDX-License-Identifier: Apache-2.0
"""Three clients that treat a pose node badly: a camera, an operator and a stranger."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
import signal
import subprocess
from threading import Thread
from time import monotonic
from typing import Any

from ament_index_python.packages import get_package_prefix
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
from numpy.typing import NDArray
from rcl_interfaces.msg import Parameter, ParameterDescriptor, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from pose_ros.msg import PoseLandmarksArray
from pose_ros.srv import DetectPoses
from simulation.chaos.garbage import Garbage
from simulation.chaos.values import random_value

__all__ = ['Camera', 'Client', 'Operator', 'Stranger']

ANSWER_S = 45.0  # within which a service answers; a pause may wait 10 s for each of several others
DISCOVERY_S = 60.0

CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
DEACTIVATE, CLEANUP = Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP


class Client(ABC):
    """
    Acts at random, on a thread and in a DDS participant of its own; to be closed after use.

    :ivar counts: how often it did what
    :ivar problems: what the node should not have done, in words
    """

    def __init__(self, random: Random) -> None:
        """
        Join the network.

        :param random: decides what is done
        """
        self.random = random
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = Node(type(self).__name__.lower(), context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread: Thread | None = None

    @abstractmethod
    def actions(self) -> dict[Callable[[], Any], float]:
        """Return what it does, and how often in comparison."""

    @abstractmethod
    def pause_s(self) -> float:
        """Return how long it waits after an action."""

    def start(self, seconds: float) -> None:
        """Begin to act, for some time."""
        self._thread = Thread(target=self._run, args=(monotonic() + seconds,), daemon=True)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait until it is through with its last action."""
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                self.problems.append(f'{self.node.get_name()} waits for ever')

    def spin(self, seconds: float) -> None:
        """Spin for some time."""
        self.until(lambda: False, seconds)

    def until(self, condition: Callable[[], Any], timeout_s: float) -> bool:
        """Spin until the condition holds; say whether it does."""
        end_s = monotonic() + timeout_s
        while not condition():
            if monotonic() >= end_s:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """Return the answer of a service of the node; None, and a problem, when there is none."""
        client = self.node.create_client(kind, f'pose/{name}')
        try:
            if not self.until(client.service_is_ready, DISCOVERY_S):
                self.problems.append(f'{name} was not to be found')
                return None
            self.spin(0.3)  # a server that has not found the client yet answers into the void
            future = client.call_async(request)
            if not self.until(future.done, ANSWER_S):
                self.problems.append(f'{name} was not answered within {ANSWER_S:.0f} s')
                return None
            return future.result()
        finally:
            self.node.destroy_client(client)

    def close(self) -> None:
        """Leave the network."""
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()

    def _run(self, end_s: float) -> None:
        actions = self.actions()
        try:
            while monotonic() < end_s:
                [action] = self.random.choices(list(actions), weights=list(actions.values()))
                self.counts[action.__name__] += 1
                action()
                self.spin(min(self.pause_s(), max(0.0, end_s - monotonic())))
        except Exception as error:
            self.problems.append(f'{self.node.get_name()} failed itself: {error!r}')
            raise


class Camera(Client):
    """The demo camera, which is killed, frozen, and started as another one."""

    def __init__(self, random: Random) -> None:
        """Start a camera."""
        super().__init__(random)
        self._process: subprocess.Popen[bytes] | None = None
        self.begin()

    def begin(self, width: int = 320, rate_hz: float = 15.0) -> None:
        """Start a camera if there is none."""
        if self._process is not None and self._process.poll() is None:
            return
        executable = Path(get_package_prefix('pose_ros'), 'lib/pose_ros/demo_camera')
        parameters = {
            'width': width,
            'rate': rate_hz,
            'compressed': 'true',
            'frame_id': 'camera_optical_frame',
        }
        command = [str(executable), '--ros-args', '-r', 'image_raw:=image']
        command += ['-r', 'image_raw/compressed:=image/compressed', '--log-level', 'fatal']
        for name, value in parameters.items():
            command += ['-p', f'{name}:={value}']
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def actions(self) -> dict[Callable[[], Any], float]:
        """See Client."""
        return {self.kill: 2, self.freeze: 3, self.end: 1, self.restart: 6}

    def pause_s(self) -> float:
        """See Client."""
        return self.random.uniform(0.5, 4.0)

    def kill(self) -> None:
        """Kill it by SIGKILL."""
        self._signal(signal.SIGKILL)

    def end(self) -> None:
        """End it by SIGTERM."""
        self._signal(signal.SIGTERM)

    def freeze(self) -> None:
        """Stop it for some time."""
        self._signal(signal.SIGSTOP)
        self.spin(self.random.uniform(0.2, 3.0))
        self._signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start another one, of another size and rate, if it is dead."""
        self.begin(self.random.choice((160, 320, 640)), self.random.choice((3.0, 15.0, 30.0)))

    def close(self) -> None:
        """End the camera, and leave."""
        self.kill()
        if self._process is not None:
            self._process.wait(10)
        super().close()

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


class Operator(Client):
    """Somebody who changes every parameter and requests every transition but shutdown."""

    def __init__(self, random: Random) -> None:
        """Look at the parameters of the node."""
        super().__init__(random)
        names = self.call(ListParameters, 'list_parameters', ListParameters.Request()).result.names
        self._names: list[str] = sorted(names)
        self._descriptors: list[ParameterDescriptor] = self.call(
            DescribeParameters, 'describe_parameters', DescribeParameters.Request(names=names)
        ).descriptors
        self._descriptors.sort(key=lambda descriptor: descriptor.name)
        answer = self.call(GetParameters, 'get_parameters', GetParameters.Request(names=names))
        self._defaults: dict[str, ParameterValue] = dict(zip(names, answer.values, strict=True))

    def actions(self) -> dict[Callable[[], Any], float]:
        """See Client."""
        return {
            self.change: 12,
            self.change_badly: 8,
            self.change_many: 3,
            self.restore: 2,
            self.transit: 3,
            self.transit_badly: 1,
            self.activate: 2,
        }

    def pause_s(self) -> float:
        """See Client."""
        return self.random.uniform(0.0, 1.0)

    def change(self) -> None:
        """Set one parameter to a valid value."""
        self._set(SetParameters, 'set_parameters', 1, 1.0)

    def change_badly(self) -> None:
        """Set one parameter to an invalid value."""
        self._set(SetParameters, 'set_parameters', 1, 0.0)

    def change_many(self) -> None:
        """Set some parameters together."""
        self._set(SetParametersAtomically, 'set_parameters_atomically', 5, 0.8)

    def restore(self) -> None:
        """Set all parameters to what they were at the start."""
        refused = [
            f'{name}: {result.reason}'
            for name, result in zip(self._defaults, self._restored(), strict=False)
            if not result.successful and 'read' not in result.reason
        ]
        if refused:
            self.problems.append(f'the default was refused: {"; ".join(refused)}')

    def transit(self) -> None:
        """Request a transition that there is, possible now or not."""
        self._change_state(self.random.choice((CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP)))

    def transit_badly(self) -> None:
        """Request a transition that there is not."""
        request = ChangeState.Request()
        request.transition.id = self.random.choice((0, 8, 10, 20, 30, 60, 99, 255))
        request.transition.label = self.random.choice(('', '', 'nonsense', 'ä' * 1000))
        self.call(ChangeState, 'change_state', request)

    def activate(self) -> bool:
        """Bring the node to active; say whether it is."""
        for transition in (CONFIGURE, ACTIVATE):
            if self.state() == State.PRIMARY_STATE_ACTIVE:
                return True
            self._change_state(transition)
        return self.state() == State.PRIMARY_STATE_ACTIVE

    def state(self) -> int:
        """Return the id of the node's state; 0 when it does not answer."""
        answer = self.call(GetState, 'get_state', GetState.Request())
        return 0 if answer is None else int(answer.current_state.id)

    def _change_state(self, transition: int) -> None:
        self.call(
            ChangeState,
            'change_state',
            ChangeState.Request(transition=Transition(id=transition)),
        )

    def _restored(self) -> list[Any]:
        parameters = [Parameter(name=name, value=v) for name, v in self._defaults.items()]
        request = SetParameters.Request(parameters=parameters)
        answer = self.call(SetParameters, 'set_parameters', request)
        return [] if answer is None else list(answer.results)

    def _set(self, kind: Any, name: str, count: int, valid_share: float) -> None:
        parameters = [
            Parameter(
                name=descriptor.name,
                value=random_value(self.random, descriptor, self.random.random() < valid_share),
            )
            for descriptor in self.random.sample(self._descriptors, count)
        ]
        self.call(kind, name, kind.Request(parameters=parameters))


OUTPUTS: tuple[tuple[type, str], ...] = (
    (PoseLandmarksArray, 'landmarks'),
    (MarkerArray, 'markers'),
    (Image, 'mask'),
    (Image, 'instance_mask'),
    (Image, 'overlay'),
    (CompressedImage, 'overlay/compressed'),
)


class Stranger(Client):
    """Somebody who sends garbage, and subscribes to outputs only to leave again."""

    def __init__(self, random: Random, rgb: NDArray[np.uint8]) -> None:
        """
        Prepare to publish.

        :param rgb: a picture to spoil
        """
        super().__init__(random)
        self._garbage = Garbage(random, rgb)
        self._subscriptions: list[Any] = []
        self._publishers: dict[str, Any] = {}

    def actions(self) -> dict[Callable[[], Any], float]:
        """See Client."""
        return {
            self.send_image: 10,
            self.send_many_images: 2,
            self.send_compressed_image: 4,
            self.send_camera_info: 4,
            self.send_depth: 4,
            self.detect: 4,
            self.subscribe: 4,
            self.unsubscribe: 4,
            self.leave: 2,
        }

    def pause_s(self) -> float:
        """See Client."""
        return self.random.expovariate(8.0)

    def send_image(self) -> None:
        """Publish one Image."""
        self._publish(Image, 'image', self._garbage.image())

    def send_many_images(self) -> None:
        """Publish Images as fast as a camera does."""
        for _ in range(30):
            self.send_image()
            self.spin(0.03)

    def send_compressed_image(self) -> None:
        """Publish one CompressedImage."""
        self._publish(CompressedImage, 'image/compressed', self._garbage.compressed_image())

    def send_camera_info(self) -> None:
        """Publish one CameraInfo."""
        self._publish(CameraInfo, 'camera_info', self._garbage.camera_info())

    def send_depth(self) -> None:
        """Publish one depth image."""
        self._publish(Image, 'depth', self._garbage.depth())

    def leave(self) -> None:
        """Destroy a publisher."""
        if self._publishers:
            name = self.random.choice(sorted(self._publishers))
            self.node.destroy_publisher(self._publishers.pop(name))

    def subscribe(self) -> None:
        """Subscribe to an output."""
        kind, name = self.random.choice(OUTPUTS)
        reliability = self.random.choice(
            (ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT)
        )
        self._subscriptions.append(
            self.node.create_subscription(
                kind, f'pose/{name}', lambda _: None, QoSProfile(depth=1, reliability=reliability)
            )
        )

    def unsubscribe(self) -> None:
        """Leave one output."""
        if self._subscriptions:
            at = self.random.randrange(len(self._subscriptions))
            self.node.destroy_subscription(self._subscriptions.pop(at))

    def detect(self) -> None:
        """Ask for the people in garbage, if the node is configured."""
        client = self.node.create_client(DetectPoses, 'pose/detect')
        try:
            if self.until(client.service_is_ready, 1.0):
                self.spin(0.3)
                future = client.call_async(
                    DetectPoses.Request(image=self._garbage.image_request())
                )
                # The node may be cleaned up meanwhile; then nobody answers.
                self.until(lambda: future.done() or not client.service_is_ready(), ANSWER_S)
                if not future.done() and client.service_is_ready():
                    self.problems.append('detect was not answered')
        finally:
            self.node.destroy_client(client)

    def _publish(self, kind: type, topic: str, message: Any) -> None:
        if topic not in self._publishers:
            profile = QoSProfile(
                depth=5,
                reliability=self.random.choice(
                    (ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT)
                ),
                durability=self.random.choice(
                    (DurabilityPolicy.VOLATILE, DurabilityPolicy.TRANSIENT_LOCAL)
                ),
            )
            self._publishers[topic] = self.node.create_publisher(kind, topic, profile)
            self.spin(0.3)
        self._publishers[topic].publish(message)
