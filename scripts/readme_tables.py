# SPDX-License-Identifier: Apache-2.0
"""
The nodes' parameters and the launch files' arguments in, README.md's tables of them out.

python scripts/readme_tables.py rewrites the tables; a test holds that they are up to date.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any
from xml.etree import ElementTree

import rclpy
from rclpy.node import Node

from pose_ros.demo.camera_node import DemoCamera
from pose_ros.node.node import PoseNode

ROOT = Path(__file__).resolve().parent.parent
TABLE = re.compile(r'(<!-- table: (\S+) -->\n\n).*?(<!-- end of table -->)', re.DOTALL)


def parameter_table(node: Node, bare: Node) -> str:
    """
    Return the table of a node's own parameters, as the node itself describes them.

    :param bare: a node without parameters of its own
    """
    names = [
        name
        for name in node.list_parameters([], 0).names
        if not bare.has_parameter(name) and not name.startswith('qos_overrides.')
    ]
    return _table(
        ['Parameter', 'Default', 'Range', 'Meaning'],
        (_parameter_row(node, name) for name in names),
    )


def _parameter_row(node: Node, name: str) -> list[str]:
    descriptor = node.describe_parameter(name)
    ranges = [*descriptor.integer_range, *descriptor.floating_point_range]
    wanted = descriptor.additional_constraints.removeprefix('One of ').removesuffix('.')
    if ranges:
        wanted = f'{ranges[0].from_value:g} to {ranges[0].to_value:g}'
    text = descriptor.description + (' Read-only.' if descriptor.read_only else '')
    return [_code(name), _code(_yaml(node.get_parameter(name).value)), wanted, text]


def argument_table(launch_file: Path) -> str:
    """Return the table of a launch file's arguments."""
    return _table(
        ['Argument', 'Default', 'Meaning'],
        ([_code(name), _code(default), text] for name, default, text in arguments(launch_file)),
    )


def arguments(launch_file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield name, default and description of a launch file's arguments, XML or Python."""
    if launch_file.suffix == '.xml':
        for each in ElementTree.parse(launch_file).getroot().iter('arg'):
            if each.get('description'):  # not what is handed to an included file
                yield each.attrib['name'], each.get('default', ''), each.attrib['description']
        return
    for node in ast.walk(ast.parse(launch_file.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'DeclareLaunchArgument':
            given = {each.arg: ast.literal_eval(each.value) for each in node.keywords}
            yield ast.literal_eval(node.args[0]), given['default_value'], given['description']


def _table(heading: list[str], rows: Iterator[list[str]]) -> str:
    lines = [heading, ['---'] * len(heading), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _code(text: str) -> str:
    return f'`{text}`' if text else ''


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def tables() -> dict[str, str]:
    """Return all tables by name. rclpy is initialized."""
    bare, pose, camera = Node('bare'), PoseNode(), DemoCamera()
    try:
        launch_files = [*ROOT.glob('launch/*.launch.xml'), *ROOT.glob('launch/*.launch.py')]
        return {
            'parameters': parameter_table(pose, bare),
            'camera_parameters': parameter_table(camera, bare),
            **{path.name: argument_table(path) for path in launch_files},
        }
    finally:
        for node in (bare, pose, camera):
            node.destroy_node()


def main() -> None:
    """Rewrite the tables in README.md."""
    rclpy.init()
    new = tables()
    readme = ROOT / 'README.md'
    readme.write_text(
        TABLE.sub(lambda found: f'{found[1]}{new[found[2]]}\n\n{found[3]}', readme.read_text())
    )
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
