# SPDX-License-Identifier: Apache-2.0
"""Begins the life of a node: it brings itself to active, or says who must do so."""

from __future__ import annotations

from rclpy.clock import Clock
from rclpy.lifecycle import LifecycleNode

from pose_ros.rclpy_tools.lifecycle import bring_to_active, commands_to_active

__all__ = ['start', 'waiting']


def waiting(node: LifecycleNode) -> str:
    """Return what a node waits for that nobody has configured, with the commands to do it."""
    return (
        'waiting to be configured and activated, by a lifecycle manager or with: '
        f'{commands_to_active(node.get_fully_qualified_name())}'
    )


def start(node: LifecycleNode, steady_clock: Clock, is_automatic: bool) -> None:
    """
    Bring a node to active as soon as it is spun, or log how that is done.

    :param steady_clock: for the timer
    :param is_automatic: the node's parameter `autostart`
    """
    if not is_automatic:
        node.get_logger().info(f'{waiting(node)} (autostart is false)')
        return

    def bring() -> None:
        node.destroy_timer(timer)
        if failed := bring_to_active(node):
            node.get_logger().error(
                f'autostart stopped: {failed} failed. When the cause is repaired: '
                f'{commands_to_active(node.get_fully_qualified_name())}'
            )

    timer = node.create_timer(0.0, bring, clock=steady_clock)
