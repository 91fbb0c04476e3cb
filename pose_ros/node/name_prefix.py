# SPDX-License-Identifier: Apache-2.0
"""Makes the prefix that tells apart what several nodes publish under the same name."""

from __future__ import annotations

from rclpy.node import Node

__all__ = ['DEFAULT_NODE_NAME', 'namespace_prefix', 'node_prefix']

DEFAULT_NODE_NAME = 'pose'


def namespace_prefix(node: Node) -> str:
    """Return the node's namespace and a slash; nothing when it has no namespace."""
    return f'{node.get_namespace()}/'.lstrip('/')


def node_prefix(node: Node) -> str:
    """Return the same, then the node's name and a slash when it is not the usual one."""
    name = node.get_name()
    return namespace_prefix(node) + ('' if name == DEFAULT_NODE_NAME else f'{name}/')
