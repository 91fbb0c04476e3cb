# SPDX-License-Identifier: Apache-2.0
"""What one measurement of a node says, beside MediaPipe alone, as one row of the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ['Bare', 'Part', 'Row', 'Scene', 'Times', 'middle', 'summarize']

NAN = float('nan')


@dataclass(frozen=True)
class Scene:
    """
    What is measured.

    :param node: ours, or the topic of another one
    :param everything: whether mask, markers and overlay have subscribers beside the landmarks
    """

    node: str
    model: str
    width: int
    height: int
    people: int = 1
    masks: bool = False
    everything: bool = False


@dataclass(frozen=True)
class Bare:
    """
    MediaPipe alone on the same frames, at the same rate or, for saturated rows, at its own.

    :param inference_ms: median
    :param rate_hz: frames a second
    :param cpu_ms: a frame
    """

    inference_ms: float
    rate_hz: float
    cpu_ms: float
    rss_mb: float
    pss_mb: float

    @classmethod
    def of(cls, slices: Sequence[Mapping[str, Any]], rss_mb: float, pss_mb: float) -> Bare:
        """Return what several runs of the process say together."""
        frames = [time for each in slices for time in each['inference_ms']]
        return cls(
            median(frames),
            len(frames) / sum(each['wall_s'] for each in slices),
            1e3 * sum(each['cpu_s'] for each in slices) / len(frames),
            rss_mb - slices[0]['frames_mb'],
            pss_mb - slices[0]['frames_mb'],
        )


@dataclass(frozen=True)
class Times:
    """
    Of one frame in nanoseconds of the system's clock; what comes from a peer lacks the middle.

    :param stamp_ns: the header's: when the camera took it
    :param seen_ns: by the node
    :param inference_ns: how long MediaPipe took, with the conversion of its result
    :param arrived_ns: the result at the subscriber
    """

    stamp_ns: int
    arrived_ns: int
    seen_ns: int = 0
    inference_ns: int = 0


@dataclass(frozen=True)
class Row:
    """
    One line of the table; times in milliseconds, memory in 10^6 bytes.

    :param camera_hz: the camera's rate
    :param saturated: whether that is more than the node can do
    :param sent: frames published by the camera
    :param processed: frames in which MediaPipe looked for people (a peer: results)
    :param delivered: results at the subscriber
    :param rate_hz: of the results at the subscriber
    :param latency_ms: header stamp to the subscriber's callback: median, and percentiles
    :param arrival_ms: header stamp to the node's callback, median
    :param inference_ms: in the node, median
    :param beyond_ms: median over the frames of latency without the inference inside it
    :param cpu_ms: user and system time of the node's process a frame
    :param mask_ms: header stamp to the mask at the subscriber, median; NaN without subscriber, and
        so on for the other outputs
    :param latency_course_ms: medians of successive parts of the measurement
    :param rss_course_mb: memory after each of them
    """

    scene: Scene
    camera_hz: float
    saturated: bool
    sent: int
    processed: int
    delivered: int
    rate_hz: float
    latency_ms: float
    latency_p95_ms: float
    latency_p99_ms: float
    arrival_ms: float
    inference_ms: float
    beyond_ms: float
    cpu_ms: float
    rss_mb: float
    pss_mb: float
    bare: Bare
    mask_ms: float
    markers_ms: float
    overlay_ms: float
    latency_course_ms: tuple[float, ...]
    rss_course_mb: tuple[float, ...]

    @property
    def dropped(self) -> int:
        """Frames that were sent and not processed."""
        return self.sent - self.processed

    @property
    def throughput(self) -> float:
        """The rate as a share of the bare loop's."""
        return self.rate_hz / self.bare.rate_hz


@dataclass(frozen=True)
class Part:
    """
    Of a measurement.

    :param sent: frames published by the camera
    :param processed: frames in which MediaPipe looked for people; None where that is unknown
    :param frames: those whose results were delivered, in order
    :param outputs_ms: median latency of each other output that had a subscriber
    """

    sent: int
    processed: int | None
    frames: list[Times]
    cpu_s: float
    rss_mb: float
    pss_mb: float
    outputs_ms: Mapping[str, float]


def summarize(
    scene: Scene, camera_hz: float, saturated: bool, parts: Sequence[Part], bare: Bare
) -> Row:
    """Return the row of one measurement."""
    frames = [frame for part in parts for frame in part.frames]
    processed = sum(
        len(part.frames) if part.processed is None else part.processed for part in parts
    )
    latency_ms = _latency_ms(frames)
    inference_ms = np.array([frame.inference_ns / 1e6 for frame in frames])
    arrival_ms = np.array([(frame.seen_ns - frame.stamp_ns) / 1e6 for frame in frames])
    known = parts[0].processed is not None
    time_s = sum(
        (part.frames[-1].arrived_ns - part.frames[0].arrived_ns) / 1e9
        for part in parts
        if part.frames
    )
    return Row(
        scene=scene,
        camera_hz=camera_hz,
        saturated=saturated,
        sent=sum(part.sent for part in parts),
        processed=processed,
        delivered=len(frames),
        rate_hz=(len(frames) - len(parts)) / time_s if time_s else 0.0,
        latency_ms=_percentile(latency_ms, 50),
        latency_p95_ms=_percentile(latency_ms, 95),
        latency_p99_ms=_percentile(latency_ms, 99),
        arrival_ms=_percentile(arrival_ms, 50) if known else NAN,
        inference_ms=_percentile(inference_ms, 50) if known else NAN,
        beyond_ms=_percentile(latency_ms - inference_ms, 50) if known else NAN,
        cpu_ms=1e3 * sum(part.cpu_s for part in parts) / processed if processed else NAN,
        rss_mb=parts[-1].rss_mb,
        pss_mb=parts[-1].pss_mb,
        bare=bare,
        **{
            f'{name}_ms': median([part.outputs_ms.get(name, NAN) for part in parts])
            for name in ('mask', 'markers', 'overlay')
        },
        latency_course_ms=tuple(_percentile(_latency_ms(part.frames), 50) for part in parts),
        rss_course_mb=tuple(part.rss_mb for part in parts),
    )


def middle(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each scene and kind of rate, the median of what targets say of it."""
    found: dict[tuple[Scene, bool], list[Row]] = {}
    for row in rows:
        found.setdefault((row.scene, row.saturated), []).append(row)
    return [
        sorted(each, key=lambda row: row.throughput if row.saturated else row.beyond_ms)[
            len(each) // 2
        ]
        for each in found.values()
    ]


def _latency_ms(frames: Sequence[Times]) -> NDArray[np.float64]:
    return np.array([(frame.arrived_ns - frame.stamp_ns) / 1e6 for frame in frames])


def _percentile(values: NDArray[np.float64], percent: float) -> float:
    return float(np.percentile(values, percent)) if len(values) else NAN
