# SPDX-License-Identifier: Apache-2.0
"""
The people of a frame in, the same people with ids that stay with them out.

Driven by the stamps alone, so that a recording gives the same ids at any speed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pose_ros.poses.poses import UNTRACKED, Poses, X, Y
from pose_ros.poses.skeleton import Landmark

__all__ = ['Tracker', 'assign']

# Standard deviation of where a landmark is against where its track's motion would have it, as a
# fraction of the torso's length: from one frame to the next, and growing with each second unseen.
SIMILARITY_SIGMA_TORSOS = 0.45
REACH_PER_S = 0.6

MIN_SIMILARITY = 0.05  # of a person and a track, to be the same; far from each other it is 0
UNSEEN_DECAY_PER_S = (
    0.03  # of an unseen track's similarity: of two tracks that cover each other, the one
)
# person who is seen then goes on with the one seen last
MIN_WEIGHT = 0.02  # of a landmark that is not visible at all: the model guesses well
VELOCITY_TIME_S = 0.6  # in which a track's velocity follows a new one by 63 %
MIN_STEP_S = 1e-3  # between two frames, so that a velocity is finite

SHOULDERS = slice(Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER + 1)
OPPOSITE_HIPS = slice(Landmark.RIGHT_HIP, Landmark.LEFT_HIP - 1, -1)


@dataclass(frozen=True)
class _Tracks:
    """
    N people, each when last seen. Lengths are in heights of the image.

    :param ids: int32 (N,)
    :param stamps_ns: int64 (N,)
    :param points: (N, 33, 2)
    :param weights: (N, 33), the visibility, in [LEAST_WEIGHT, 1]
    :param lengths: (N,), the torso's longer diagonal
    :param velocities: (N, 2), of the whole body, per second
    """

    ids: NDArray[np.int32]
    stamps_ns: NDArray[np.int64]
    points: NDArray[np.float32]
    weights: NDArray[np.float32]
    lengths: NDArray[np.float32]
    velocities: NDArray[np.float32]

    @classmethod
    def seen(cls, result: Poses, stamp_ns: int, aspect: float) -> _Tracks:
        """Return what is known of people at first sight."""
        points = result.landmarks[:, :, X : Y + 1] * np.array((aspect, 1), np.float32)
        diagonals = points[:, SHOULDERS] - points[:, OPPOSITE_HIPS]
        lengths = np.sqrt(np.einsum('nki,nki->nk', diagonals, diagonals).max(axis=1))
        return cls(
            np.full(len(result), UNTRACKED, np.int32),
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
    velocity: the mean of exp(-d^2 / 2s^2) over the landmarks, weighted by visibility (the object
    keypoint similarity of COCO with one s for all landmarks, REACH times the torso's length). All
    tracks and people are matched at once, so that the sum of the similarities is the largest.
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
        self._tracks = _Tracks.seen(Poses.empty(), 0, 1.0)

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
        tracks, people = self._tracks, _Tracks.seen(result, stamp_ns, width / height)
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

    :returns: (N, T) in [0, 1], how much they are alike, and (N, T, 2), the velocity of the track
        when it goes on with the person
    """
    unseen_s = (people.stamps_ns[0] - tracks.stamps_ns) * 1e-9
    # No farther than the edges of the image: there, who left it is seen again.
    middles = (
        tracks.points[:, Landmark.LEFT_SHOULDER] + tracks.points[:, Landmark.RIGHT_SHOULDER]
    ) / 2
    ends = middles + tracks.velocities * unseen_s[:, None]
    ends = np.maximum(np.minimum(middles, 0), np.minimum(ends, np.maximum(middles, (aspect, 1))))
    moves = ends - middles
    ways = people.points[:, None] - (tracks.points + moves[:, None])
    weights = people.weights[:, None] * tracks.weights
    weights /= weights.sum(axis=2, keepdims=True)

    reach = (SIMILARITY_SIGMA_TORSOS + REACH_PER_S * unseen_s) * np.sqrt(
        people.lengths[:, None] * tracks.lengths
    )
    squares = np.einsum('ntki,ntki->ntk', ways, ways)
    near = np.exp(squares / (-2 * reach * reach)[:, :, None])
    similarities = np.einsum('ntk,ntk->nt', weights, near) * np.exp(-UNSEEN_DECAY_PER_S * unseen_s)

    step_s = np.maximum(unseen_s, MIN_STEP_S)[:, None]
    new = (np.einsum('ntk,ntki->nti', weights, ways) + moves) / step_s
    follow = 1 - np.exp(-step_s / VELOCITY_TIME_S)
    return similarities, tracks.velocities + follow * (new - tracks.velocities)


def assign(gains: NDArray[Any]) -> NDArray[np.intp]:
    """
    Return which column each row gets, so that the sum of the gains is the largest there is.

    Each column goes to one row at most, and a row gets none rather than one without a gain.
    Exact: shortest augmenting paths (the Hungarian method as Jonker and Volgenant, Computing 38,
    1987, improved it), at most N^2 (N + M) steps.

    :param gains: (N, M), finite
    :returns: (N,) indices of columns, -1 for none
    """
    rows, columns = gains.shape
    if columns:  # where each row can have its largest gain, no sum is larger
        best = gains.argmax(axis=1)
        if len(set(best.tolist())) == rows and (gains.max(axis=1) > 0).all():
            return best
    none = np.zeros((rows, rows))  # a column for each row that gets no other
    costs = np.hstack((-np.maximum(gains, 0), none)).tolist()
    owners, prices = [-1] * (columns + rows), [0.0] * (columns + rows)
    for row in range(rows):
        # The cheapest way from this row to a column without owner; those passed move on.
        ways = [cost - price for cost, price in zip(costs[row], prices, strict=True)]
        via, ahead, passed = [-1] * len(ways), list(range(len(ways))), []
        while (owner := owners[column := min(ahead, key=ways.__getitem__)]) >= 0:
            ahead.remove(column)
            passed.append(column)
            left = ways[column] - costs[owner][column] + prices[column]
            for other in ahead:
                onward = left + costs[owner][other] - prices[other]
                if onward < ways[other]:
                    ways[other], via[other] = onward, column
        for each in passed:
            prices[each] += ways[each] - ways[column]
        while via[column] >= 0:
            owners[column] = owners[via[column]]
            column = via[column]
        owners[column] = row
    taken = np.full(rows, -1)
    for column, owner in enumerate(owners[:columns]):
        if owner >= 0 and gains[owner, column] > 0:
            taken[owner] = column
    return taken
