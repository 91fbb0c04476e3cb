# SPDX-License-Identifier: Apache-2.0
"""A room imports only rooms below it, and only some rooms know ROS or MediaPipe."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / 'pose_ros'
EXECUTABLES = ''  # the modules beside the rooms

# Each room, and the rooms that it may import. Everybody may import the messages.
PARTS = {'poses', 'models', 'rclpy_tools', 'images', 'detection', 'following', 'outputs'}
BELOW = {
    'poses': set(),
    'models': set(),
    'rclpy_tools': set(),
    'images': {'poses'},
    'detection': {'poses', 'images', 'models'},
    'following': {'poses', 'images'},
    'outputs': PARTS - {'outputs'},
    'stream': PARTS,
    'node': {*PARTS, 'stream'},
    'exports': {'poses', 'images', 'following', 'outputs', 'stream'},
    'bags': {*PARTS, 'stream', 'exports'} - {'rclpy_tools'},
    'reading': {'poses', 'bags'},
    'demo': {'images', 'rclpy_tools'},
    'page': {'poses', 'images', 'rclpy_tools', 'outputs', 'stream'},
    EXECUTABLES: {'models', 'rclpy_tools', 'node', 'demo', 'page', 'bags', 'reading'},
}
GENERATED = {'msg', 'srv'}
KNOW_RCLPY = {'rclpy_tools', 'stream', 'bags', 'reading', 'node', 'demo', 'page', EXECUTABLES}
KNOW_ROS_MESSAGES = KNOW_RCLPY | {'images', 'following', 'outputs', 'exports'}
KNOW_MEDIAPIPE = {'detection'}

LINES_OF_A_FILE = 250
LINES_OF_A_FUNCTION = 40

FILES = sorted(PACKAGE.rglob('*.py'))
PARSED = {path: ast.parse(path.read_text()) for path in FILES}

Defined = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | Defined


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parent.as_posix().replace('.', EXECUTABLES)


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(PARSED[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{name(path)}: wanted absolute imports'
            yield str(node.module)


def rooms_imported(path: Path) -> set[str]:
    return {
        EXECUTABLES if len(parts) == 2 and parts[1] not in BELOW else parts[1]
        for parts in (module.split('.') for module in imported(path))
        if parts[0] == 'pose_ros' and parts[1] not in GENERATED
    }


def libraries(path: Path) -> set[str]:
    return {module.split('.')[0] for module in imported(path)}


def test_every_folder_is_a_known_room_with_a_word_on_what_it_is() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {'__pycache__'}
    assert folders - GENERATED == set(BELOW) - {EXECUTABLES}
    assert not [each for each in FILES if not ast.get_docstring(PARSED[each])]


def test_there_are_few_executables() -> None:
    assert (
        len([path for path in FILES if room(path) == EXECUTABLES]) <= 7
    )  # with __init__ and read


def test_the_rooms_lie_above_one_another() -> None:
    order: list[str] = []
    while left := set(BELOW) - set(order):
        free = {each for each in left if BELOW[each] <= set(order)}
        assert free, f'these import one another: {left}'
        order += free


@pytest.mark.parametrize('path', FILES, ids=name)
def test_imports_only_rooms_below(path: Path) -> None:
    assert rooms_imported(path) - {room(path)} <= BELOW[room(path)]


@pytest.mark.parametrize('path', FILES, ids=name)
def test_ros_and_mediapipe_only_where_they_belong(path: Path) -> None:
    found = libraries(path)
    if room(path) not in KNOW_RCLPY:
        assert 'rclpy' not in found
    if room(path) not in KNOW_ROS_MESSAGES:
        assert not {each for each in found if each.endswith(('_msgs', '_interfaces'))}
    if room(path) not in KNOW_MEDIAPIPE:
        assert 'mediapipe' not in found


def test_the_package_imports_nothing() -> None:
    """Importing pose_ros.msg must not import MediaPipe."""
    assert not [each for each in FILES if each.name == '__init__.py' if list(imported(each))]


@pytest.mark.parametrize('path', FILES, ids=name)
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES_OF_A_FILE
    functions = [
        node
        for node in ast.walk(PARSED[path])
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert {
        node.name: lines
        for node in functions
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > LINES_OF_A_FUNCTION
    } == {}


@pytest.mark.parametrize('path', FILES, ids=name)
def test_everything_public_says_what_it_is(path: Path) -> None:
    def public(node: Documented) -> Iterator[Documented]:
        yield node
        for child in node.body:
            if isinstance(child, Defined) and not child.name.startswith('_'):
                yield from public(child) if isinstance(child, ast.ClassDef) else [child]

    assert not [node for node in public(PARSED[path]) if not ast.get_docstring(node)]
