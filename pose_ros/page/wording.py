# SPDX-License-Identifier: Apache-2.0
"""Says in words what a node does, and why no picture is seen."""

from __future__ import annotations

from pose_ros.page.source import Source, Words

__all__ = ['NOBODY', 'explanation', 'figures']

NOBODY = (
    'No pose node is running here. Start one:\n'
    'ros2 launch pose_ros pose.launch.xml image:=/camera/image_raw'
)


def explanation(name: str, source: Source | None, words: Words | None) -> str:
    """Return what stands where a picture is missing."""
    if not name:
        return NOBODY
    if source is None:
        return f'{name} is gone. The page goes on when it comes back.'
    if words and words.level:
        return words.message
    if words and words.message == 'inactive':
        return f'{name} is inactive: switch it on above.'
    if not source.inputs.image:
        return f'{name} does not say which images it takes: it is not active.'
    return f'Waiting for a picture on {source.inputs.image} ...'


def figures(words: Words | None) -> str:
    """Return the line below the picture; how many people there are is seen in it, and sooner."""
    if words is None:
        return ''
    if words.level:
        return words.message
    values = words.values
    rate, latency = values.get('rate out (Hz)', '?'), values.get('latency median (ms)', '?')
    return f'{rate} Hz   {latency} ms'
