# SPDX-License-Identifier: Apache-2.0
"""Skeletons as Foxglove's ImageAnnotations: in pixels, in our colours, in its format."""

import re
from typing import Any

from foxglove_schemas_protobuf.ImageAnnotations_pb2 import ImageAnnotations
from foxglove_schemas_protobuf.PointsAnnotation_pb2 import PointsAnnotation
import numpy as np
import pytest
from std_msgs.msg import Header

from pose_ros.bags import foxglove_types
from pose_ros.bags.bag_outputs import type_name
from pose_ros.bags.cdr import serialize
from pose_ros.bags.definitions import installed_definition, typestore_of
from pose_ros.outputs.annotations import LINE_LIST, POINTS, image_annotations
from pose_ros.outputs.looks import Looks
from pose_ros.poses.poses import Poses
from pose_ros.poses.skeleton import CONNECTIONS, Landmark

SIZE = (640, 480)


def people(count: int) -> Poses:
    chance = np.random.default_rng(3)
    landmarks = chance.uniform(0.1, 0.9, (count, 33, 5)).astype(np.float32)
    landmarks[:, :, 3] = 1.0
    return Poses(landmarks, landmarks, track_ids=np.arange(4, 4 + count, dtype=np.int32))


def test_everything_visible_is_drawn_in_pixels() -> None:
    result = people(1)
    message = image_annotations(foxglove_types, result, Header(), *SIZE, Looks())
    lines = [each for each in message.points if each.type == LINE_LIST]
    dots = [each for each in message.points if each.type == POINTS]
    assert sum(len(each.points) for each in lines) == 2 * len(CONNECTIONS)
    assert sum(len(each.points) for each in dots) == len(Landmark)
    nose = (result.landmarks[0, 0, :2] * SIZE).tolist()
    found = [[each.x, each.y] for group in dots for each in group.points]
    assert min(np.abs(np.subtract(found, nose)).sum(axis=1)) < 1e-3
    assert [each.text for each in message.texts] == ['4']
    colors = {(round(each.outline_color.r, 2), round(each.outline_color.b, 2)) for each in dots}
    assert colors == {(0.9, 0.0), (0.34, 0.91), (0.94, 0.94)}


def test_what_is_hidden_is_not_drawn() -> None:
    result = people(2)
    result.landmarks[0, :, 3] = 0.0
    result.landmarks[1, Landmark.LEFT_WRIST, 0] = np.nan
    message = image_annotations(foxglove_types, result, Header(), *SIZE, Looks())
    assert [each.text for each in message.texts] == ['5']
    dots = [each for each in message.points if each.type == POINTS]
    assert sum(len(each.points) for each in dots) == len(Landmark) - 1
    nobody = image_annotations(foxglove_types, Poses.empty(), Header(), *SIZE, Looks())
    assert not nobody.points


def test_a_person_is_two_kilobytes_and_reads_back() -> None:
    message = image_annotations(foxglove_types, people(1), Header(), *SIZE, Looks())
    kind = type_name(type(message))
    data = serialize(message, kind)
    assert 1500 < len(data) < 3000
    definition = installed_definition(kind)
    assert definition is not None
    read = typestore_of(kind, definition.text).deserialize_cdr(data, kind)
    assert [each.x for each in read.points[0].points] == [
        each.x for each in message.points[0].points
    ]
    assert read.texts[0].text == '4'


def described(message: Any) -> dict[str, list[Any]]:
    """Return the fields of a message of Foxglove's, and of all messages in it, by name."""
    fields = {message.name: list(message.fields)}
    for each in message.fields:
        if each.message_type:
            fields |= described(each.message_type)
    return fields


@pytest.mark.parametrize('name', foxglove_types.DEFINITIONS)
def test_the_definitions_are_those_of_foxglove(name: str) -> None:
    """Its newest schemas have the same fields, in this order, and perhaps more."""
    theirs = [each.name for each in described(ImageAnnotations.DESCRIPTOR)[name.rsplit('/', 1)[1]]]
    text = foxglove_types.DEFINITIONS[name]
    ours = re.findall(r'^[\w/]+(?:\[\])? ([a-z_]+)(?:\s|$)', text, re.MULTILINE)
    assert [each for each in theirs if each in ours] == ours
    for constant, value in re.findall(r'([A-Z_]+)=(\d)', text):
        assert PointsAnnotation.Type.Value(constant) == int(value)
