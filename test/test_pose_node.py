# SPDX-License-Identifier: Apache-2.0
"""The node as a process of its own, over real DDS, against direct calls of MediaPipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
import os
from pathlib import Path
import re
import signal
import subprocess
import time
from typing import Any

from ament_index_python.packages import get_package_prefix
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from mediapipe import Image as MediaPipeImage
from mediapipe import ImageFormat
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
from numpy.typing import NDArray
import pytest
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from visualization_msgs.msg import Marker, MarkerArray

from pose_ros.msg import PoseLandmarksArray
from pose_ros.poses.poses import VISIBILITY
from simulation.ros_world import World, image_message
from simulation.rviz_rules import complaints
from simulation.software_gpu import NEAR, SEEN, SOFTWARE_GPU, needs_mesa, takes_software

SECOND = 1_000_000_000
EXIT_S = 1.0  # within which a signal ends the process on a machine that does nothing else
LOADED = 3  # times as long on one that is busy


def command(*remaps: str, **parameters: Any) -> list[str]:
    arguments = [part for name, value in parameters.items() for part in ('-p', f'{name}:={value}')]
    arguments += [part for remap in remaps for part in ('-r', remap)]
    executable = Path(get_package_prefix('pose_ros'), 'lib', 'pose_ros', 'pose_node')
    return [str(executable), '--ros-args', *arguments]


@contextmanager
def process(*remaps: str, **parameters: Any) -> Iterator[subprocess.Popen[str]]:
    """Run pose_node."""
    with started(command(*remaps, **parameters)) as node:
        yield node


@contextmanager
def wrapped(script: str, *prefix: str, **parameters: Any) -> Iterator[subprocess.Popen[str]]:
    """Run pose_node by a shell script, whose arguments are its command."""
    with started([*prefix, 'sh', '-c', script, 'sh', *command(**parameters)]) as node:
        yield node


@contextmanager
def started(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    node = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    try:
        yield node
    finally:
        node.kill()
        node.communicate()


def change_state(ros: World, transition: int) -> None:
    request = ChangeState.Request(transition=Transition(id=transition))
    assert ros.call(ChangeState, 'pose/change_state', request).success


def direct(model: Path, rgb: NDArray[np.uint8], stamp_ms: int) -> vision.PoseLandmarkerResult:
    options = vision.PoseLandmarkerOptions(
        BaseOptions(str(model)),
        running_mode=vision.RunningMode.VIDEO,
        output_segmentation_masks=True,
    )
    with vision.PoseLandmarker.create_from_options(options) as task:
        return task.detect_for_video(MediaPipeImage(ImageFormat.SRGB, rgb), stamp_ms)


def tuples(landmarks: Any) -> list[tuple[float, ...]]:
    return [(p.x, p.y, p.z, p.visibility, p.presence) for p in landmarks]


@pytest.mark.parametrize('model', ['lite', 'full', 'heavy'])
def test_a_photograph_gives_what_a_direct_call_gives(
    ros: World, models: dict[str, Path], model: str, astronaut: NDArray[np.uint8]
) -> None:
    stamp_ns = 1234 * SECOND + 567_891_234
    expected = direct(models[model], astronaut, stamp_ns // 1_000_000)
    camera = ros.node.create_publisher(Image, '/camera/image_raw', QoSProfile(depth=1))
    sent = image_message(astronaut, stamp_ns)
    with process(
        'image:=/camera/image_raw',
        model=str(models[model]),
        autostart=True,
        output_segmentation_masks=True,
        mask_encoding='32FC1',
    ):
        poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
        masks = ros.collect(Image, 'pose/mask')
        instances = ros.collect(Image, 'pose/instance_mask')
        markers = ros.collect(MarkerArray, 'pose/markers')
        ros.until(lambda: camera.get_subscription_count() > 0)
        camera.publish(sent)
        ros.until(lambda: poses and masks and instances and markers)

    assert poses[0].header == sent.header
    assert (poses[0].image_width, poses[0].image_height) == (512, 512)
    [person] = poses[0].poses
    assert tuples(person.landmarks) == tuples(expected.pose_landmarks[0])
    assert tuples(person.world_landmarks) == tuples(expected.pose_world_landmarks[0])

    expected_mask = expected.segmentation_masks[0].numpy_view().reshape(512, 512)
    mask = np.frombuffer(masks[0].data, np.float32).reshape(512, 512)
    np.testing.assert_array_equal(mask, expected_mask)
    instance = np.frombuffer(instances[0].data, np.uint8).reshape(512, 512)
    np.testing.assert_array_equal(instance, (expected_mask > 0.1).astype(np.uint8))
    assert masks[0].header == instances[0].header == sent.header

    assert not complaints(markers[0])
    spheres = next(m for m in markers[0].markers if m.type == Marker.SPHERE_LIST)
    assert spheres.header == sent.header
    at = spheres.pose.position
    visible = [p for p in expected.pose_world_landmarks[0] if p.visibility >= 0.5]
    np.testing.assert_allclose(
        [(at.x + p.x, at.y + p.y, at.z + p.z) for p in spheres.points],
        [(p.x, p.y, p.z + 2.0) for p in visible],
        atol=1e-6,
    )


@pytest.mark.usefixtures('hangups_heard')
@pytest.mark.parametrize(
    'numbers', [[signal.SIGINT], [signal.SIGTERM], [signal.SIGHUP], [signal.SIGINT, signal.SIGINT]]
)
@pytest.mark.parametrize('state', ['starting', 'unconfigured', 'inactive', 'active', 'mid-frame'])
def test_a_signal_ends_the_process_cleanly(
    ros: World,
    models: dict[str, Path],
    astronaut: NDArray[np.uint8],
    state: str,
    numbers: list[signal.Signals],
) -> None:
    camera = ros.node.create_publisher(Image, 'image', QoSProfile(depth=1))
    with process(model=str(models['heavy'])) as node:
        if state == 'starting':
            ros.until(lambda: catches(node.pid, signal.SIGTERM))
        else:
            reach(ros, state)
        if state == 'mid-frame':
            ros.until(lambda: camera.get_subscription_count() > 0)
            for i in range(20):
                camera.publish(image_message(astronaut, (100 + i) * SECOND))
                ros.spin(0.02)
        start_s = time.monotonic()
        for number in numbers:
            os.kill(node.pid, number)
            time.sleep(0.01)
        _, stderr = node.communicate(timeout=10)
        took_s = time.monotonic() - start_s
    assert node.returncode == 0, stderr
    assert took_s < LOADED * EXIT_S
    assert 'Traceback' not in stderr
    assert 'Exception ignored' not in stderr


def catches(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has a handler for a signal."""
    status = Path(f'/proc/{pid}/status').read_text()
    mask = int(re.search(r'^SigCgt:\s*(\w+)$', status, re.MULTILINE)[1], 16)
    return bool(mask >> (number - 1) & 1)


