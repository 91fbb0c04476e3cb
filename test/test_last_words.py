# SPDX-License-Identifier: Apache-2.0
"""What subscribers hear last of a process that is ended by a signal or a transition."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
import signal
import subprocess
import time
from typing import Any

from ament_index_python.packages import get_package_prefix
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import numpy as np
from numpy.typing import NDArray
import pytest
from sensor_msgs.msg import Image
from visualization_msgs.msg import Marker, MarkerArray

from simulation.ros_world import World, image_message

HAS_HRI = bool(find_spec('hri_msgs') and find_spec('tf2_msgs'))


@contextmanager
def pose_node(**parameters: Any) -> Iterator[subprocess.Popen[str]]:
    executable = Path(get_package_prefix('pose_ros'), 'lib/pose_ros/pose_node')
    arguments = [part for name, value in parameters.items() for part in ('-p', f'{name}:={value}')]
    node = subprocess.Popen(
        [executable, '--ros-args', *arguments], stderr=subprocess.PIPE, text=True
    )
    try:
        yield node
    finally:
        node.kill()
        node.communicate()


@pytest.mark.usefixtures('hangups_heard')
@pytest.mark.parametrize('end', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, 'shutdown'])
def test_markers_are_deleted_and_nobody_is_tracked(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8], end: signal.Signals | str
) -> None:
    images = ros.node.create_publisher(Image, 'image', 1)
    with pose_node(model=models['lite'], autostart='true', hri=str(HAS_HRI).lower()) as node:
        markers = ros.collect(MarkerArray, 'pose/markers')
        tracked = []
        if HAS_HRI:
            tracked = ros.collect(import_module('hri_msgs.msg').IdsList, '/humans/bodies/tracked')
        ros.until(images.get_subscription_count)

        def is_shown() -> bool:
            images.publish(image_message(astronaut, time.time_ns()))
            ros.spin(0.1)
            is_tracked = not HAS_HRI or (tracked and tracked[-1].ids)
            return bool(markers and markers[-1].markers and is_tracked)

        ros.until(is_shown)
        shown = {(marker.ns, marker.id) for marker in markers[-1].markers}
        if isinstance(end, str):
            request = ChangeState.Request(
                transition=Transition(id=Transition.TRANSITION_ACTIVE_SHUTDOWN)
            )
            assert ros.call(ChangeState, 'pose/change_state', request).success
        else:
            node.send_signal(end)
            ros.until(lambda: node.poll() is not None)
            assert node.returncode == 0
        ros.spin(0.5)
        last = {(marker.ns, marker.id, marker.action) for marker in markers[-1].markers}
        assert last == {(*each, Marker.DELETE) for each in shown}
        assert not HAS_HRI or list(tracked[-1].ids) == []
