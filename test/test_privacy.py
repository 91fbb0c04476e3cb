# SPDX-License-Identifier: Apache-2.0
"""The node opens no network connection but ROS 2's, whatever MediaPipe does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys

from ament_index_python.packages import get_package_prefix
from diagnostic_msgs.msg import DiagnosticArray
import mediapipe
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String

from pose_ros.detection.network_guard import reports_home
from pose_ros.msg import PoseLandmarksArray
from simulation.ros_world import World, image_message

MS = 1_000_000
FRAMES = 40  # 4 s: MediaPipe reports when it is built, after the first results, and at its end
EXECUTABLE = Path(get_package_prefix('pose_ros'), 'lib', 'pose_ros', 'pose_node')

needs_strace = pytest.mark.skipif(
    shutil.which('strace') is None
    or subprocess.run(['strace', 'true'], capture_output=True, check=False).returncode != 0,
    reason='strace is not installed, or may not trace here',
)


@contextmanager
def node(*prefix: str, forbid: bool, model: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run pose_node, and end it in order."""
    options = {'model': model, 'autostart': 'true', 'forbid_network': str(forbid).lower()}
    arguments = [part for name, value in options.items() for part in ('-p', f'{name}:={value}')]
    process = subprocess.Popen([*prefix, EXECUTABLE, '--ros-args', *arguments])
    try:
        yield process
    finally:
        children = Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
        for pid in (process.pid, *map(int, children)) if prefix else (process.pid,):
            os.kill(pid, signal.SIGINT)
        process.wait(20)


def look(ros: World, rgb: NDArray[np.uint8], frames: int) -> list[PoseLandmarksArray]:
    """Show the node a person, and return what it finds."""
    camera = ros.node.create_publisher(Image, 'image', QoSProfile(depth=1))
    found = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    ros.until(lambda: camera.get_subscription_count() > 0)
    for i in range(frames):
        camera.publish(image_message(rgb, (1000 + 100 * i) * MS))
        ros.spin(0.1)
    ros.until(lambda: found)
    return found


def contacts(
    ros: World, model: Path, rgb: NDArray[np.uint8], forbid: bool, folder: Path
) -> list[str]:
    """Return the connections to the internet that the node tries: DDS makes none, it sends."""
    trace = folder / 'trace'
    strace = ('strace', '-f', '-qq', '-e', 'trace=socket,connect', '-e', 'signal=none')
    with node(*strace, '-o', str(trace), forbid=forbid, model=model):
        assert look(ros, rgb, FRAMES)[-1].poses
    calls = trace.read_text()
    assert re.search(r'socket\(AF_INET, .* = \d', calls)  # DDS's own: the trace saw something
    return re.findall(r'connect\(.*AF_INET6?.*', calls)


@needs_strace
def test_the_node_contacts_nobody(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    assert contacts(ros, models['lite'], astronaut, True, tmp_path) == []


@needs_strace
@pytest.mark.skipif(
    not reports_home(mediapipe.__version__),
    reason=f'MediaPipe {mediapipe.__version__} contacts nobody; see make test-mediapipe',
)
def test_without_the_guard_mediapipe_looks_its_maker_up(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    """Shows that the test before can fail."""
    found = contacts(ros, models['lite'], astronaut, False, tmp_path)
    assert any('htons(53)' in call or 'htons(443)' in call for call in found)


def test_the_images_thread_is_guarded_and_diagnostics_say_so(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    with node(forbid=True, model=models['lite']) as process:
        reports = ros.collect(DiagnosticArray, '/diagnostics')
        assert look(ros, astronaut, 3)
        filters = {
            int(task.name): re.search(r'^Seccomp:\s*(\d)', (task / 'status').read_text(), re.M)[1]
            for task in Path(f'/proc/{process.pid}/task').iterdir()
        }
        ros.until(lambda: reports)
    assert filters.pop(process.pid) == '0'
    assert {'0', '2'} == set(filters.values())  # DDS's threads, and those that run MediaPipe
    values = {each.key: each.value for each in reports[-1].status[0].values}
    assert 'no internet sockets' in values['engine']


GUARDED_PUBLISHER = """
import threading, time
import rclpy
from std_msgs.msg import String
from pose_ros.detection.network_guard import forbid_network

rclpy.init()
node = rclpy.create_node('guarded')

def publish():
    forbid_network()
    publisher = node.create_publisher(String, 'from_guarded_thread', 10)
    for _ in range(600):
        publisher.publish(String(data='heard'))
        time.sleep(0.1)

threading.Thread(target=publish).start()
"""


def test_ros_publishes_from_a_guarded_thread_also_with_publishers_made_there(ros: World) -> None:
    process = subprocess.Popen([sys.executable, '-c', GUARDED_PUBLISHER])
    try:
        heard = ros.collect(String, 'from_guarded_thread')
        ros.until(lambda: heard)
    finally:
        process.kill()
        process.wait()
    assert heard[0].data == 'heard'
