# SPDX-License-Identifier: Apache-2.0
"""A frame that is traced on its way through the node passes the files that are listed."""

from functools import partial
from pathlib import Path
import re
import threading
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

import pose_ros
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from simulation.ros_world import World, image_message, parameters

PACKAGE = Path(pose_ros.__path__[0])
ARCHITECTURE = Path(__file__).parents[2] / 'docs' / 'architecture.md'
MOST_FILES = 12  # that hand a frame on
PERIOD_NS = 33_000_000


def listed() -> tuple[list[str], set[str]]:
    """Return the files that hand a frame on, and those that are called besides."""
    section = ARCHITECTURE.read_text().partition('\n## The way of a frame\n')[2]
    way = section[section.index('\n1. ') : section.index('\n\nWhen the next image')]
    steps = re.findall(r'^\d+\. `(.*?)`', way, re.MULTILINE)
    return steps, set(re.findall(r'`(\w+/\w+\.py)`', way)) - set(steps)


def have_length(messages: list[Any], length: int) -> bool:
    return len(messages) == length


def test_a_frame_passes_the_files_that_are_listed(
    ros: World, models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    passed: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        path = Path(frame.f_code.co_filename)
        is_ours = event == 'call' and PACKAGE in path.parents
        if is_ours and threading.current_thread().name == 'images':
            passed.add(path.relative_to(PACKAGE).as_posix())

    node = ros.add(PoseNode(parameter_overrides=parameters(model=str(models['lite']))))
    node.trigger_configure()
    threading.setprofile(note)
    try:
        node.trigger_activate()
    finally:
        threading.setprofile(None)
    found = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    publisher = ros.node.create_publisher(Image, 'image', QoSProfile(depth=1))
    ros.until(publisher.get_subscription_count)
    for number in range(1, 4):
        passed.clear()  # what is done once, in the first frames, is not in the list
        publisher.publish(image_message(astronaut, number * PERIOD_NS))
        ros.until(partial(have_length, found, number))

    steps, others = listed()
    assert len(steps) == len(set(steps)) <= MOST_FILES
    assert passed == set(steps) | others
