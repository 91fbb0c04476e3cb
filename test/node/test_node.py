# SPDX-License-Identifier: Apache-2.0
"""The node's life: transitions, parameters and bad images, in-process over real DDS."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
import numpy as np
from numpy.typing import NDArray
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from pose_ros.detection.counters import Drop
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from simulation.ros_world import World, image_message, parameters

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
SECOND = 1_000_000_000


def pose_node(ros: World, **values: Any) -> PoseNode:
    return ros.add(PoseNode(parameter_overrides=parameters(**{'model': 'lite', **values})))


def state_of(ros: World) -> int:
    return ros.call(GetState, 'pose/get_state', GetState.Request()).current_state.id


def set_parameter(ros: World, **values: Any) -> list[Any]:
    request = SetParameters.Request(
        parameters=[each.to_parameter_msg() for each in parameters(**values)]
    )
    return ros.call(SetParameters, 'pose/set_parameters', request).results


class Camera:
    """Publishes images with stamps 33 ms apart, and waits for what the node makes of them."""

    def __init__(self, ros: World, rgb: NDArray[np.uint8]) -> None:
        self.ros, self.rgb, self.stamp_ns = ros, rgb, 100 * SECOND
        self.publisher = ros.node.create_publisher(Image, 'image', QoSProfile(depth=10))
        self.poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')

    def wait_for_node(self) -> None:
        self.ros.until(lambda: self.publisher.get_subscription_count() > 0)

    def send(self, message: Image | None = None) -> Image:
        self.stamp_ns += 33_000_000
        message = message or image_message(self.rgb, self.stamp_ns)
        self.publisher.publish(message)
        return message

    def shoot(self) -> PoseLandmarksArray:
        """Send one image and return its poses."""
        self.wait_for_node()
        count, sent = len(self.poses), self.send()
        self.ros.until(lambda: len(self.poses) > count)
        assert self.poses[-1].header == sent.header
        return self.poses[-1]


@pytest.fixture(autouse=True)
def lite(models: dict[str, Path]) -> Path:
    return models['lite']


def test_cycles_back_to_back(ros: World, astronaut: NDArray[np.uint8]) -> None:
    node = pose_node(ros)
    assert node.trigger_configure() == SUCCESS
    camera = Camera(ros, astronaut)
    for _ in range(3):
        assert node.trigger_activate() == SUCCESS
        assert len(camera.shoot().poses) == 1
        assert node.trigger_deactivate() == SUCCESS
        assert node.trigger_cleanup() == SUCCESS
        assert node.trigger_configure() == SUCCESS
    assert node.trigger_shutdown() == SUCCESS


def test_many_transitions_leave_nothing_behind(ros: World) -> None:
    node = pose_node(ros)
    before = (len(list(node.publishers)), len(list(node.subscriptions)))
    for _ in range(20):
        for trigger in (
            node.trigger_configure,
            node.trigger_activate,
            node.trigger_deactivate,
            node.trigger_cleanup,
        ):
            assert trigger() == SUCCESS
    assert (len(list(node.publishers)), len(list(node.subscriptions))) == before
    assert not node._managed_entities


@pytest.mark.parametrize('state', ['unconfigured', 'inactive', 'active'])
def test_shutdown_from_every_state_releases_everything(ros: World, state: str) -> None:
    node = pose_node(ros)
    others = {each.topic_name for each in node.publishers} - {'/diagnostics'}
    if state != 'unconfigured':
        node.trigger_configure()
    if state == 'active':
        node.trigger_activate()
    assert node.trigger_shutdown() == SUCCESS
    assert {each.topic_name for each in node.publishers} == others
    assert not list(node.subscriptions)
    assert state_of(ros) == State.PRIMARY_STATE_FINALIZED


def test_inactive_means_no_subscription(ros: World, astronaut: NDArray[np.uint8]) -> None:
    node = pose_node(ros)
    node.trigger_configure()
    camera = Camera(ros, astronaut)
    assert camera.publisher.get_subscription_count() == 0
    node.trigger_activate()
    camera.shoot()
    node.trigger_deactivate()
    ros.until(lambda: camera.publisher.get_subscription_count() == 0)
    count = len(camera.poses)
    camera.send()
    ros.spin(0.3)
    assert len(camera.poses) == count


def test_autostart_brings_the_node_to_active(ros: World, astronaut: NDArray[np.uint8]) -> None:
    pose_node(ros, autostart=True)
    ros.until(lambda: state_of(ros) == State.PRIMARY_STATE_ACTIVE)
    assert len(Camera(ros, astronaut).shoot().poses) == 1


def test_a_manager_drives_the_node_by_service(ros: World) -> None:
    pose_node(ros)
    for transition, state in (
        (Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE),
        (Transition.TRANSITION_DEACTIVATE, State.PRIMARY_STATE_INACTIVE),
        (Transition.TRANSITION_CLEANUP, State.PRIMARY_STATE_UNCONFIGURED),
    ):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert ros.call(ChangeState, 'pose/change_state', request).success
        assert state_of(ros) == state


def test_an_impossible_transition_is_answered(ros: World) -> None:
    pose_node(ros)
    request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_ACTIVATE))
    assert not ros.call(ChangeState, 'pose/change_state', request).success
    assert state_of(ros) == State.PRIMARY_STATE_UNCONFIGURED


def damaged(kind: str, full: Path, folder: Path) -> str:
    path = folder / f'{kind}.task'
    if kind == 'truncated':
        path.write_bytes(full.read_bytes()[:1_000_000])
    elif kind == 'jpeg':
        path.write_bytes(b'\xff\xd8\xff\xe0' * 1000)
    return str(path)


@pytest.mark.parametrize('kind', ['missing', 'truncated', 'jpeg'])
def test_a_bad_model_fails_configure_and_a_good_one_mends_it(
    ros: World, kind: str, models: dict[str, Path], tmp_path: Path, astronaut: NDArray[np.uint8]
) -> None:
    node = pose_node(ros, model=damaged(kind, models['full'], tmp_path))
    assert node.trigger_configure() == FAILURE
    assert state_of(ros) == State.PRIMARY_STATE_UNCONFIGURED
    assert set_parameter(ros, model='lite')[0].successful
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    assert len(Camera(ros, astronaut).shoot().poses) == 1


@pytest.mark.parametrize(
    'wrong',
    [
        {'num_poses': 0},
        {'num_poses': 1000},
        {'min_tracking_confidence': 1.5},
        {'num_poses': 'two'},
        {'delegate': 'tpu'},
    ],
)
def test_a_bad_parameter_at_start_fails_configure_and_a_good_one_mends_it(
    ros: World, wrong: dict[str, Any]
) -> None:
    node = pose_node(ros, **wrong)
    assert node.trigger_configure() == FAILURE
    good = {'num_poses': 1, 'min_tracking_confidence': 0.5, 'delegate': 'cpu'}
    assert set_parameter(ros, **{name: good[name] for name in wrong})[0].successful
    assert node.trigger_configure() == SUCCESS


@pytest.mark.parametrize(
    ('wrong', 'word'),
    [
        ({'num_poses': 0}, 'num_poses'),
        ({'num_poses': 1000}, '1000'),
        ({'min_pose_detection_confidence': 1.5}, '1.5'),
        ({'model': 'no_such.task'}, 'no_such.task'),
        ({'running_mode': 'film'}, 'film'),
        ({'autostart': True}, 'autostart'),
    ],
)
def test_a_bad_parameter_while_active_is_rejected_with_the_reason(
    ros: World, astronaut: NDArray[np.uint8], wrong: dict[str, Any], word: str
) -> None:
    node = pose_node(ros)
    node.trigger_configure()
    node.trigger_activate()
    camera = Camera(ros, astronaut)
    camera.shoot()
    result = set_parameter(ros, **wrong)[0]
    assert not result.successful
    assert word in result.reason
    assert len(camera.shoot().poses) == 1


@pytest.mark.parametrize(
    'change',
    [
        {'num_poses': 2},
        {'model': 'full'},
        {'running_mode': 'image'},
        {'running_mode': 'live_stream'},
        {'output_segmentation_masks': True},
        {'min_pose_detection_confidence': 0.7},
        {'marker_distance': 3},
    ],
)
def test_a_good_parameter_takes_effect_between_two_frames(
    ros: World, astronaut: NDArray[np.uint8], models: dict[str, Path], change: dict[str, Any]
) -> None:
    assert models[change.get('model', 'lite')]
    node = pose_node(ros)
    node.trigger_configure()
    node.trigger_activate()
    camera = Camera(ros, astronaut)
    before = camera.shoot()
    assert set_parameter(ros, **change)[0].successful
    after = camera.shoot()
    assert len(before.poses) == len(after.poses) == 1
    if 'model' in change:
        assert before.poses[0].landmarks != after.poses[0].landmarks


@pytest.mark.parametrize(('name', 'package'), [('publish_tf', 'tf2_msgs'), ('hri', 'hri_msgs')])
def test_an_output_whose_package_is_missing_is_refused_in_words(
    ros: World,
    astronaut: NDArray[np.uint8],
    name: str,
    package: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    if find_spec(package):
        pytest.skip(f'{package} is installed')
    node = pose_node(ros, **{name: True})
    publishers = len(list(node.publishers))
    assert node.trigger_configure() == FAILURE
    assert 'sudo apt install' in capfd.readouterr().err
    assert len(list(node.publishers)) == publishers
    assert set_parameter(ros, **{name: False})[0].successful
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    result = set_parameter(ros, **{name: True})[0]
    assert not result.successful
    assert 'sudo apt install' in result.reason
    assert len(Camera(ros, astronaut).shoot().poses) == 1


def bad_images() -> dict[str, Image]:
    good = image_message(np.zeros((48, 64, 3), np.uint8), SECOND)
    unknown, short, empty = (
        image_message(np.zeros((48, 64, 3), np.uint8), SECOND) for _ in range(3)
    )
    unknown.encoding = 'magenta7'
    short.data = good.data[:-100]
    empty.width = empty.height = empty.step = 0
    empty.data = b''
    return {'unknown encoding': unknown, 'short buffer': short, '0x0': empty}


@pytest.mark.parametrize('kind', bad_images())
def test_a_bad_image_is_dropped_and_counted_and_the_next_one_is_processed(
    ros: World, astronaut: NDArray[np.uint8], kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    node = pose_node(ros)
    node.trigger_configure()
    node.trigger_activate()
    camera = Camera(ros, astronaut)
    camera.wait_for_node()
    camera.send(bad_images()[kind])
    ros.until(lambda: node.counters.dropped)
    assert len(camera.shoot().poses) == 1
    assert node.counters.dropped == {Drop.INVALID: 1}
    lines = [line for line in capfd.readouterr().err.splitlines() if 'image dropped' in line]
    assert len(lines) == 1


def test_a_stream_that_jumps_back_starts_afresh(ros: World, astronaut: NDArray[np.uint8]) -> None:
    node = pose_node(ros)
    node.trigger_configure()
    node.trigger_activate()
    camera = Camera(ros, astronaut)
    first = camera.shoot()
    camera.stamp_ns = 5 * SECOND
    again = camera.shoot()
    assert first.poses[0].landmarks == again.poses[0].landmarks
    assert node.counters.restarts == 1
