# SPDX-License-Identifier: Apache-2.0
"""Waits until subscribers have the last message of a publisher that is about to be destroyed."""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.publisher import Publisher

__all__ = ['wait_until_heard']

TIMEOUT_S = 0.2  # a subscriber whose process was killed never answers


def wait_until_heard(publisher: Publisher) -> None:
    """Wait, not longer than TIMEOUT_S: a destroyed publisher sends nothing again that was lost."""
    if publisher.get_subscription_count():
        publisher.wait_for_all_acked(Duration(seconds=TIMEOUT_S))
