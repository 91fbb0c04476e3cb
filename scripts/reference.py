# SPDX-License-Identifier: Apache-2.0
"""
Writes config/pose.yaml and the tables of the documents: what is declared, and what was measured.

`make reference` runs it after a parameter, an output or a launch argument was changed, and after
the benchmark; a test holds that nothing is out of date.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import Field, fields
from pathlib import Path
import re
import textwrap
from typing import Any
from xml.etree import ElementTree

import yaml

from benchmark import published
from pose_ros.demo.camera_node import CameraOptions
from pose_ros.page.options import PageOptions
from pose_ros.stream.outputs import OUTPUTS
from pose_ros.stream.parameters import GROUPS, Parameters

ROOT = Path(__file__).resolve().parent.parent
TABLE = re.compile(r'(<!-- table: (\S+) -->\n\n).*?(<!-- end of table -->)', re.DOTALL)
DOCUMENTS = ('README.md', 'docs/reference.md', 'docs/benchmarks.md', 'docs/search.md')
CONFIG = 'config/pose.yaml'
CONFIG_COLUMNS = 99

CONFIG_HEAD = """\
# All parameters of the pose node: what each means, its range and its default. A parameter that is
# not read-only can be changed while the node runs: ros2 param set /pose num_poses 2
# To start the node with other values, change a copy of this file:
# ros2 launch pose_ros pose.launch.xml params_file:=/path/to/copy.yaml
# `make reference` writes this file from the source.

/**:
  ros__parameters:
"""


def parameter_table(declared: Iterable[Field[Any]]) -> str:
    """Return the table of parameters that are declared as fields of a dataclass."""
    return _table(
        ['Parameter', 'Default', 'Range', 'Meaning'],
        (
            [
                _code(parameter.name),
                _code(_yaml(parameter.default)),
                _range(parameter),
                _escaped(_text(parameter)),
            ]
            for parameter in declared
        ),
    )


def output_table() -> str:
    """Return the table of the topics on which the node publishes what it found."""
    return _table(
        ['Topic', 'Type', 'Meaning'],
        (
            [_code(output.topic), _code(_type_name(output.message_type)), output.meaning]
            for output in OUTPUTS
        ),
    )


def argument_table(launch_file: Path) -> str:
    """Return the table of a launch file's arguments."""
    return _table(
        ['Argument', 'Default', 'Meaning'],
        (
            [_code(name), _code(default), _escaped(text)]
            for name, default, text in arguments(launch_file)
        ),
    )


def arguments(launch_file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield name, default and description of a launch file's arguments, XML or Python."""
    if launch_file.suffix == '.xml':
        for argument in ElementTree.parse(launch_file).getroot().iter('arg'):
            if argument.get('description'):  # not what is handed to an included file
                yield (
                    argument.attrib['name'],
                    argument.get('default', ''),
                    argument.attrib['description'],
                )
        return
    for node in ast.walk(ast.parse(launch_file.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'DeclareLaunchArgument':
            given = {
                str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords
            }
            yield ast.literal_eval(node.args[0]), given['default_value'], given['description']


def tables() -> dict[str, str]:
    """Return all tables by name."""
    launch_files = [*ROOT.glob('launch/*.launch.xml'), *ROOT.glob('launch/*.launch.py')]
    return {
        'outputs': output_table(),
        'camera_parameters': parameter_table(fields(CameraOptions)),
        'page_parameters': parameter_table(fields(PageOptions)),
        **{path.name: argument_table(path) for path in launch_files if any(arguments(path))},
        'performance': published.summary(),
        'targets': published.targets(),
        'steps': published.steps(),
        'two_people_steps': published.two_people_steps(),
        'people_targets': published.people_targets(),
        'people_by_height': published.people_by_height(),
        'room_positions': published.room_positions(),
    }


def config() -> str:
    """Return the node's parameter file: the parameters by group, each with what it means."""
    by_name = {parameter.name: parameter for parameter in fields(Parameters)}
    return CONFIG_HEAD + '\n'.join(
        f'    # ---- {heading} ----\n\n' + '\n'.join(_setting(by_name[name]) for name in names)
        for heading, names in GROUPS.items()
    )


def _setting(parameter: Field[Any]) -> str:
    wanted = _range(parameter)
    if wanted:
        kind = 'One of' if parameter.metadata['choices'] else 'Range'
        wanted = f' {kind} {wanted}.'
    comment = textwrap.fill(
        _text(parameter) + wanted,
        CONFIG_COLUMNS,
        initial_indent='    # ',
        subsequent_indent='    # ',
        break_long_words=False,
        break_on_hyphens=False,
    )
    value = yaml.safe_dump(parameter.default).splitlines()[0]
    return f'{comment}\n    {parameter.name}: {value}\n'


def documents() -> dict[Path, str]:
    """Return the files that are written, as they should be."""
    new = tables()

    def table(found: re.Match[str]) -> str:
        return f'{found[1]}{new[found[2]]}\n\n{found[3]}'

    return {
        ROOT / CONFIG: config(),
        **{ROOT / name: TABLE.sub(table, (ROOT / name).read_text()) for name in DOCUMENTS},
    }


def _text(parameter: Field[Any]) -> str:
    return parameter.metadata['text'] + (' Read-only.' if parameter.metadata['read_only'] else '')


def _range(parameter: Field[Any]) -> str:
    metadata = parameter.metadata
    if metadata['within']:
        return f'{metadata["within"][0]:g} to {metadata["within"][1]:g}'
    return ', '.join(metadata['choices'])


def _type_name(message_type: type) -> str:
    return '/'.join([*message_type.__module__.split('.')[:2], message_type.__name__])


def _table(heading: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heading, ['---'] * len(heading), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _code(text: str) -> str:
    return f'`{text}`' if text else ''


def _escaped(text: str) -> str:
    return text.replace('|', '\\|')


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    """Write what has changed."""
    for path, text in documents().items():
        if path.read_text() != text:
            path.write_text(text)
            print(f'{path.relative_to(ROOT)}: written')


if __name__ == '__main__':
    main()