def reach(ros: World, state: str) -> None:
    ros.until(lambda: 'pose' in ros.node.get_node_names())
    if state == 'unconfigured':
        ros.spin(0.5)
        return
    change_state(ros, Transition.TRANSITION_CONFIGURE)
    if state != 'inactive':
        change_state(ros, Transition.TRANSITION_ACTIVATE)


def test_an_impossible_transition_does_not_end_the_process(
    ros: World, models: dict[str, Path]
) -> None:
    with process(model=str(models['lite'])) as node:
        request = ChangeState.Request(transition=Transition(id=Transition.TRANSITION_DEACTIVATE))
        assert not ros.call(ChangeState, 'pose/change_state', request).success
        change_state(ros, Transition.TRANSITION_CONFIGURE)
        assert node.poll() is None


def test_under_nohup_it_outlives_its_terminal(ros: World, models: dict[str, Path]) -> None:
    with started(['nohup', *command(model=str(models['lite']))]) as node:
        ros.until(lambda: 'pose' in ros.node.get_node_names())
        node.send_signal(signal.SIGHUP)
        change_state(ros, Transition.TRANSITION_CONFIGURE)
        assert node.poll() is None
        node.terminate()
        ros.until(lambda: node.poll() is not None)
        assert node.returncode == 0


@pytest.mark.parametrize(
    ('setting', 'words'),
    [
        ('ROS_LOG_DIR=/proc/none', '/proc/none: No such file or directory'),
        ('ROS_LOG_DIR=/dev/null/log', '/dev/null/log: Not a directory'),
        ('-u HOME -u ROS_LOG_DIR -u ROS_HOME', 'neither ROS_LOG_DIR nor HOME is set'),
    ],
    ids=['no place', 'a file', 'no home'],
)
def test_it_works_where_no_log_can_be_written(
    ros: World, models: dict[str, Path], setting: str, words: str
) -> None:
    with wrapped(f'exec env {setting} "$@"', model=str(models['lite'])) as node:
        change_state(ros, Transition.TRANSITION_CONFIGURE)
        node.terminate()
        _, stderr = node.communicate(timeout=10)
    assert node.returncode == 0, stderr
    assert f'no file of the log is written ({words})' in stderr
    assert 'set ROS_LOG_DIR to a folder that can be written' in stderr


def test_it_works_without_a_standard_error(ros: World, models: dict[str, Path]) -> None:
    with wrapped('exec "$@" 2>&-', model=str(models['lite'])) as node:
        change_state(ros, Transition.TRANSITION_CONFIGURE)
        assert os.readlink(f'/proc/{node.pid}/fd/2') == os.devnull


UNSHARE = ('unshare', '--user', '--map-root-user', '--mount')


@pytest.mark.skipif(
    subprocess.run([*UNSHARE, 'true'], capture_output=True, check=False).returncode != 0,
    reason='this machine lets nobody mount a file system of their own',
)
def test_it_works_without_a_writable_temporary_folder(ros: World, models: dict[str, Path]) -> None:
    read_only = 'for each in /tmp /var/tmp; do mount -t tmpfs -o ro none $each; done; cd /sys; '
    with wrapped(read_only + 'exec "$@"', *UNSHARE, model=str(models['lite'])):
        change_state(ros, Transition.TRANSITION_CONFIGURE)


@needs_mesa
@takes_software
def test_the_delegate_is_changed_while_the_node_runs(
    ros: World,
    models: dict[str, Path],
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SOFTWARE_GPU.items():
        monkeypatch.setenv(name, value)
    camera = ros.node.create_publisher(Image, 'image', QoSProfile(depth=1))
    with process(model=str(models['lite']), autostart=True):
        poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
        ros.until(lambda: camera.get_subscription_count() > 0)
        for i, delegate in enumerate(('cpu', 'gpu', 'cpu')):
            value = Parameter('delegate', value=delegate).to_parameter_msg()
            request = SetParameters.Request(parameters=[value])
            [answer] = ros.call(SetParameters, 'pose/set_parameters', request).results
            assert answer.successful, answer.reason
            camera.publish(image_message(astronaut, (100 + i) * SECOND))
            ros.until(partial(have, poses, i + 1))
    before, on_gpu, after = (np.array(tuples(each.poses[0].landmarks)) for each in poses)
    np.testing.assert_array_equal(before, after)
    seen = before[:, VISIBILITY] > SEEN
    assert 0 < np.abs(on_gpu - before)[seen, :2].max() < NEAR


def have(messages: list[Any], count: int) -> bool:
    return len(messages) >= count
