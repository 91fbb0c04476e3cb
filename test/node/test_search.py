# SPDX-License-Identifier: Apache-2.0
"""The active node with `search`, on real recordings over DDS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
from diagnostic_msgs.msg import DiagnosticArray
import numpy as np
from numpy.typing import NDArray
import pytest
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from pose_ros.msg import PoseLandmarks, PoseLandmarksArray
from pose_ros.node.node import PoseNode
from pose_ros.srv import DetectPoses
from simulation.ground_truth import read_ground_truth
from simulation.matching import iou, person_box
from simulation.recordings import recording
from simulation.ros_world import World, image_message, parameters
from simulation.video import read_frame, read_frames

PERIOD_NS = 16_666_667  # of the room's cameras
SCALE = 0.5
LIKELY = 0.4  # least overlap with the label of a frame that lies up to 5 frames away


@pytest.fixture(autouse=True)
def full(models: dict[str, Path]) -> Path:
    return models['full']


def active_node(ros: World, **values: Any) -> PoseNode:
    values = {'model': 'full', 'num_poses': 6, 'search_budget': 100.0, **values}
    node = ros.add(PoseNode(parameter_overrides=parameters(**values)))
    node.trigger_configure()
    node.trigger_activate()
    return node


def small(rgb: NDArray[np.uint8], scale: float = SCALE) -> NDArray[np.uint8]:
    return cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def have_length(length: int, messages: list[Any]) -> bool:
    return len(messages) == length


class Camera:
    """Publishes a recording and waits for the node after each image."""

    def __init__(self, ros: World, name: str) -> None:
        self.messages = ros.collect(PoseLandmarksArray, 'pose/landmarks')
        self._ros, self._name = ros, name
        self._publisher = ros.node.create_publisher(Image, 'image', QoSProfile(depth=10))
        ros.until(lambda: self._publisher.get_subscription_count() > 0)
        self._frames = read_frames(recording(name))
        self._shown: list[int] = []

    def show(self, count: int) -> None:
        for _ in range(count):
            index, rgb = next(self._frames)
            self._publisher.publish(image_message(small(rgb), 10**9 + index * PERIOD_NS))
            self._shown.append(index)
            self._ros.until(partial(have_length, len(self._shown), self.messages))

    def ids(self, first: int = 0) -> dict[int, list[int]]:
        """Return the track ids of each labelled person, from a message on."""
        truth = read_ground_truth(self._name)
        ids: dict[int, list[int]] = defaultdict(list)
        for index, message in list(zip(self._shown, self.messages, strict=True))[first:]:
            labels = [each for each in truth.frames[round(index / 10) * 10] if not each.ignored]
            size = truth.width * SCALE, truth.height * SCALE
            found = boxes(message.poses, *map(round, size))
            overlaps = iou(np.array([label.box_px * SCALE for label in labels]), found)
            for label, row in zip(labels, overlaps, strict=True):
                if row.max(initial=0) >= LIKELY:
                    ids[label.person].append(message.poses[int(row.argmax())].track_id)
        return dict(ids)


def boxes(people: Iterable[PoseLandmarks], width: int, height: int) -> NDArray[np.float64]:
    return np.array(
        [
            person_box(
                np.array([(each.x * width, each.y * height) for each in person.landmarks]),
                np.array([each.visibility for each in person.landmarks]),
                width,
                height,
            )
            for person in people
        ]
    ).reshape(-1, 4)


def test_windows_find_everybody_in_a_recording_and_ids_stay(ros: World) -> None:
    active_node(ros, search='windows')
    reports = ros.collect(DiagnosticArray, '/diagnostics')
    camera = Camera(ros, 'multi_cam2')
    camera.show(36)
    ids = camera.ids()
    assert set(ids) == {1, 2, 3}
    assert {person: len(set(each)) for person, each in ids.items()} == {1: 1, 2: 1, 3: 1}
    assert len({each[0] for each in ids.values()}) == 3
    assert {person: len(each) for person, each in camera.ids(26).items()} == {1: 10, 2: 10, 3: 10}
    values = ros.until(lambda: reports and {v.key: v.value for v in reports[-1].status[0].values})
    assert float(values['people looked at per image'].split()[0]) > 0


def test_a_live_change_of_search_loses_no_track(ros: World) -> None:
    node = active_node(ros, search='image')
    camera = Camera(ros, 'multi_cam4')
    seen: list[set[int]] = []
    for search in ('image', 'windows', 'image'):
        [answer] = node.set_parameters([Parameter('search', value=search)])
        assert answer.successful, answer.reason
        camera.show(8)
        seen.append(set(camera.ids(len(camera.messages) - 8)))
    assert 1 in set.intersection(*seen)
    assert seen[1] == {1, 2}
    assert all(len(set(each)) == 1 for each in camera.ids().values()), camera.ids()


@pytest.mark.parametrize(('search', 'least', 'most'), [('image', 0, 1), ('windows', 2, 4)])
def test_detect_finds_small_people_with_windows(
    ros: World, search: str, least: int, most: int
) -> None:
    """In a photograph with three people of 0.14 to 0.28 of its height."""
    photo = np.full((576, 1024, 3), 120, np.uint8)
    room = small(read_frame(recording('multi_cam2'), 0), 0.2)
    photo[150 : 150 + room.shape[0], 400 : 400 + room.shape[1]] = room
    active_node(ros, search=search)
    request = DetectPoses.Request(image=image_message(photo, 0))
    response = ros.call(DetectPoses, 'pose/detect', request)
    assert response.success, response.message
    found = boxes(response.result.poses, 1024, 576)
    labels = read_ground_truth('multi_cam2').frames[0]
    wanted = np.array(
        [each.box_px * 0.2 + (400, 150, 0, 0) for each in labels if not each.ignored]
    )
    hits = (iou(wanted, found) >= LIKELY).any(axis=1).sum()
    assert least <= hits
    assert len(found) <= most
