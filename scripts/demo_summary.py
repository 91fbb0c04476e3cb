# SPDX-License-Identifier: Apache-2.0
"""Writes a short table of figures from what was recorded."""

from __future__ import annotations

from collections.abc import Mapping

from demo_recorder import Recorded
import numpy as np

__all__ = ['summary']


def summary(
    source: str,
    model: str,
    frames: Mapping[int, Recorded],
    diagnostics: Mapping[str, str],
) -> str:
    """
    Return the table, one figure a line.

    :param source: what was filmed, in words
    :param model: of the pose node
    :param frames: by header stamps in nanoseconds, at least one with poses
    :param diagnostics: of the pose node
    """
    done = {stamp_ns: frame for stamp_ns, frame in frames.items() if frame.poses}
    people = np.array([len(frame.poses.poses) for frame in done.values() if frame.poses])
    latencies_ms = [frame.latency_ms for frame in done.values()]
    span_s = 1e-9 * (max(done) - min(done))
    rate = f'{(len(done) - 1) / span_s:.1f} Hz' if span_s > 0 else 'unknown'
    size = next(
        f'{frame.poses.image_width}x{frame.poses.image_height}'
        for frame in done.values()
        if frame.poses
    )
    median_ms, p99_ms = np.percentile(latencies_ms, [50, 99])
    rows = {
        'source': f'{source}, {size}',
        'model': model,
        'frames in': f'{len(frames)}',
        'frames out': f'{len(done)}',
        'people': f'{people.max()} at most, {people.mean():.2f} on average',
        'rate': rate,
        'latency': f'{median_ms:.1f} ms median, {p99_ms:.1f} ms p99 (image taken to poses here)',
    }
    if inference_ms := diagnostics.get('inference median (ms)'):
        rows['inference'] = f'{inference_ms} ms median (part of the latency)'
    return '\n'.join(f'{name:<12}{value}' for name, value in rows.items())
