# SPDX-License-Identifier: Apache-2.0
"""
REP-155's topics say who is there, come and go with the people, and are empty at every end.

hri_msgs is not among the packages of PyPI: where it is missing, the tests that need it skip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
import sys
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from rclpy.node import Node
from std_msgs.msg import Header

from pose_ros.node.body_publishers import TRACKED, BodyPublishers
from pose_ros.node.fault_log import FaultLog
from pose_ros.outputs.hri import BODIES, keypoints, regions
from pose_ros.outputs.hri_frames import BodyIds
from pose_ros.poses.poses import Poses
from simulation.ros_world import World

HEADER = Header(frame_id='camera_optical')
HEADER.stamp.sec = 7
IDS = BodyIds()
TIMEOUT_S = 1000.0


def people(*track_ids: int) -> Poses:
    """Return people, every landmark of whom is visible and in the image."""
    rows = np.random.default_rng(1).uniform(0.6, 0.9, (2, len(track_ids), 33, 5))
    landmarks, world_landmarks = rows.astype(np.float32)
    return Poses(landmarks, world_landmarks, track_ids=np.array(track_ids, np.int32))


@pytest.fixture
def hri_msgs() -> ModuleType:
    """The real messages, where they are installed."""
    return pytest.importorskip('hri_msgs.msg', reason='hri_msgs is not installed')


class Bodies:
    """What a node publishes, and what the test's own subscribers get of it."""

    def __init__(self, ros: World, messages: ModuleType, name: str = 'a') -> None:
        self.ros, self.messages = ros, messages
        self.node = ros.add(Node(name))
        self.faults: Counter[str] = Counter()
        self.conditions: dict[str, str] = {}
        self.publishers = BodyPublishers(
            self.node,
            IDS,
            TIMEOUT_S,
            FaultLog(self.node.get_logger(), self.faults),
            self.conditions,
        )
        self.tracked = self.collect('IdsList', 'tracked') if not self.is_silent else []

    @property
    def is_silent(self) -> bool:
        return self.publishers.is_silent

    def collect(self, kind: str, topic: str) -> list[Any]:
        return self.ros.collect(getattr(self.messages, kind), f'{BODIES}/{topic}')

    def publish(self, result: Poses) -> list[str]:
        """Return the ids that are then tracked, when each has its topics."""
        before = len(self.tracked)
        self.publishers.publish(result, HEADER)
        self.ros.until(lambda: len(self.tracked) > before)
        self.ros.until(lambda: self.topics() == {'tracked', *topics_of(*self.tracked[-1].ids)})
        return self.tracked[-1].ids

    def topics(self) -> set[str]:
        """Return the topics below BODIES that this node publishes."""
        return {
            each.topic_name.removeprefix(f'{BODIES}/')
            for each in self.node.publishers
            if each.topic_name.startswith(BODIES)
        }


def topics_of(*ids: str) -> Iterator[str]:
    for body in ids:
        yield from (f'{body}/roi', f'{body}/skeleton2d')


@pytest.fixture
def bodies(ros: World, hri_msgs: ModuleType) -> Bodies:
    return Bodies(ros, hri_msgs)


