# SPDX-License-Identifier: Apache-2.0
"""
Gives the people of each frame ids that stay with them.

Driven by the stamps alone, so that a recording gives the same ids at any speed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.following.assignment import assign
from pose_ros.poses.poses import UNTRACKED, Poses, X, Y
from pose_ros.poses.skeleton import Landmark

__all__ = ['Tracker']

# The constants were varied from a quarter to four times their value on the made-up scenes of
# `make bench-accuracy`: none of them caused an id switch in an easy or a medium scene, and the
# switches in the hard ones are in docs/benchmarks.md, "Constants of the tracker".

# Standard deviation of where a landmark is against where its track's motion would have it, as a
# fraction of the torso's length: from one frame to the next, and growing with each second unseen.
# Four times these: 6 and 1.5 times as many switches in the hard scenes; a quarter: 1.2 and 1.6.
SIMILARITY_SIGMA_TORSOS = 0.45
REACH_PER_S = 0.6

# Of a person and a track, to be the same; far from each other it is 0. exp(-d^2 / 2s^2) is 0.05
# where 5 % of normally distributed offsets (in two dimensions) lie farther away.
MIN_SIMILARITY = 0.05
# Of an unseen track's similarity: where two tracks cover each other and one person is seen, the
# track that was seen last goes on. It only has to break ties: 0.8 to 12 % a second do as well.
UNSEEN_DECAY_PER_S = 0.03
# Where whoever found the person says that she is the same: outweighs any similarity below half
# of that with another track.
FOLLOWED_FACTOR = 2.0
MIN_WEIGHT = 0.02  # of a landmark that is not visible at all: the model guesses well
# In which a track's velocity follows a new one by 63 %: half the time of a step (walking has 1.8
# a second). 0.6 s gives 1.5 times as many switches in the hard scenes, 2.4 s three times as many.
VELOCITY_TIME_S = 0.3
MIN_STEP_S = 1e-3  # between two frames, so that a velocity is finite: MediaPipe's least step

SHOULDERS = slice(Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER + 1)
OPPOSITE_HIPS = slice(Landmark.RIGHT_HIP, Landmark.LEFT_HIP - 1, -1)


@dataclass(frozen=True)
class _Tracks:
    """
    N people, each when last seen. Lengths are in heights of the image.

    :param ids: int32 (N,)
    :param followed_ids: int32 (N,), as in Poses
    :param stamps_ns: int64 (N,)
    :param points: (N, 33, 2)
    :param weights: (N, 33), the visibility, in [MIN_WEIGHT, 1]
    :param lengths: (N,), the torso's longer diagonal
    :param velocities: (N, 2), of the whole body, per second
    """

    ids: NDArray[np.int32]
    followed_ids: NDArray[np.int32]
    stamps_ns: NDArray[np.int64]
    points: NDArray[np.float32]
    weights: NDArray[np.float32]
    lengths: NDArray[np.float32]
    velocities: NDArray[np.float32]

    @classmethod
    def from_poses(cls, result: Poses, stamp_ns: int, aspect: float) -> _Tracks:
        """Return what is known of people at first sight."""
        points = result.landmarks[:, :, X : Y + 1] * np.array((aspect, 1), np.float32)
        diagonals = points[:, SHOULDERS] - points[:, OPPOSITE_HIPS]
        lengths = np.sqrt(np.einsum('nki,nki->nk', diagonals, diagonals).max(axis=1))
        return cls(
            np.full(len(result), UNTRACKED, np.int32),
            result.followed_ids,
            np.full(len(result), stamp_ns),
            points,
            np.maximum(result.visibility, MIN_WEIGHT),
            np.maximum(lengths, 1e-6),
            np.zeros((len(result), 2), np.float32),
        )

    def __getitem__(self, which: NDArray[Any]) -> _Tracks:
        """Return some of them."""
        return _Tracks(*(getattr(self, name)[which] for name in FIELDS))

    def __add__(self, others: _Tracks) -> _Tracks:
        """Return these and the others."""
        return _Tracks(
            *(np.concatenate((getattr(self, name), getattr(others, name))) for name in FIELDS)
        )


FIELDS = tuple(each.name for each in fields(_Tracks))


class Tracker:
    """
    Gives each person an id that stays through reordering, crossings and misses.

    A track goes on with the person whose skeleton is most like its own, moved on with its
    velocity: the mean of exp(-d^2 / 2s^2) over the landmarks, weighted by visibility. This is the
    object keypoint similarity of COCO with one s for all landmarks: SIMILARITY_SIGMA_TORSOS times
    the torso's length. All tracks and people are matched at once, so that the sum of the
    similarities is the largest.
    """

    def __init__(self, max_missed_s: float) -> None:
        """
        Begin without tracks.

        :param max_missed_s: seconds, >= 0; who comes back within them has the same id as before,
            later another
        :raises ValueError: when it is negative or not a number
        """
        if not max_missed_s >= 0:
            raise ValueError(f'max_missed_s: wanted 0 or more seconds, got {max_missed_s}')
        self.max_missed_s = max_missed_s
        self._next_id = 1  # leaves 0 to whoever needs a number for nobody
        self._tracks = _Tracks.from_poses(Poses.empty(), 0, 1.0)

    def reset(self) -> None:
        """Forget all tracks, as when the stamps jump back. Their ids are not used again."""
        self._tracks = self._tracks[np.zeros(0, int)]

    def update(self, result: Poses, stamp_ns: int, width: int, height: int) -> Poses:
        """
        Return the same result with track_ids; everything else is passed through as it is.

        :param stamp_ns: of the frame, later than at every call since `reset`
        :param width: of the frame in pixels
        :param height: of the frame in pixels
        """
        if not len(result):
            return result
        tracks, people = self._tracks, _Tracks.from_poses(result, stamp_ns, width / height)
        recent = stamp_ns - tracks.stamps_ns <= self.max_missed_s * 1e9
        tracks = tracks if recent.all() else tracks[recent]
        similarities, velocities = _compared(people, tracks, width / height)
        owners = assign(similarities - MIN_SIMILARITY)
        known = (owners >= 0).nonzero()[0]
        owners = owners[known]
        people.ids[known] = tracks.ids[owners]
        people.velocities[known] = velocities[known, owners]
        newcomers = len(people.ids) - len(known)
        if newcomers:
            people.ids[people.ids == UNTRACKED] = self._next_id + np.arange(newcomers)
            self._next_id += newcomers
        self._tracks = people
        if len(owners) < len(tracks.ids):
            self._tracks += tracks[np.setdiff1d(np.arange(len(tracks.ids)), owners)]
        return replace(result, track_ids=people.ids)


def _compared(
    people: _Tracks,
    tracks: _Tracks,
    aspect: float,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """
    Compare each person with each track, moved on.

    :returns: (N, T) from 0, how much they are alike, and (N, T, 2), the velocity of the track
        when it goes on with the person
    """
    unseen_s = (people.stamps_ns[0] - tracks.stamps_ns) * 1e-9
    # No farther than the edges of the image: whoever left it is seen again there.
    middles = (
        tracks.points[:, Landmark.LEFT_SHOULDER] + tracks.points[:, Landmark.RIGHT_SHOULDER]
    ) / 2
    ends = middles + tracks.velocities * unseen_s[:, None]
    ends = np.maximum(np.minimum(middles, 0), np.minimum(ends, np.maximum(middles, (aspect, 1))))
    moves = ends - middles
    offsets = people.points[:, None] - (tracks.points + moves[:, None])
    weights = people.weights[:, None] * tracks.weights
    weights /= weights.sum(axis=2, keepdims=True)

    reach = (SIMILARITY_SIGMA_TORSOS + REACH_PER_S * unseen_s) * np.sqrt(
        people.lengths[:, None] * tracks.lengths
    )
    squares = np.einsum('ntki,ntki->ntk', offsets, offsets)
    near = np.exp(squares / (-2 * reach * reach)[:, :, None])
    similarities = np.einsum('ntk,ntk->nt', weights, near) * np.exp(-UNSEEN_DECAY_PER_S * unseen_s)
    same = people.followed_ids[:, None] == tracks.followed_ids
    similarities[same & (tracks.followed_ids != UNTRACKED)] *= FOLLOWED_FACTOR

    step_s = np.maximum(unseen_s, MIN_STEP_S)[:, None]
    new = (np.einsum('ntk,ntki->nti', weights, offsets) + moves) / step_s
    follow = 1 - np.exp(-step_s / VELOCITY_TIME_S)
    return similarities, tracks.velocities + follow * (new - tracks.velocities)
