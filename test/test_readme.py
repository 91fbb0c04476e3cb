# SPDX-License-Identifier: Apache-2.0
"""What README.md and docs/ say about the source, held against the source."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
import re
import runpy
from typing import Any

import pytest
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.node import Node

from pose_ros.node.node import PoseNode
from pose_ros.outputs.hri import BODIES
from pose_ros.outputs.tf_frames import TF_TOPIC
from simulation.ros_world import World, parameters

ROOT = Path(__file__).parent.parent
README = (ROOT / 'README.md').read_text()
DOCUMENTS = [
    ROOT / 'README.md',
    ROOT / 'CONTRIBUTING.md',
    ROOT / 'models/README.md',
    *sorted((ROOT / 'docs').glob('*.md')),
]
FOLDERS = [ROOT, ROOT / 'pose_ros']  # below which documents name files
REFERENCE = runpy.run_path(str(ROOT / 'scripts/reference.py'))

# What is subscribed to depends on parameters; each combination adds its topics.
SETTINGS: list[dict[str, Any]] = [{}, {'image_transport': 'compressed'}]
if find_spec('tf2_msgs'):
    SETTINGS.append({'publish_tf': True, 'view_frame': 'view'})
if find_spec('vision_msgs'):
    SETTINGS.append({'search': 'regions'})
if find_spec('tf2_msgs') and find_spec('hri_msgs'):
    SETTINGS.append({'hri': True})


def rows(heading: str, text: str = README) -> list[list[str]]:
    """Return the cells of the tables below a heading, without the first two lines of each."""
    section = re.split(rf'^#+ {heading}$', text, flags=re.MULTILINE)[1]
    section = re.split(r'^#', section, flags=re.MULTILINE)[0]
    return [
        [cell.strip().strip('`') for cell in line.strip('|').split('|')]
        for table in re.findall(r'(?:^\|.*\|\n)+', section, re.MULTILINE)
        for line in table.splitlines()[2:]
    ]


@pytest.mark.parametrize('path', REFERENCE['documents'](), ids=lambda path: path.name)
def test_what_is_generated_is_up_to_date(path: Path) -> None:
    wanted = REFERENCE['documents']()[path]
    assert path.read_text() == wanted, f'{path.name} is out of date; to repair it: make reference'


def test_every_generated_table_has_its_place() -> None:
    text = ''.join(path.read_text() for path in REFERENCE['documents']())
    assert sorted(re.findall(r'<!-- table: (\S+) -->', text)) == sorted(REFERENCE['tables']())


Ends = Callable[[Node], dict[str, type]]


def subscribed(node: Node) -> dict[str, type]:
    return {each.topic_name: each.msg_type for each in node.subscriptions}


def published(node: Node) -> dict[str, type]:
    return {each.topic_name: each.msg_type for each in node.publishers}


def served(node: Node) -> dict[str, type]:
    return {node.resolve_service_name(each.srv_name): each.srv_type for each in node.services}


def endpoints(ros: World, ends: Ends) -> dict[str, str]:
    """Return names and types of the active node, without what every lifecycle node has."""
    bare = ros.add(LifecycleNode('bare'))
    standard = {name.replace('/bare/', '/pose/') for name in ends(bare)}
    found: dict[str, type] = {}
    for values in SETTINGS:
        node = PoseNode(parameter_overrides=parameters(**values))
        try:
            assert node.trigger_configure() is TransitionCallbackReturn.SUCCESS
            assert node.trigger_activate() is TransitionCallbackReturn.SUCCESS
            found |= ends(node)
        finally:
            node.destroy_node()
    return {
        name: '/'.join([*kind.__module__.split('.')[:2], kind.__name__])
        for name, kind in found.items()
        if name not in standard
    }


@pytest.mark.parametrize(
    ('heading', 'ends', 'prefix'),
    [('Inputs', subscribed, '/'), ('Outputs', published, ''), ('Services', served, '')],
    ids=['inputs', 'outputs', 'services'],
)
def test_the_tables_of_topics_and_services_are_the_nodes_own(
    ros: World, models: dict[str, Path], heading: str, ends: Ends, prefix: str
) -> None:
    assert models['full']
    written = {
        prefix + name.replace('~/', '/pose/'): kind
        for name, kind, _ in rows(heading)
        if '/ID/' not in name and find_spec(kind.split('/')[0])
    }
    assert written == endpoints(ros, ends)


def test_the_topics_of_packages_that_may_be_absent_are_named() -> None:
    bodies = {name for name, _, _ in rows('Outputs') if name.startswith(BODIES)}
    assert bodies == {f'{BODIES}/{each}' for each in ('tracked', 'ID/roi', 'ID/skeleton2d')}
    assert TF_TOPIC in {name for name, _, _ in rows('Outputs')}


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / 'docs/architecture.md').read_text()
    rooms = {path.name for path in (ROOT / 'pose_ros').iterdir() if path.is_dir()}
    named = [row[0].rstrip('/') for row in rows('Rooms', text)]
    assert len(named) == len(set(named))
    assert set(named) == rooms - {'__pycache__'}


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    text = document.read_text()
    for target in re.findall(r'\]\(([^)\s]+)\)', text):
        path, _, anchor = target.partition('#')
        if '://' in target:
            continue
        there = document.parent / path if path else document
        assert there.exists(), target
        if anchor:
            headings = re.findall(r'^#+ (.*)$', there.read_text(), re.MULTILINE)
            slugs = [re.sub(r'[^\w -]', '', each).lower().replace(' ', '-') for each in headings]
            assert anchor in slugs, target


@pytest.mark.parametrize('document', DOCUMENTS, ids=lambda path: path.name)
def test_the_files_of_the_source_that_are_named_exist(document: Path) -> None:
    named = re.findall(r'`((?:\w+/)+\w+\.(?:py|sh|xml|yaml))`', document.read_text())
    assert not [name for name in named if not any((each / name).is_file() for each in FOLDERS)]


def test_interfaces_are_shown_with_the_comments_of_what_is_in_them() -> None:
    commands = [
        command
        for document in DOCUMENTS
        for command in re.findall('ros2 interface show.*', document.read_text())
    ]
    assert commands
    assert not [command for command in commands if '--all-comments' not in command]


def test_make_has_the_targets_that_are_named() -> None:
    targets = set(re.findall(r'^([\w-]+):', (ROOT / 'Makefile').read_text(), re.MULTILINE))
    named = {
        word
        for document in DOCUMENTS
        for word in re.findall(
            r'(?:^    |`)make (?:[A-Z_]+=\S+ )*([a-z][\w-]*)', document.read_text(), re.MULTILINE
        )
    }
    assert {'demo', 'test', 'setup', 'lint'} <= named <= targets


def test_the_continuous_integration_installs_the_packages_of_the_readme() -> None:
    line = re.search(r'^ *sudo apt-get install (.*)$', README, re.MULTILINE)[1]
    assert {'cmake', 'g++', 'libgl1', 'python3-venv'} <= set(line.split())
    assert "s/^ *sudo apt-get install //p' README.md" in (ROOT / '.ci/run').read_text()
