# SPDX-License-Identifier: Apache-2.0
"""Sums up one measurement of a node, and of MediaPipe alone just before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    'OURS',
    'BareLoop',
    'FrameTimes',
    'Measurement',
    'Part',
    'Scene',
    'medians',
    'summarize',
]

OURS = 'pose_ros'
NAN = float('nan')


@dataclass(frozen=True)
class Scene:
    """
    What is measured.

    :param node: OURS, or the topic of another node
    :param people: in view, and looked for
    :param masks: whether segmentation masks are asked for; they are computed for a subscriber
    :param outputs: names of the lazy outputs that have a subscriber beside the landmarks
    """

    node: str
    model: str
    width: int
    height: int
    people: int = 1
    masks: bool = False
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class BareLoop:
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
    def of(cls, slices: Sequence[Mapping[str, Any]], rss_mb: float, pss_mb: float) -> BareLoop:
        """
        Return what several runs of the loop say together.

        :param slices: the answers of the process, one for each run
        """
        frames = [time_ms for run in slices for time_ms in run['inference_ms']]
        return cls(
            median(frames),
            len(frames) / sum(run['wall_s'] for run in slices),
            1e3 * sum(run['cpu_s'] for run in slices) / len(frames),
            rss_mb - slices[0]['frames_mb'],
            pss_mb - slices[0]['frames_mb'],
        )


@dataclass(frozen=True)
class FrameTimes:
    """
    The times of one frame, in nanoseconds of the system's clock.

    A peer's frames have neither `taken_ns` nor `inference_ns`.

    :param stamp_ns: the stamp in the header: when the camera took the image
    :param arrived_ns: when the landmarks arrived at the subscriber
    :param taken_ns: when the node took the image from the topic
    :param inference_ns: how long MediaPipe took, with the conversion of its result
    """

    stamp_ns: int
    arrived_ns: int
    taken_ns: int = 0
    inference_ns: int = 0


@dataclass(frozen=True)
class Measurement:
    """
    One measurement, a row of the table; times in milliseconds, memory in 10^6 bytes.

    :param camera_hz: the camera's rate
    :param saturated: whether that is more than the node can do
    :param sent: frames published by the camera
    :param processed: frames in which MediaPipe looked for people (a peer: results)
    :param delivered: results at the subscriber
    :param rate_hz: of the results at the subscriber
    :param latency_ms: header stamp to the subscriber's callback: median, and percentiles
    :param arrival_ms: header stamp to the node's taking the image, median
    :param inference_ms: in the node, median
    :param overhead_ms: latency minus inference, median over the frames
    :param cpu_ms: user and system time of the node's process a frame
    :param outputs_ms: header stamp to the subscriber, median, for each lazy output of the scene
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
    overhead_ms: float
    cpu_ms: float
    rss_mb: float
    pss_mb: float
    bare: BareLoop
    outputs_ms: Mapping[str, float]
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
    A part of a measurement.

    :param sent: frames published by the camera
    :param processed: frames in which MediaPipe looked for people; None where that is unknown
    :param frames: those whose results were delivered, in order
    :param outputs_ms: median latency of each other output that had a subscriber
    """

    sent: int
    processed: int | None
    frames: list[FrameTimes]
    cpu_s: float
    rss_mb: float
    pss_mb: float
    outputs_ms: Mapping[str, float]


def summarize(
    scene: Scene, camera_hz: float, saturated: bool, parts: Sequence[Part], bare: BareLoop
) -> Measurement:
    """Return the row of one measurement."""
    frames = [frame for part in parts for frame in part.frames]
    processed = sum(
        len(part.frames) if part.processed is None else part.processed for part in parts
    )
    latency_ms = _latency_ms(frames)
    inference_ms = np.array([frame.inference_ns / 1e6 for frame in frames])
    arrival_ms = np.array([(frame.taken_ns - frame.stamp_ns) / 1e6 for frame in frames])
    known = parts[0].processed is not None
    time_s = sum(
        (part.frames[-1].arrived_ns - part.frames[0].arrived_ns) / 1e9
        for part in parts
        if part.frames
    )
    return Measurement(
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
        overhead_ms=_percentile(latency_ms - inference_ms, 50) if known else NAN,
        cpu_ms=1e3 * sum(part.cpu_s for part in parts) / processed if processed else NAN,
        rss_mb=parts[-1].rss_mb,
        pss_mb=parts[-1].pss_mb,
        bare=bare,
        outputs_ms={
            name: median([part.outputs_ms.get(name, NAN) for part in parts])
            for name in scene.outputs
        },
        latency_course_ms=tuple(_percentile(_latency_ms(part.frames), 50) for part in parts),
        rss_course_mb=tuple(part.rss_mb for part in parts),
    )


def medians(rows: Iterable[Measurement]) -> list[Measurement]:
    """
    Return one measurement for each scene and kind of rate.

    It is the one with the median throughput, or at 30 Hz the median overhead.
    """
    found: dict[tuple[Scene, bool], list[Measurement]] = {}
    for row in rows:
        found.setdefault((row.scene, row.saturated), []).append(row)
    return [
        sorted(same, key=lambda row: row.throughput if row.saturated else row.overhead_ms)[
            len(same) // 2
        ]
        for same in found.values()
    ]


def _latency_ms(frames: Sequence[FrameTimes]) -> NDArray[np.float64]:
    return np.array([(frame.arrived_ns - frame.stamp_ns) / 1e6 for frame in frames])


def _percentile(values: NDArray[np.float64], percent: float) -> float:
    return float(np.percentile(values, percent)) if len(values) else NAN
