# SPDX-License-Identifier: Apache-2.0
"""The SROS 2 policy allows what the nodes have, and nothing that they do not have."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rclpy.node import Node

from pose_ros.demo.camera_node import DemoCamera
from pose_ros.node.node import PoseNode
from pose_ros.page.node_client import NodeClient
from pose_ros.page.ros_thread import RosThread
from pose_ros.page.source import Looker
from pose_ros.page.sources import Sources
from simulation.ros_world import World, parameters

POLICY = Path(__file__).parent.parent / 'config/sros2/pose_ros.policy.xml'
# What a node has with some parameters, middleware or distros only.
OPTIONAL = {
    'pose': {
        '/tf',
        '/humans/bodies/*',
        '/clock',
        '/image/compressed',
        '/regions',
    },
    'demo_camera': {'/clock'},
    'pose_page': {
        '/clock',
        '/image/compressed',
        *('/image_raw', '/image_raw/compressed', '/camera_info'),  # with a visitor's camera
    },
}


def allowed(node: str, kind: str, right: str) -> set[str]:
    [profile] = ElementTree.parse(POLICY).getroot().iterfind(f'.//profile[@node="{node}"]')
    names = {
        each.text or ''
        for group in profile.iterfind(f'{kind}s[@{right}="ALLOW"]')
        for each in group.iterfind(kind)
    }
    return {name.replace('~', f'/{node}') if name[0] in '~/' else f'/{name}' for name in names}


def has(node: Any) -> dict[tuple[str, str], set[str]]:
    return {
        ('topic', 'publish'): {each.topic_name for each in node.publishers},
        ('topic', 'subscribe'): {each.topic_name for each in node.subscriptions},
        ('service', 'reply'): {node.resolve_service_name(each.srv_name) for each in node.services},
        ('service', 'request'): {
            node.resolve_service_name(each.srv_name) for each in node.clients
        },
    }


def resolved(names: set[str], node: Any) -> set[str]:
    return {node.resolve_topic_name(name) for name in names}


@pytest.fixture
def pose(ros: World, models: dict[str, Path]) -> Any:
    node = ros.add(PoseNode(parameter_overrides=parameters(model=str(models['lite']))))
    node.trigger_configure()
    node.trigger_activate()
    return node


@pytest.fixture
def demo_camera(ros: World) -> Any:
    return ros.add(DemoCamera(parameter_overrides=parameters(width=64, compressed=True)))


@pytest.fixture
def pose_page(ros: World, pose: Any) -> Iterator[Any]:
    """The page's node, while somebody looks at all that it can show of a pose node."""
    page = RosThread(Node('pose_page'))
    sources = Sources(page, 80)
    client = NodeClient(page, '/pose')
    looker = Looker(lambda _: None, masks=True)
    ros.until(lambda: '/pose' in sources.by_name)
    source = sources.by_name['/pose']
    page.run(lambda: source.add(looker)).result(10)
    wanted = allowed('pose_page', 'topic', 'subscribe') - OPTIONAL['pose_page']
    ros.until(lambda: wanted <= {each.topic_name for each in page.node.subscriptions})
    yield page.node
    page.run(client.close).result(10)
    page.run(sources.close).result(10)
    page.close()


@pytest.mark.parametrize('name', ['pose', 'demo_camera', 'pose_page'])
def test_the_policy_fits_the_node(name: str, request: pytest.FixtureRequest) -> None:
    node = request.getfixturevalue(name)
    # rcl's own: they are no entities of rclpy's node.
    own = {f'/{name}/transition_event', '/rosout', f'/{name}/get_type_description'}
    for (kind, right), names in has(node).items():
        wanted = resolved(names, node)
        given = allowed(name, kind, right)
        needed = {rule for rule in given if any(fnmatchcase(each, rule) for each in wanted)}
        missing = {each for each in wanted if not any(fnmatchcase(each, rule) for rule in given)}
        assert not missing, f'{right} is missing'
        assert not given - needed - OPTIONAL[name] - own, f'{right} is not needed'


def test_nothing_else_is_allowed() -> None:
    rights = {
        (key, value)
        for group in ElementTree.parse(POLICY).getroot().iter()
        for key, value in group.attrib.items()
        if value in {'ALLOW', 'DENY'}
    }
    assert rights == {(each, 'ALLOW') for each in ('publish', 'subscribe', 'reply', 'request')}
