# SPDX-License-Identifier: Apache-2.0
"""`~/annotations` of the running node, with the package foxglove_msgs built beside it."""

from pathlib import Path

import pytest

from pose_ros.bags.foxglove_types import DEFINITIONS
from simulation.message_package import can_build, message_package, run_with

SCRIPT = """
from foxglove_msgs.msg import ImageAnnotations
from sensor_msgs.msg import Image
import skimage.data
from pose_ros.node.node import PoseNode
from simulation.ros_world import image_message, parameters, world
with world() as ros:
    node = ros.add(PoseNode(parameter_overrides=parameters(model='lite')))
    node.trigger_configure()
    node.trigger_activate()
    images = ros.node.create_publisher(Image, 'image', 10)
    ros.until(images.get_subscription_count)
    images.publish(image_message(skimage.data.astronaut(), 10**9))
    ros.until(lambda: node.counters.processed == 1)
    assert not node.counters.outputs, 'only for whoever subscribes'
    found = ros.collect(ImageAnnotations, 'pose/annotations')
    images.publish(image_message(skimage.data.astronaut(), 2 * 10**9))
    ros.until(lambda: found)
    assert found[0].points[0].timestamp.sec == 2
    assert [each.text for each in found[0].texts] == ['1']
    assert all(0 <= each.x <= 512 for group in found[0].points for each in group.points)
print('annotated')
"""


@pytest.mark.skipif(not can_build(), reason='apt has the real foxglove_msgs')
@pytest.mark.timeout(700)
def test_annotations_for_whoever_subscribes(models: dict[str, Path], tmp_path: Path) -> None:
    assert models['lite']
    prefix = message_package(DEFINITIONS, ['builtin_interfaces'])
    assert 'annotated' in run_with(prefix, SCRIPT, tmp_path, timeout_s=90.0)
