# SPDX-License-Identifier: Apache-2.0
"""Faults of the process: limits of the system, floods of damaged messages, odd streams."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
import os
from pathlib import Path
import platform
import shutil
from statistics import median
import subprocess
import sys
import tempfile

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.msg import PoseLandmarksArray
from simulation import limiting_client
from simulation.chaos.watcher import Usage
from simulation.ros_world import World, image_message

CASES = Path(__file__).parent / 'cases'
RESTARTS = 60
NOBODY = '65534'
AS_NOBODY = ('setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups')


@contextmanager
def process(
    model: Path, folder: Path, *prefix: str, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """Run an active pose_node; its standard error goes to folder/log."""
    # Not the script: another user may not be allowed to execute it.
    command = [*prefix, sys.executable, '-m', 'pose_ros.pose_node', '--ros-args']
    command += ['-p', f'model:={model}', '-p', 'autostart:=true', '-p', 'silence_warn:=600.0']
    environment = {**os.environ, **environment}
    with (folder / 'log').open('w') as log:
        node = subprocess.Popen(command, stderr=log, text=True, cwd=folder, env=environment)
    try:
        yield node
    finally:
        node.kill()
        node.wait()


def ends(node: subprocess.Popen[str]) -> None:
    node.terminate()
    assert node.wait(10.0) == 0


def can_be_nobody() -> bool:
    """Tell whether nobody may run this interpreter."""
    if os.geteuid() != 0 or not all(map(shutil.which, ('setpriv', 'prlimit'))):
        return False
    command = [*AS_NOBODY, sys.executable, '-c', 'import pose_ros, rclpy']
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_be_nobody(), reason='needs root, and files that everybody may read')
def test_a_user_who_may_start_no_more_threads(models: dict[str, Path]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chown(folder, int(NOBODY), int(NOBODY))
        model = Path(shutil.copy(models['lite'], folder))
        model.chmod(0o644)
        with process(model, folder, *AS_NOBODY, HOME=name, ROS_LOG_DIR=name) as node:
            # As the same user, too: two users share no memory, and hear nothing of each other.
            run = subprocess.run(
                [*AS_NOBODY, sys.executable, limiting_client.__file__, str(node.pid)],
                cwd=folder,
                env={**os.environ, 'HOME': name, 'ROS_LOG_DIR': name},
                capture_output=True,
                text=True,
                timeout=100,
                check=False,
            )
            assert run.returncode == 0, run.stderr
            ends(node)
        log = (folder / 'log').read_text()
        assert log.count('Traceback') <= 1  # MediaPipe is closed on a thread, which there is not
        assert 'images failed' not in log


def damaged_images() -> list[bytes]:
    whole = serialize_message(image_message(np.zeros((8, 8, 3), np.uint8), 1))
    latin_1 = (CASES / 'frame_id_latin1_2x2.cdr').read_bytes()
    return [*(whole[:cut] for cut in range(8, 80, 4)), latin_1]


def damaged_calibrations() -> list[bytes]:
    whole = serialize_message(CameraInfo(distortion_model='plumb_bob'))
    return [whole[:cut] for cut in range(8, 80, 4)]


@pytest.mark.parametrize(
    ('kind', 'topic', 'damaged', 'counted'),
    [
        (Image, 'image', damaged_images(), 'frames dropped: invalid'),
        (Image, 'depth', damaged_images(), 'faults: depth'),
        (CameraInfo, 'camera_info', damaged_calibrations(), 'faults: camera_info'),
    ],
    ids=['image', 'depth', 'camera_info'],
)
def test_a_flood_of_damaged_messages(
    ros: World,
    models: dict[str, Path],
    tmp_path: Path,
    kind: type,
    topic: str,
    damaged: list[bytes],
    counted: str,
) -> None:
    with process(models['lite'], tmp_path) as node:
        reports = ros.collect(DiagnosticArray, '/diagnostics')
        publisher = ros.node.create_publisher(kind, topic, 10)
        ros.until(publisher.get_subscription_count)
        ros.until(lambda: reports)
        for count in range(300):
            publisher.publish(damaged[count % len(damaged)])
            ros.spin(0.02)
        counts = [
            int(value.value)
            for report in reports
            for value in report.status[0].values
            if value.key == counted
        ]
        levels = {report.status[0].level for report in reports}
        ends(node)
    assert counts[-1] > 50  # images that wait are replaced by newer ones
    assert levels & {DiagnosticStatus.WARN, DiagnosticStatus.ERROR}
    lines = (tmp_path / 'log').read_text().splitlines()
    assert len([line for line in lines if 'damaged' in line]) in {1, 2, 3}
    assert len(lines) < 20


def test_a_stream_that_stands_still_and_one_that_loops(
    ros: World, models: dict[str, Path], tmp_path: Path, astronaut: NDArray[np.uint8]
) -> None:
    """The stamps of two recordings: 60 images with one stamp, and two images over and over."""
    with process(models['lite'], tmp_path) as node:
        poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
        reports = ros.collect(DiagnosticArray, '/diagnostics')
        camera = ros.node.create_publisher(Image, 'image', 1)
        ros.until(camera.get_subscription_count)
        for stamp_ns in stamps_ns('stamps_frozen.txt'):
            camera.publish(image_message(astronaut, stamp_ns))
            ros.spin(0.05)
        ros.until(lambda: any('the stamp of the image before' in words(each) for each in reports))
        poses.clear()
        for stamp_ns in stamps_ns('stamps_loop.txt'):
            camera.publish(image_message(astronaut, stamp_ns))
            ros.spin(0.3)
        assert len(poses) >= 10
        ends(node)
    log = (tmp_path / 'log').read_text()
    assert log.count('the stream begins again') in {1, 2, 3}
    assert log.count('the stamp of the image before') == 1


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='only glibc is told to give back')
def test_streams_that_begin_again_take_no_memory_that_stays(
    ros: World, models: dict[str, Path], tmp_path: Path, astronaut: NDArray[np.uint8]
) -> None:
    """Each of them has a new landmarker, with threads and memory of its own."""
    first, last = stamps_ns('stamps_loop.txt')[:2]
    memory = []
    with process(models['lite'], tmp_path) as node:
        poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
        camera = ros.node.create_publisher(Image, 'image', 10)
        ros.until(camera.get_subscription_count)
        for _ in range(RESTARTS):
            poses.clear()
            for stamp_ns in (first, last):
                camera.publish(image_message(astronaut, stamp_ns))
                ros.until(partial(has_come, stamp_ns, poses))
            memory.append(Usage.of(node.pid).memory_mb)
        ends(node)
    early, late = (median(memory[at : at + 10]) for at in (10, RESTARTS - 10))
    assert late <= 1.1 * early


def has_come(stamp_ns: int, poses: list[PoseLandmarksArray]) -> bool:
    stamps = [each.header.stamp for each in poses]
    return stamp_ns in [stamp.sec * 1_000_000_000 + stamp.nanosec for stamp in stamps]


def words(report: DiagnosticArray) -> str:
    return str(report.status[0].message)


def stamps_ns(name: str) -> list[int]:
    lines = (CASES / name).read_text().splitlines()
    return [round(float(line) * 1e9) for line in lines if line and not line.startswith('#')]