def test_without_hri_msgs_it_is_said_what_to_do(
    ros: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('hri_msgs', 'hri_msgs.msg'):
        monkeypatch.setitem(sys.modules, name, None)
    before = len(list(ros.node.publishers))
    faults = FaultLog(ros.node.get_logger(), Counter())
    with pytest.raises(ImportError, match=r'hri needs .*hri_msgs.* apt install .* false$') as it:
        BodyPublishers(ros.node, IDS, TIMEOUT_S, faults, {})
    assert '\n' not in str(it.value)
    assert len(list(ros.node.publishers)) == before


def test_each_body_has_its_topics_and_those_have_its_values(bodies: Bodies) -> None:
    result = people(4, 31)
    assert bodies.publish(result) == [IDS(4), IDS(31)]
    assert bodies.tracked[-1].header == HEADER
    rois = [bodies.collect('NormalizedRegionOfInterest2D', f'{IDS(each)}/roi') for each in (4, 31)]
    skeletons = [bodies.collect('Skeleton2D', f'{IDS(each)}/skeleton2d') for each in (4, 31)]
    bodies.publish(result)
    bodies.ros.until(lambda: all((*rois, *skeletons)))
    for index in range(2):
        (roi,), (skeleton,) = rois[index], skeletons[index]
        assert roi.header == skeleton.header == HEADER
        assert [roi.xmin, roi.ymin, roi.xmax, roi.ymax, roi.c] == regions(result)[index].tolist()
        assert [[point.x, point.y, point.c] for point in skeleton.skeleton] == keypoints(result)[
            index
        ].tolist()


def test_who_leaves_takes_the_topics_along_and_who_returns_brings_them(bodies: Bodies) -> None:
    bodies.publish(people(4, 31))
    assert bodies.publish(people(31)) == [IDS(31)]
    bodies.ros.until(lambda: bodies.ros.node.count_publishers(f'{BODIES}/{IDS(4)}/roi') == 0)
    assert bodies.publish(people(31, 4)) == [IDS(31), IDS(4)]


def test_publishers_come_and_go_in_the_executor_only(bodies: Bodies) -> None:
    before = bodies.topics()
    other = Thread(target=bodies.publishers.publish, args=(people(4, 31), HEADER))
    other.start()
    other.join(10)
    assert not other.is_alive()
    assert bodies.topics() == before
    bodies.ros.until(lambda: bodies.topics() > before)
    assert bodies.faults == {}


def test_nobody_is_left_behind(bodies: Bodies) -> None:
    before = len(list(bodies.node.publishers))
    for track_id in range(0, 60, 3):
        for _ in range(2):
            bodies.publish(people(track_id, track_id + 1, track_id + 2))
            assert len(list(bodies.node.publishers)) == before + 6
    bodies.publishers.clear()
    bodies.ros.until(lambda: bodies.tracked[-1].ids == [])
    assert bodies.topics() == {'tracked'}
    assert bodies.faults == {}


def test_the_last_word_is_an_empty_list(bodies: Bodies) -> None:
    bodies.publish(people(70, 71))
    bodies.publishers.destroy()
    assert bodies.topics() == set()
    bodies.ros.until(lambda: bodies.tracked[-1].ids == [])
    assert bodies.tracked[-1].header == HEADER


def test_a_camera_that_stops_leaves_an_empty_list(bodies: Bodies) -> None:
    bodies.publish(people(4))
    bodies.ros.spin(1.2)
    assert bodies.tracked[-1].ids == [IDS(4)]
    bodies.publishers.timeout_s = 0.1
    bodies.ros.until(lambda: bodies.tracked[-1].ids == [])
    bodies.ros.until(lambda: bodies.topics() == {'tracked'})
    count = len(bodies.tracked)
    bodies.ros.spin(1.2)
    assert len(bodies.tracked) == count  # said once


def test_who_is_not_tracked_has_no_topics(bodies: Bodies) -> None:
    result = replace(people(4, 31), track_ids=np.array((-1, 31), np.int32))
    assert bodies.publish(result) == [IDS(31)]
    rois = bodies.collect('NormalizedRegionOfInterest2D', f'{IDS(31)}/roi')
    bodies.publish(result)
    bodies.ros.until(lambda: rois)
    assert rois[0].xmin == regions(result)[1, 0]


def test_a_second_node_is_silent_until_the_first_one_ends(
    ros: World, hri_msgs: ModuleType, bodies: Bodies
) -> None:
    bodies.publish(people(4))
    second = Bodies(ros, hri_msgs, 'Z')
    assert second.is_silent
    assert second.topics() == set()
    assert f'/a publishes {TRACKED}' in second.conditions['hri']
    assert 'hri to false' in second.conditions['hri']
    second.publishers.publish(people(9), HEADER)
    ros.spin(1.2)
    assert second.topics() == set()
    assert bodies.conditions == {}
    bodies.publishers.destroy()
    ros.until(lambda: not second.is_silent)
    assert second.conditions == {}
    second.publishers.publish(people(9), HEADER)
    ros.until(lambda: bodies.tracked[-1].ids == [IDS(9)])


def test_of_two_that_began_together_the_first_by_name_goes_on(
    ros: World, hri_msgs: ModuleType, bodies: Bodies
) -> None:
    """The other one is made up: a publisher that was there before ours knew."""
    other = ros.add(Node('b'))
    later = other.create_publisher(hri_msgs.IdsList, TRACKED, 1)
    ros.until(lambda: bodies.conditions)
    assert 'two lists take turns' in bodies.conditions['hri']
    assert not bodies.is_silent
    other.destroy_publisher(later)
    ros.until(lambda: not bodies.conditions)

    first = ros.add(Node('A'))
    publisher = first.create_publisher(hri_msgs.IdsList, TRACKED, 1)
    bodies.publish(people(4))
    ros.until(lambda: bodies.is_silent)
    ros.until(lambda: bodies.tracked[-1].ids == [])
    assert bodies.topics() == set()
    first.destroy_publisher(publisher)
    ros.until(lambda: not bodies.is_silent)
