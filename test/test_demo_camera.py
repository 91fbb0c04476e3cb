# SPDX-License-Identifier: Apache-2.0
"""The process ends with its source or a signal, and says in one line why it cannot begin."""

from pathlib import Path
import re
import signal
import subprocess
import sys
import time

from ament_index_python.packages import get_package_prefix
import pytest
from sensor_msgs.msg import Image

from simulation.ros_world import World

EXECUTABLE = Path(get_package_prefix('pose_ros'), 'lib/pose_ros/demo_camera')


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [EXECUTABLE, '--ros-args', *(part for each in arguments for part in ('-p', each))],
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_while_filming(ros: World, number: signal.Signals) -> None:
    process = start('width:=64', 'rate:=20')
    images = ros.collect(Image, 'image_raw')
    ros.until(lambda: images)
    process.send_signal(number)
    begin = time.monotonic()
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert time.monotonic() - begin < 1.5
    assert 'Traceback' not in errors


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_signal_while_starting(number: signal.Signals) -> None:
    process = start('width:=64')
    mapped = Path(f'/proc/{process.pid}/maps')
    end = time.monotonic() + 20
    while 'rclpy' not in mapped.read_text():
        assert time.monotonic() < end
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    assert 'Traceback' not in errors


def test_the_end_of_the_context_is_a_normal_end() -> None:
    """What a composed process or a launch file may do from outside."""
    script = (
        'import rclpy, threading, sys\n'
        'from pose_ros.demo_camera import main\n'
        'init = rclpy.init\n'
        'def then_shut_down(**options):\n'
        '    init(**options)\n'
        '    threading.Timer(2.0, rclpy.shutdown).start()\n'
        'rclpy.init = then_shut_down\n'
        "sys.argv += ['--ros-args', '-p', 'width:=64']\n"
        'sys.exit(main())\n'
    )
    run = subprocess.run(
        [sys.executable, '-c', script], text=True, capture_output=True, timeout=30, check=False
    )
    assert run.returncode == 0, run.stderr
    assert 'Traceback' not in run.stderr
    assert 'pictures published' in run.stderr


@pytest.mark.parametrize(
    ('argument', 'complaint'),
    [
        ('source:=/nowhere.mp4', '/nowhere.mp4: no such file'),
        ('source:=987', 'webcam 987 gives no picture'),
        ('rate:=-1.0', 'rate'),
        ('camera_info_url:=/nowhere.yaml', '/nowhere.yaml: wanted a camera_calibration YAML file'),
    ],
)
def test_one_line_says_why_it_cannot_begin(argument: str, complaint: str) -> None:
    process = start(argument)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert re.fullmatch(rf'\[FATAL\] .*{re.escape(complaint)}.*\n', errors)
