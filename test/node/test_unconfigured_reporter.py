# SPDX-License-Identifier: Apache-2.0
"""A node that is not configured says so in /diagnostics, and what to do; over real DDS."""

from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.lifecycle import TransitionCallbackReturn

from pose_ros.node import configured
from pose_ros.node import node as node_module
from pose_ros.node.node import PoseNode
from simulation.ros_world import World, parameters

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
HOW = 'ros2 lifecycle set /pose configure; ros2 lifecycle set /pose activate'
SILENT_S = 2.5  # more than two periods


class Monitor:
    """Hears /diagnostics, as a monitor does that was there before the node."""

    def __init__(self, ros: World) -> None:
        self.ros = ros
        self.reports: list[DiagnosticArray] = ros.collect_later(DiagnosticArray, '/diagnostics')

    def next(self) -> DiagnosticStatus:
        """Return the next status."""
        self.reports.clear()
        self.ros.until(lambda: self.reports)
        return self.reports[0].status[0]

    @property
    def publishers(self) -> int:
        return int(self.ros.node.count_publishers('/diagnostics'))


@pytest.fixture
def monitor(ros: World, models: dict[str, Path]) -> Monitor:
    assert models['lite']
    return Monitor(ros)


def pose_node(ros: World, **values: Any) -> PoseNode:
    values = {'model': 'lite', 'silence_warn': 600.0, 'silence_error': 600.0, **values}
    return ros.add(PoseNode(parameter_overrides=parameters(**values)))


def test_a_node_that_nobody_configures_is_not_silent(ros: World, monitor: Monitor) -> None:
    pose_node(ros)
    for _ in range(2):
        heard = monitor.next()
        assert heard.level == WARN
        assert heard.message.startswith('unconfigured: ')
        assert HOW in heard.message


def test_the_status_is_one_whatever_the_state(ros: World, monitor: Monitor) -> None:
    node = pose_node(ros)
    unconfigured = monitor.next()
    node.trigger_configure()
    inactive = monitor.next()
    node.trigger_activate()
    active = monitor.next()
    assert (inactive.message, inactive.level) == ('inactive', OK)
    assert unconfigured.name == inactive.name == active.name == '/pose: pose landmarker'
    assert unconfigured.hardware_id == inactive.hardware_id == active.hardware_id == '/image'


def test_there_is_one_report_a_second_whatever_the_state(ros: World, monitor: Monitor) -> None:
    node = pose_node(ros)
    monitor.next()
    assert monitor.publishers == 1
    node.trigger_configure()
    monitor.reports.clear()
    ros.until(lambda: len(monitor.reports) == 3)
    assert [each.status[0].message for each in monitor.reports] == ['inactive'] * 3
    assert monitor.publishers == 1
    node.trigger_cleanup()
    monitor.reports.clear()
    ros.until(lambda: len(monitor.reports) == 3)
    assert {each.status[0].level for each in monitor.reports} == {WARN}
    assert all(HOW in each.status[0].message for each in monitor.reports)
    assert monitor.publishers == 1


def test_a_configuration_that_failed_is_said_until_it_succeeds(
    ros: World, monitor: Monitor, capfd: pytest.CaptureFixture[str]
) -> None:
    node = pose_node(ros, model='/no/such.task')
    assert node.trigger_configure() == FAILURE
    for _ in range(2):
        heard = monitor.next()
        assert heard.level == ERROR
        assert 'unconfigured: configure failed: /no/such.task: no such file' in heard.message
        assert HOW in heard.message
    reason = heard.message.removeprefix('unconfigured: ').partition('; when the cause is')[0]
    assert reason in capfd.readouterr().err
    request = SetParameters.Request(
        parameters=[each.to_parameter_msg() for each in parameters(model='lite')]
    )
    assert ros.call(SetParameters, 'pose/set_parameters', request).results[0].successful
    assert node.trigger_configure() == SUCCESS
    assert monitor.next().message == 'inactive'
    assert node.trigger_cleanup() == SUCCESS
    assert monitor.next().level == WARN


def test_a_parameter_with_which_configuring_must_fail_is_said_before(
    ros: World, monitor: Monitor
) -> None:
    node = pose_node(ros, num_poses=0)
    heard = monitor.next()
    assert heard.level == ERROR
    assert 'num_poses' in heard.message
    assert HOW in heard.message
    assert node.set_parameters(parameters(num_poses=1))[0].successful
    assert monitor.next().level == WARN


def test_autostart_that_fails_is_said(ros: World, monitor: Monitor) -> None:
    pose_node(ros, model='/no/such.task', autostart=True)
    heard = monitor.next()
    assert heard.level == ERROR
    assert '/no/such.task: no such file' in heard.message


@pytest.mark.parametrize(
    ('owner', 'part', 'transition'),
    [(configured, 'Publishers', 'configure'), (node_module, 'CameraInputs', 'activate')],
    ids=['configure', 'activate'],
)
def test_what_nobody_expected_is_said(
    ros: World,
    monitor: Monitor,
    owner: Any,
    part: str,
    transition: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = pose_node(ros)

    def fail(*_: object) -> None:
        raise KeyError('injected')

    with monkeypatch.context() as patched:
        patched.setattr(owner, part, fail)
        node.trigger_configure()
        if transition == 'activate':
            node.trigger_activate()
    heard = monitor.next()
    assert heard.level == ERROR
    assert f"unconfigured: {transition} failed: KeyError('injected')" in heard.message
    assert '\n' not in heard.message
    assert node.trigger_configure() == SUCCESS
    assert monitor.next().message == 'inactive'


def test_an_activation_that_failed_is_said_until_one_succeeds(
    ros: World, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = pose_node(ros)
    node.trigger_configure()

    def fail(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(node_module, 'CameraInputs', fail)
        assert node.trigger_activate() == FAILURE
    heard = monitor.next()
    assert heard.level == ERROR
    assert "inactive: activate failed: cannot take images: can't start new" in heard.message
    assert node.trigger_activate() == SUCCESS
    assert monitor.next().level == OK


@pytest.mark.parametrize('by_service', [False, True])
def test_after_the_end_nothing_is_said(ros: World, monitor: Monitor, by_service: bool) -> None:
    node = pose_node(ros)
    monitor.next()
    if by_service:
        request = ChangeState.Request(
            transition=Transition(id=Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)
        )
        assert ros.call(ChangeState, 'pose/change_state', request).success
    else:
        node.trigger_shutdown()
    ros.spin(0.2)
    monitor.reports.clear()
    ros.spin(SILENT_S)
    assert not monitor.reports
    ros.until(lambda: monitor.publishers == 0)
    assert node._state_machine.current_state[0] == State.PRIMARY_STATE_FINALIZED
