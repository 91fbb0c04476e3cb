# SPDX-License-Identifier: Apache-2.0
"""What is found in the graph."""

from pose_ros.msg import PoseLandmarksArray
from pose_ros.page.graph import Inputs, PoseNodes
from simulation.ros_world import World


def test_landmarks_below_no_name_are_no_nodes(ros: World) -> None:
    for topic in ('/landmarks', '/a/pose/landmarks'):
        ros.node.create_publisher(PoseLandmarksArray, topic, 10)
    ros.until(lambda: '/a/pose' in PoseNodes.look(ros.node).publishing)
    assert '' not in PoseNodes.look(ros.node).publishing


def test_what_a_node_took_is_known_after_its_end() -> None:
    taken = Inputs('/image_raw', '/camera_info')
    assert taken.or_else(Inputs()) == taken
    assert Inputs('/image_raw').or_else(Inputs('/other', '/camera_info')) == taken
