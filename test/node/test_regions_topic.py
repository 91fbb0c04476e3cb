# SPDX-License-Identifier: Apache-2.0
"""
`search: regions` of the running node over DDS, with vision_msgs built beside it.

The definitions are those of simulation/vision_messages.py, the types rosidl's.
"""

from pathlib import Path
import sys

import pytest
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from pose_ros.node.node import PoseNode
from simulation.message_package import can_build, message_package, run_with
from simulation.ros_world import World, parameters
from simulation.vision_messages import DEFINITIONS, DEPENDS

SCRIPT = """
import time
import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.node import PoseNode
from simulation.ground_truth import read_ground_truth
from simulation.recordings import recording
from simulation.ros_world import image_message, parameters, world
from simulation.video import read_frame

SCALE = 0.5
PERIOD_NS = 33_000_000
rgb = cv2.resize(read_frame(recording('multi_cam2'), 0), None, fx=SCALE, fy=SCALE)
labels = [each for each in read_ground_truth('multi_cam2').frames[0] if not each.ignored]
assert len(labels) == 3

def region(label, class_id):
    found = Detection2D(results=[ObjectHypothesisWithPose()])
    found.results[0].hypothesis.class_id = class_id
    found.results[0].hypothesis.score = 0.9
    x, y, width, height = (label.box_px * SCALE).tolist()
    found.bbox.size_x, found.bbox.size_y = width, height
    found.bbox.center.position.x, found.bbox.center.position.y = x + width / 2, y + height / 2
    return found

with world() as ros:
    node = ros.add(PoseNode(parameter_overrides=parameters(
        model='full', num_poses=5, search='regions', person_class=0, silence_warn=0.5,
        silence_error=3600.0, latency_warn=3600.0, latency_error=3600.0,
        search_budget=100.0)))
    node.trigger_configure()
    node.trigger_activate()
    images = ros.node.create_publisher(Image, 'image', 10)
    poses = ros.collect(PoseLandmarksArray, 'pose/landmarks')
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    ros.until(images.get_subscription_count)
    stamp_ns = time.time_ns()

    def send_image():
        global stamp_ns
        stamp_ns += PERIOD_NS
        before = len(poses)
        message = image_message(rgb, stamp_ns)
        images.publish(message)
        ros.until(lambda: len(poses) > before)
        return message

    def people():
        return [each.track_id for each in poses[-1].poses]

    def warned(words):
        ros.until(lambda: any(
            words in status.message and status.level == DiagnosticStatus.WARN
            for report in reports for status in report.status), what=f'for {words}')

    for _ in range(3):
        send_image()
        assert not people(), 'nobody is found without regions'
    warned('no regions on /regions')
    warned('it has no publisher: is the detector running')
    detector = ros.node.create_publisher(Detection2DArray, 'regions', 5)
    ros.until(detector.get_subscription_count)

    def detect(header, chosen, class_id='0'):
        found = [region(each, class_id) for each in chosen]
        detector.publish(Detection2DArray(header=header, detections=found))
        ros.spin(0.1)

    header = send_image().header
    detect(header, labels, 'chair')
    send_image()
    assert not people(), 'a chair is no person'
    detect(header, labels[:1])
    send_image()
    assert len(people()) == 1
    first = people()[0]
    for _ in range(4):
        detect(send_image().header, labels)
    send_image()
    everybody = people()
    assert len(everybody) == 3 and first in everybody, everybody
    for search in ('windows', 'regions'):
        [changed] = node.set_parameters([Parameter('search', value=search)])
        assert changed.successful, changed.reason

        def are_all_there():
            header = send_image().header
            if search == 'regions':
                detect(header, labels)
            return set(everybody) <= set(people())

        ros.until(are_all_there, what=f'for the same people with {search}')
    before = node.counters.without_regions
    stamp_ns += 2 * 10**9  # farther than regions_slop
    for _ in range(3):
        send_image()
        assert len(people()) == 3, 'known people are followed'
    assert node.counters.without_regions == before + 3
    del reports[:]
    warned('it has a publisher: is the detector sending')
    del reports[:]
    ros.until(lambda: reports)
    values = {each.key: each.value for each in reports[-1].status[0].values}
    assert int(values['images without regions']) == before + 3, values
    assert values['newest regions'] == '3 of people', values
print('searched in regions')
"""


@pytest.mark.skipif(not can_build(), reason='no generators of messages beside this ROS')
@pytest.mark.timeout(700)
def test_people_are_found_in_the_boxes_of_a_detector(
    models: dict[str, Path], tmp_path: Path
) -> None:
    assert models['full']
    prefix = message_package(DEFINITIONS, DEPENDS)
    assert 'searched in regions' in run_with(prefix, SCRIPT, tmp_path, timeout_s=200.0)


@pytest.fixture
def _without_vision_msgs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('vision_msgs', 'vision_msgs.msg'):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures('_without_vision_msgs')
def test_without_vision_msgs_it_is_said_what_to_do(ros: World, models: dict[str, Path]) -> None:
    given = parameters(model=str(models['lite']), search='regions')
    node = ros.add(PoseNode(parameter_overrides=given))
    assert node.trigger_configure() is TransitionCallbackReturn.FAILURE
    [changed] = node.set_parameters([Parameter('search', value='image')])
    assert changed.successful
    assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
    [changed] = node.set_parameters([Parameter('search', value='regions')])
    assert not changed.successful
    assert 'needs the ROS package vision_msgs' in changed.reason
    assert 'apt install ros-$ROS_DISTRO-vision-msgs' in changed.reason
    assert '\n' not in changed.reason
    assert node.get_parameter('search').value == 'image'
    assert node.settings.search == 'image'
