# SPDX-License-Identifier: Apache-2.0
"""`~/annotations` of the running node, with the package foxglove_msgs built beside it."""

import os
from pathlib import Path
import subprocess
import sys

import pytest

from pose_ros.bags.foxglove_types import DEFINITIONS

ENVIRONMENT = Path(sys.prefix)
ROOT = Path(__file__).parents[2]

CMAKE = """cmake_minimum_required(VERSION 3.16)
project(foxglove_msgs)
find_package(ament_cmake REQUIRED)
find_package(rosidl_default_generators REQUIRED)
find_package(builtin_interfaces REQUIRED)
rosidl_generate_interfaces(${PROJECT_NAME}
  MESSAGES DEPENDENCIES builtin_interfaces)
include("ROOT/cmake/drop_missing_include_directories.cmake")
ament_package()
"""
PACKAGE = """<package format="3">
  <name>foxglove_msgs</name><version>3.0.0</version><description>Made for a test</description>
  <maintainer email="a@example.org">a</maintainer><license>MIT</license>
  <buildtool_depend>ament_cmake</buildtool_depend>
  <buildtool_depend>rosidl_default_generators</buildtool_depend>
  <depend>builtin_interfaces</depend>
  <member_of_group>rosidl_interface_packages</member_of_group>
  <export><build_type>ament_cmake</build_type></export>
</package>
"""
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


@pytest.mark.skipif(
    not (ENVIRONMENT / 'share/ament_index').is_dir(), reason='apt has the real foxglove_msgs'
)
@pytest.mark.timeout(300)
def test_annotations_for_whoever_subscribes(models: dict[str, Path], tmp_path: Path) -> None:
    assert models['lite']
    source = tmp_path / 'src/foxglove_msgs'
    (source / 'msg').mkdir(parents=True)
    messages = []
    for name, text in DEFINITIONS.items():
        messages.append(f'msg/{name.rsplit("/", 1)[1]}.msg')
        (source / messages[-1]).write_text(text)
    (source / 'CMakeLists.txt').write_text(
        CMAKE.replace('MESSAGES', ' '.join(messages)).replace('ROOT', str(ROOT))
    )
    (source / 'package.xml').write_text(PACKAGE)
    (tmp_path / 'script.py').write_text(SCRIPT)
    command = (
        f'colcon build --cmake-args -DBUILD_TESTING=OFF -DPython3_EXECUTABLE={sys.executable} '
        '>build.log 2>&1 || { cat build.log; exit 1; }; source install/setup.bash; '
        f'exec {sys.executable} script.py'
    )
    done = subprocess.run(
        ['bash', '-c', command],
        cwd=tmp_path,
        env={
            'AMENT_PREFIX_PATH': sys.prefix,
            'CMAKE_PREFIX_PATH': sys.prefix,
            'VIRTUAL_ENV': sys.prefix,
            'PATH': f'{sys.prefix}/bin:/usr/bin:/bin',
            'HOME': os.environ['HOME'],
            **{key: os.environ[key] for key in os.environ if key.startswith('ROS_')},
        },
        text=True,
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'annotated' in done.stdout
