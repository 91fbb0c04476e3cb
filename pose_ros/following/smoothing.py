# SPDX-License-Identifier: Apache-2.0
"""
Smooths the landmarks and masks of tracked people over time.

With several people MediaPipe gives what its networks found. With one, in running modes video and
live_stream, it smooths the landmarks by itself; masks it never does (its legacy solution did). The
filters here are its own, person by person: named below is where each number stands in its public
source, release 0.10.33. They are driven by the stamps alone, so that a recording gives the same at
any speed; what MediaPipe mixes in the same measure at every frame is mixed as much as at 30 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
import math
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import PRESENCE, UNTRACKED, VISIBILITY, Poses, X, Y, Z
from pose_ros.poses.skeleton import Landmark

__all__ = ['LandmarkSmoother', 'MaskSmoother']

# Of the columns of landmarks and of world landmarks: x, y, z, and 0 for visibility and presence,
# which this filter is not for. From mediapipe/tasks/cc/vision/pose_landmarker/
# pose_landmarks_detector_graph.cc; the same for the legacy solution in
# mediapipe/modules/pose_landmark/pose_landmark_filtering.pbtxt.
MIN_CUTOFFS_HZ = np.array((*(0.05,) * 3, 0, 0, *(0.1,) * 3, 0, 0), np.float32)
BETAS = np.array((*(80.0,) * 3, 0, 0, *(40.0,) * 3, 0, 0), np.float32)
DERIVATE_CUTOFF_HZ = 1.0
VISIBILITY_ALPHA = 0.1

# The square in which a person is searched in the next frame, over the circle around the body: also
# from pose_landmarks_detector_graph.cc. Normalized landmarks' speeds are in sides of this square.
REGION_SCALE = 1.25

# mediapipe/modules/pose_landmark/pose_segmentation_filtering.pbtxt
COMBINE_WITH_PREVIOUS_RATIO = 0.7

# The certainty of a pixel is the polynomial t c1 + t^2 c2 + ... with t = (mask - 0.5)^2, at most
# 1, from mediapipe/calculators/image/segmentation_smoothing_calculator.cc. Where a mask is outside
# of the limits it is above 0.99, and taken for 1.
CERTAINTY = (5.68842, -0.748699, -57.8051, 291.309, -624.717)
UNCERTAIN = 0.004, 0.996

FREQUENCY_HZ = 30.0  # mediapipe/calculators/util/landmarks_smoothing_calculator.proto

XYZ = slice(X, Z + 1)
COLUMNS = PRESENCE + 1  # of landmarks, and of world landmarks
Number = TypeVar('Number', float, NDArray[np.float32])


@dataclass(frozen=True)
class _Filtered:
    """
    What the filters keep of one frame; row i of every array is the same person.

    :param stamp_ns: of the frame
    :param ids: track ids
    :param found: float32 (N, 33, 10), the columns of landmarks, then those of world landmarks, as
        they came in
    :param smooth: float32 (N, 33, 10), as they went out
    :param speeds: float32 (N, 33, 10), low-passed; of coordinates, in region sides and metres per
        second
    """

    stamp_ns: int
    ids: tuple[int, ...]
    found: NDArray[np.float32]
    smooth: NDArray[np.float32]
    speeds: NDArray[np.float32]

    @classmethod
    def first(cls, result: Poses, stamp_ns: int) -> _Filtered:
        """Return what there is to keep of people at first sight."""
        found = np.concatenate((result.landmarks, result.world_landmarks), axis=2)
        return cls(stamp_ns, tuple(result.track_ids.tolist()), found, found, np.zeros_like(found))

    def of(self, others: _Filtered) -> _Filtered:
        """Return this for the people of the others; themselves where they are not in this."""
        if self.ids == others.ids and UNTRACKED not in self.ids:
            return self
        rows = [
            self.ids.index(each) if each in self.ids and each != UNTRACKED else -1
            for each in others.ids
        ]
        known = np.array(rows)[:, None, None] >= 0
        return _Filtered(
            self.stamp_ns,
            others.ids,
            *(
                np.where(known, getattr(self, name)[rows], getattr(others, name))
                for name in ('found', 'smooth', 'speeds')
            ),
        )


class LandmarkSmoother:
    """
    A One Euro filter (Casiez, Roussel and Vogel, CHI 2012) on every coordinate of every landmark.

    It follows the slow ones slowly and the fast ones at once: its cutoff frequency grows with the
    speed. Visibility goes through a plain low-pass filter, presence through none. Who was not in
    the frame before is forgotten, as in MediaPipe, and who has no track stays as found.
    """

    def __init__(self) -> None:
        """Begin without people."""
        self._before: _Filtered | None = None

    def reset(self) -> None:
        """Forget all frames, as when the stamps jump back."""
        self._before = None

    def update(
        self, result: Poses, stamp_ns: int, width: int, height: int, is_smooth: bool = False
    ) -> Poses:
        """
        Return the result with smoothed landmarks, world landmarks and visibilities.

        :param result: with track_ids
        :param stamp_ns: of the frame; one not later than the last starts a new stream
        :param width: of the frame in pixels
        :param height: of the frame in pixels
        :param is_smooth: MediaPipe has smoothed these landmarks by itself: they are returned as
            they are, and those of the next frame follow on from them, as from a person at rest
        """
        if not len(result):
            self.reset()
            return result
        now = _Filtered.first(result, stamp_ns)
        if is_smooth:
            self._before = now
            return result
        seconds = (stamp_ns - self._before.stamp_ns) * 1e-9 if self._before else 0.0
        if self._before is None or seconds <= 0:
            self._before = now
            return result
        before = self._before.of(now)
        raw_speeds = (now.found - before.found) * (_scales(result, width, height) / seconds)
        speeds = before.speeds + _alpha(DERIVATE_CUTOFF_HZ, seconds) * (raw_speeds - before.speeds)
        follow = _alpha(MIN_CUTOFFS_HZ + BETAS * np.abs(speeds), seconds)
        follow[:, :, VISIBILITY::COLUMNS] = 1 - _kept(1 - VISIBILITY_ALPHA, seconds)
        smooth = before.smooth + follow * (now.found - before.smooth)
        smooth[:, :, PRESENCE::COLUMNS] = now.found[:, :, PRESENCE::COLUMNS]
        self._before = _Filtered(stamp_ns, now.ids, now.found, smooth, speeds)
        return replace(
            result, landmarks=smooth[:, :, :COLUMNS], world_landmarks=smooth[:, :, COLUMNS:]
        )


class MaskSmoother:
    """
    Mixes each mask with the same person's before it, where it is uncertain: between 0 and 1.

    A person's first mask after a frame without one stays as found, as does who has no track.
    """

    def __init__(self) -> None:
        """Begin without masks."""
        self._masks: dict[int, NDArray[np.float32]] = {}
        self._stamp_ns = 0

    def update(self, result: Poses, stamp_ns: int) -> Poses:
        """
        Return the result with smoothed masks; those that came in are not written to.

        :param result: with track_ids
        :param stamp_ns: of the frame; one not later than the last starts a new stream
        """
        seconds = (stamp_ns - self._stamp_ns) * 1e-9
        before = self._masks if seconds > 0 else {}
        ids = result.track_ids.tolist() if result.masks else []
        masks = tuple(
            _mixed(mask, before[each], _kept(COMBINE_WITH_PREVIOUS_RATIO, seconds))
            if each in before and before[each].shape == mask.shape
            else mask
            for each, mask in zip(ids, result.masks, strict=True)
        )
        self._masks, self._stamp_ns = dict(zip(ids, masks, strict=True)), stamp_ns
        self._masks.pop(UNTRACKED, None)
        return replace(result, masks=masks) if masks else result


def _alpha(cutoff_hz: Number, seconds: float) -> Number:
    """Return the share of the new in a low-pass filter, after these seconds."""
    turned = (2 * math.pi * seconds) * cutoff_hz
    return turned / (1 + turned)


def _kept(ratio: float, seconds: float) -> float:
    """Return the share of the old, where it is this ratio at FREQUENCY_HZ."""
    return float(ratio ** (seconds * FREQUENCY_HZ))


def _scales(result: Poses, width: int, height: int) -> NDArray[np.float32]:
    """
    Return (N, 1, 10), what turns each person's coordinates into those that speeds are measured in.

    MediaPipe's region is around a circle that its network finds and its results leave out: around
    the hips, with the whole body in it. Here this ends at the farthest landmark.
    """
    points_px = result.landmarks[:, :, X : Y + 1] * np.array((width, height), np.float32)
    hips_px = (points_px[:, Landmark.LEFT_HIP] + points_px[:, Landmark.RIGHT_HIP]) / 2
    spokes_px = points_px - hips_px[:, None]
    radii_px = np.sqrt(np.einsum('nki,nki->nk', spokes_px, spokes_px).max(axis=1))
    scales = np.ones((len(result), 1, 2 * COLUMNS), np.float32)
    sides_px = np.maximum(2 * REGION_SCALE * radii_px, 1)
    scales[:, 0, XYZ] = np.array((width, height, width)) / sides_px[:, None]
    return scales


def _mixed(
    mask: NDArray[np.float32],
    before: NDArray[np.float32],
    ratio: float,
) -> NDArray[np.float32]:
    """Return a mask mixed with the one before; few pixels are uncertain, so it works on these."""
    pixels = np.flatnonzero(cv2.inRange(mask, *UNCERTAIN).view(np.bool_))
    found = mask.reshape(-1)[pixels]
    squares = np.square(found - np.float32(0.5))
    certainty = np.zeros_like(found)
    for factor in reversed(CERTAINTY):
        certainty = (certainty + np.float32(factor)) * squares
    old = before.reshape(-1)[pixels]
    mixed = mask.copy()
    mixed.reshape(-1)[pixels] = found + (old - found) * (
        (1 - np.minimum(certainty, 1)) * np.float32(ratio)
    )
    return mixed
