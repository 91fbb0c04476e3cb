# SPDX-License-Identifier: Apache-2.0
"""No model file ends the node or keeps it waiting, at start or by a parameter."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image

from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from simulation.bundles import deadly_bundle
from simulation.ros_world import World, image_message, parameters

KINDS = ['pipe', 'device', 'huge', 'deadly']


@pytest.fixture
def hostile(tmp_path: Path, models: dict[str, Path]) -> dict[str, str]:
    """Files that are no model, by what they are."""
    os.mkfifo(tmp_path / 'pipe')
    (tmp_path / 'huge').touch()
    os.truncate(tmp_path / 'huge', 1 << 40)
    deadly_bundle(models['lite'], tmp_path / 'deadly')
    return {name: str(tmp_path / name) for name in KINDS} | {'device': '/dev/zero'}


def new_node(ros: World, **values: Any) -> PoseNode:
    return ros.add(PoseNode(parameter_overrides=parameters(**values)))


@pytest.mark.parametrize('kind', KINDS)
def test_at_start(
    kind: str, hostile: dict[str, str], ros: World, capfd: pytest.CaptureFixture[str]
) -> None:
    node = new_node(ros, model=hostile[kind])
    assert node.trigger_configure() is TransitionCallbackReturn.FAILURE
    assert hostile[kind] in capfd.readouterr().err
    assert node.set_parameters(parameters(model='lite'))[0].successful
    assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS


def test_by_a_parameter_of_a_running_node(
    hostile: dict[str, str],
    models: dict[str, Path],
    ros: World,
    astronaut: NDArray[np.uint8],
) -> None:
    node = new_node(ros, model=str(models['lite']))
    node.trigger_configure()
    node.trigger_activate()
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    publisher = ros.node.create_publisher(Image, 'image', 10)
    ros.until(publisher.get_subscription_count)
    for kind in KINDS:
        poses.clear()
        (answer,) = node.set_parameters(parameters(model=hostile[kind]))
        assert not answer.successful
        assert hostile[kind] in answer.reason
        publisher.publish(image_message(astronaut, time.time_ns()))
        ros.until(lambda: poses)
        assert len(poses[0].poses) == 1


@pytest.mark.parametrize('how', ['replaced', 'overwritten', 'cut', 'removed'])
def test_what_becomes_of_the_file_of_a_running_node_does_not_matter(
    how: str,
    tmp_path: Path,
    models: dict[str, Path],
    ros: World,
    astronaut: NDArray[np.uint8],
) -> None:
    path, deadly = tmp_path / 'mine.task', tmp_path / 'deadly.task'
    shutil.copy(models['lite'], path)
    deadly_bundle(models['lite'], deadly)
    node = new_node(ros, model=str(path))
    node.trigger_configure()
    node.trigger_activate()
    if how == 'replaced':
        deadly.replace(path)
    elif how == 'overwritten':
        path.write_bytes(deadly.read_bytes())
    elif how == 'cut':
        os.truncate(path, 0)
    else:
        path.unlink()
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    publisher = ros.node.create_publisher(Image, 'image', 10)
    ros.until(publisher.get_subscription_count)
    assert node.set_parameters(parameters(num_poses=2))[0].successful  # another landmarker
    now_ns = time.time_ns()
    for stamp_ns in (now_ns, now_ns - 60_000_000_000):  # and one more: the stream begins again
        poses.clear()
        publisher.publish(image_message(astronaut, stamp_ns))
        ros.until(lambda: poses)
        assert len(poses[0].poses) == 1
    assert node.counters
    assert node.counters.restarts == 1


def test_only_a_change_of_the_model_reads_its_file(
    tmp_path: Path, models: dict[str, Path], ros: World
) -> None:
    path = tmp_path / 'mine.task'
    shutil.copy(models['lite'], path)
    node = new_node(ros, model=str(path))
    node.trigger_configure()
    path.unlink()
    assert node.set_parameters(parameters(marker_lifetime=0.7))[0].successful
    assert node.settings.marker_lifetime == 0.7
    (answer,) = node.set_parameters(parameters(model='medium'))
    assert 'no such file' in answer.reason
