"""Imports point one way: from the node towards the data, never back."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / 'pose_ros'
MODULES = sorted(path.stem for path in PACKAGE.glob('*.py') if path.stem != '__init__')

# What may know a ROS node, logger or clock. Nothing else may import it.
GLUE = {'camera', 'camera_inputs', 'declaration', 'demo_camera', 'image_input', 'lifecycle',
        'main', 'node', 'outputs', 'parameters', 'reporter', 'threaded_subscription',
        'world_outputs'}

# What knows nothing of ROS, not even its messages, also through what it imports.
NO_ROS = {'allocator', 'bundle', 'clock', 'counters', 'download', 'geometry', 'landmarker',
          'library_calls', 'models', 'moved_photo', 'quiet', 'result', 'same_thread', 'searching',
          'skeleton', 'tracking', 'video_source'}
ROS = {'ament_index_python', 'builtin_interfaces', 'cv_bridge', 'pose_ros.msg', 'pose_ros.srv',
       'rcl_interfaces', 'rclpy'}

NODE_LINES = 250


def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f'{module}.py').read_text())


def names(node: ast.AST) -> Iterator[str]:
    """Yield what one statement imports; what is ours begins with pose_ros."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield str(node.module)
    elif isinstance(node, ast.ImportFrom):
        yield from (f'pose_ros.{node.module or alias.name}' for alias in node.names)


def imports(module: str) -> set[str]:
    return {name for node in ast.walk(tree(module)) for name in names(node)}


def ours(module: str) -> set[str]:
    return {name.removeprefix('pose_ros.') for name in imports(module)} & set(MODULES)


def others(module: str) -> set[str]:
    return {name if name.startswith('pose_ros.') else name.split('.')[0]
            for name in imports(module)}


def reach(module: str) -> set[str]:
    """Return the module and all of ours that importing it imports."""
    found, new = {module}, {module}
    while new:
        new = {name for each in new for name in ours(each)} - found
        found |= new
    return found


def test_the_imports_are_seen() -> None:
    assert {'main', 'node', 'frame', 'landmarker', 'result'} <= set(MODULES)
    assert {'landmarker', 'frame', 'result'} <= reach('main')
    assert {'rclpy', 'sensor_msgs'} <= others('node')
    assert 'pose_ros.msg' in others('messages')


def test_no_cycles() -> None:
    TopologicalSorter({module: ours(module) for module in MODULES}).prepare()


def test_the_lists_above_name_modules_that_exist() -> None:
    assert set(MODULES) >= GLUE | NO_ROS


@pytest.mark.parametrize('module', sorted(NO_ROS))
def test_data_and_the_landmarker_know_nothing_of_ros(module: str) -> None:
    for each in reach(module):
        known = others(each)
        assert not known & ROS, f'{module} reaches {each}'
        assert not [name for name in known if name.endswith('_msgs')], f'{module} reaches {each}'


@pytest.mark.parametrize('module', sorted(set(MODULES) - GLUE))
def test_converters_take_messages_and_never_a_node(module: str) -> None:
    assert 'rclpy' not in others(module)
    assert not ours(module) & GLUE


def test_only_the_landmarker_runs_mediapipe() -> None:
    """And bundle.py, where it assembles a model, uses the classes of its metadata."""
    assert {m for m in MODULES if 'mediapipe' in others(m)} == {
        'landmarker', 'library_calls', 'bundle'}
    assert {name for name in imports('bundle') if name.startswith('mediapipe')} == {
        'mediapipe.tasks.metadata'}
    at_once = {name for node in tree('bundle').body for name in names(node)}
    assert not [name for name in at_once if name.startswith('mediapipe')]


@pytest.mark.parametrize(('module', 'importers'), [
    ('node', {'main'}), ('main', set()), ('camera', {'demo_camera'}), ('demo_camera', set())])
def test_nobody_imports_a_node_but_its_process(module: str, importers: set[str]) -> None:
    assert {each for each in MODULES if module in ours(each)} == importers


def test_the_package_itself_is_a_docstring() -> None:
    """Importing pose_ros.msg must not import MediaPipe."""
    body = tree('__init__').body
    assert len(body) == 1
    assert ast.get_docstring(tree('__init__'))


def test_the_node_stays_small() -> None:
    assert len((PACKAGE / 'node.py').read_text().splitlines()) < NODE_LINES


@pytest.mark.parametrize('module', MODULES)
def test_everything_public_says_what_it_is(module: str) -> None:
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

    def public(node: ast.AST) -> Iterator[ast.AST]:
        yield node
        for child in getattr(node, 'body', []):
            if isinstance(child, kinds[1:]) and not child.name.startswith('_'):
                yield from public(child) if isinstance(child, ast.ClassDef) else [child]

    assert not [node for node in public(tree(module)) if not ast.get_docstring(node)]
