# SPDX-License-Identifier: Apache-2.0
"""Finds the definitions of messages, and hashes them, so that a bag explains itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
import sys
from typing import Any

from ament_index_python.packages import get_package_share_directory
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from pose_ros.bags import foxglove_types

__all__ = ['Definition', 'definition_of', 'installed_definition', 'typestore_of']

SEPARATOR = '=' * 80 + '\n'
IDL_START = f'{SEPARATOR}IDL: '
HEADER, TIME = 'std_msgs/msg/Header', 'builtin_interfaces/msg/Time'
# Of packages that need not be installed.
DEFINITIONS = {
    **foxglove_types.DEFINITIONS,
    'tf2_msgs/msg/TFMessage': 'geometry_msgs/TransformStamped[] transforms\n',
}
UNKNOWN_HASH = f'RIHS01_{"0" * 64}'


@dataclass(frozen=True)
class Definition:
    """
    What a bag says of a message type.

    :param text: the definition, and behind it those of all types in it
    :param type_hash: RIHS01, as REP 2016 has it
    """

    text: str
    type_hash: str


@cache
def typestore_of(message_type: str, text: str) -> Typestore:
    """
    Return a store of the types in a definition, as ROS 2 has them.

    :raises rosbags.typesys.TypesysError: when it is no definition
    """
    store = get_typestore(Stores.EMPTY)
    if text.startswith(IDL_START):
        for part in text.split(SEPARATOR)[1:]:
            store.register(get_types_from_idl(part.split('\n', 1)[1]))
        return store
    types = get_types_from_msg(text, message_type)
    if HEADER in types:  # that of ROS 1 has a number more, which rosbags leaves out by itself
        newest = get_typestore(Stores.LATEST)
        types |= {name: newest.fielddefs[name] for name in (HEADER, TIME)}
    store.register(types)
    return store


@cache
def installed_definition(message_type: str) -> Definition | None:
    """Return the definition of a type, of the package that is installed; None when none is."""
    try:
        texts = dict(_texts(message_type))
    except (OSError, ValueError):
        return None
    main = texts.pop(message_type)
    parts = [f'{SEPARATOR}MSG: {name.replace("/msg/", "/")}\n{texts[name]}' for name in texts]
    return _hashed(message_type, ''.join([main, *parts]))


def definition_of(message_type: str, text: str, is_ros1: bool = False) -> Definition | None:
    """
    Return the definition of a type of a recording.

    :param text: its definition there; '' when it has none, then that of the installed package
        counts, then that of a ROS 2 distribution
    :param is_ros1: the definition is one of ROS 1, whose headers have a number more and whose
        field names may differ; that of the installed package counts where there is one
    :returns: None when nobody knows the type
    """
    if is_ros1 or not text:
        known = installed_definition(message_type)
        if known is not None:
            return known
    if not text or is_ros1:
        store = typestore_of(message_type, text) if text else get_typestore(Stores.LATEST)
        if message_type not in store.fielddefs:
            return None
        text = store.generate_msgdef(message_type, ros_version=2)[0]
    return _hashed(message_type, text)


def _hashed(message_type: str, text: str) -> Definition:
    try:
        return Definition(text, typestore_of(message_type, text).hash_rihs01(message_type))
    except Exception:  # a definition that only its own middleware understands goes on as it is
        return Definition(text, UNKNOWN_HASH)


def _texts(message_type: str) -> Iterator[tuple[str, str]]:
    """Yield a type and all types in it, each once, with the text of its .msg file."""
    seen, waiting = set(), [message_type]
    while waiting:
        name = waiting.pop(0)
        if name in seen:
            continue
        seen.add(name)
        package, kind, short = name.split('/')
        text = _text(name, _share_directory(package) / kind / f'{short}.msg')
        yield name, text
        _, fields = get_types_from_msg(text, name)[name]
        waiting += [inner for _, description in fields for inner in _named(description)]


def _text(message_type: str, path: Path) -> str:
    if message_type in DEFINITIONS and not path.exists():
        return DEFINITIONS[message_type]
    return path.read_text()


def _share_directory(package: str) -> Path:
    try:
        return Path(get_package_share_directory(package))
    except (
        LookupError,
        OSError,
    ):  # ROS 2 from PyPI, paths not set
        return Path(sys.prefix, 'share', package)


def _named(description: Any) -> Iterator[str]:
    kind, content = description
    if kind == Nodetype.NAME:
        yield content
    elif kind in (Nodetype.ARRAY, Nodetype.SEQUENCE):
        yield from _named(content[0])
