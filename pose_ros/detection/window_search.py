# SPDX-License-Identifier: Apache-2.0
"""
Finds people down to a stated height: looks for them in windows, and follows each in her own.

Known people come first; what is left of a frame's time goes into looking around, a window or none
a frame. So the cost grows with the people in view, and not with the size of what is searched.
"""

from __future__ import annotations

from itertools import count
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from pose_ros.detection.appearance import looks_like_other, trunk_color
from pose_ros.detection.duplicates import SAME, likeness
from pose_ros.detection.followed import Followed
from pose_ros.detection.lookout import Lookout
from pose_ros.detection.one_by_one import OneByOneLandmarker
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions
from pose_ros.detection.search_options import SearchOptions
from pose_ros.detection.sight import Sight, to_poses
from pose_ros.detection.window_detector import WindowDetector
from pose_ros.detection.windows import Window
from pose_ros.poses.poses import Poses

__all__ = ['WindowSearch']

FIRST_LEVELS = 2  # of windows, that are looked at in the very first frame
MOST_FIRST = 24  # of these windows; a picture that is much wider than high has hundreds
FIRST_FRAMES, FIRST_BUDGETS = 30, 8  # at first more time is spent
BUDGET_FOR_MS, MOST_BUDGETS = 1000 / 30, 6  # a frame that comes later has more budgets
MOST_CREDIT_BUDGETS = 3  # that may be saved up while nothing had to be looked for
# While everybody known is seen and nothing else moves: the share of the budget that is spent, and
# the budgets that are kept for the moment in which something does.
CALM_SHARE, CALM_RESERVE_BUDGETS = 0.5, 2
FORGOTTEN_AFTER_MS = 1000  # without having been seen, though looked for several times
MISSES_REPORTED = 2  # in a row: so long a person is reported where she is expected to be
PATIENT_AFTER = 3  # misses: from here on she is looked for in every PATIENTLY-th frame
PATIENTLY = 4
LOOK_MS = 12.0  # that a look counts where time is not measured; about what it takes with `full`
NUMBERS = count(1)  # of people; another search has others, and the tracker does not mix them up


class WindowSearch:
    """A finder for VIDEO; two landmarkers, whatever the number of people."""

    def __init__(self, options: LandmarkerOptions, search: SearchOptions) -> None:
        """
        Build the landmarkers.

        :raises LandmarkerError: when MediaPipe refuses; nothing is left behind
        """
        self.options, self._search = options, search
        self._detector = WindowDetector(options)
        try:
            self._follower = OneByOneLandmarker(options)
        except LandmarkerError:
            self._detector.close()
            raise
        self._people: list[Followed] = []
        self._lookout: Lookout | None = None
        self._size = 0, 0
        self._credit_ms = 0.0
        self._frame, self._last_ms = 0, 0
        self.people_looked_at = 0
        self.search_age_ms = float('nan')

    @property
    def engine(self) -> str:
        """See Landmarker.engine."""
        return self._detector.engine

    @property
    def looks(self) -> int:
        """How many windows were looked at by now."""
        return self._detector.looks + self._follower.looks

    def load(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the frame itself: windows are copied out of it in detect()."""
        return rgb

    def detect(self, picture: NDArray[np.uint8], stamp_ms: int) -> Poses:
        """
        Find the people in one frame.

        :param picture: what `load` returned
        :param stamp_ms: milliseconds, larger than at every earlier call
        :raises LandmarkerError: when MediaPipe fails, or the landmarker is closed
        """
        height, width = picture.shape[:2]
        if (width, height) != self._size:
            self._size, self._people, self._frame = (width, height), [], 0
            self._lookout = Lookout(width, height, self._search.min_person_height)
        self._frame += 1
        self._follow(picture, stamp_ms)
        self._look_around(picture, stamp_ms)
        self._last_ms = stamp_ms
        people = self._reported(stamp_ms)[: self.options.num_poses]
        shown = [each.expected(stamp_ms) for each in people]
        return to_poses(shown, width, height, [each.number for each in people])

    def _follow(self, rgb: NDArray[np.uint8], stamp_ms: int) -> None:
        """Look for the known people, longest unseen first, as far as the time goes."""
        began_ms, self.people_looked_at = self._now_ms(), 0
        for person in sorted(self._people, key=lambda each: each.looked_ms):
            if person.misses > PATIENT_AFTER and self._frame % PATIENTLY:
                continue
            spent_ms = self._now_ms() - began_ms
            if self.people_looked_at and spent_ms > self._search.people_budget_ms:
                break
            self._look_for(rgb, person, stamp_ms)
            self.people_looked_at += 1
        self._people = [
            each
            for each in self._people
            if stamp_ms - each.seen_ms < FORGOTTEN_AFTER_MS or each.misses <= MISSES_REPORTED
        ]

    def _look_for(self, rgb: NDArray[np.uint8], person: Followed, stamp_ms: int) -> None:
        person.looked_ms = stamp_ms
        sight: Sight | None = None
        if not person.misses:
            expected = person.expected(stamp_ms)
            sight = self._follower.look(rgb, person.window(stamp_ms), expected)
            if sight is None:
                person.misses += 1
                return
        if sight is None or not self._is(rgb, person, sight, stamp_ms):
            others = [each.expected(stamp_ms) for each in self._seen() if each is not person]
            sight = self._detector.again(rgb, person, stamp_ms, others)
        if sight is not None and self._is(rgb, person, sight, stamp_ms):
            for other in self._people:
                same = likeness(sight, other.expected(stamp_ms)) >= SAME
                if other is not person and same and not other.misses:
                    other.miss()
            person.see(sight, trunk_color(rgb, sight), stamp_ms)
        else:
            person.misses += 1

    def _is(self, rgb: NDArray[np.uint8], person: Followed, sight: Sight, stamp_ms: int) -> bool:
        """Return whether a person was seen, and not somebody else who is close to her."""
        if not person.can_be(sight, stamp_ms):
            return False
        mine, color = likeness(sight, person.expected(stamp_ms)), trunk_color(rgb, sight)
        for other in self._people:
            if other is person or not other.can_be(sight, stamp_ms):
                continue
            if looks_like_other(color, person.color, other.color):
                return False
            if not other.misses and likeness(sight, other.expected(stamp_ms)) > max(mine, SAME):
                return False
        return True

    def _look_around(self, rgb: NDArray[np.uint8], stamp_ms: int) -> None:
        """Look for people who are not known, as far as the time goes."""
        lookout = self._lookout
        assert lookout is not None
        lookout.watch(rgb, [each.expected(stamp_ms).box_px() for each in self._seen()])
        first = self._frame == 1
        budgets = min(max((stamp_ms - self._last_ms) / BUDGET_FOR_MS, 1.0), MOST_BUDGETS)
        budgets = FIRST_BUDGETS if self._frame <= FIRST_FRAMES else budgets
        budget_ms, calm = self._search.search_budget_ms * budgets, self._calm(lookout, stamp_ms)
        reserve_ms = calm * CALM_RESERVE_BUDGETS * budget_ms
        gained_ms = budget_ms * (1 - (1 - CALM_SHARE) * calm)
        self._credit_ms = min(self._credit_ms + gained_ms, MOST_CREDIT_BUDGETS * budget_ms)
        if not self._people:
            self._credit_ms = max(self._credit_ms, budget_ms)
        if first:
            self._credit_ms = budget_ms
            windows = [each for level in lookout.levels[:FIRST_LEVELS] for each in level]
            self._search_windows(rgb, windows[:MOST_FIRST], stamp_ms)
        while self._credit_ms > reserve_ms and len(self._people) < self.options.num_poses:
            began_ms = self._now_ms()
            self._search_windows(rgb, [lookout.next(stamp_ms)], stamp_ms)
            self._credit_ms -= self._now_ms() - began_ms
        self.search_age_ms = lookout.age_ms(stamp_ms)

    def _calm(self, lookout: Lookout, stamp_ms: int) -> float:
        """Return how sure it is that there is nobody new, in [0, 1]."""
        is_first = self._frame <= FIRST_FRAMES or np.isnan(lookout.age_ms(stamp_ms))
        if is_first or not self._people or len(self._seen()) < len(self._people):
            return 0.0
        return 1 - lookout.unknown_motion

    def _search_windows(
        self, rgb: NDArray[np.uint8], windows: list[Window], stamp_ms: int
    ) -> None:
        known = [each.expected(stamp_ms) for each in self._seen()]
        found = [each for window in windows for each in self._detector.people(rgb, window, known)]
        least = self._search.min_person_height
        for sight in self._detector.sure(rgb, found, least, known):
            is_new = self._meet(rgb, sight, stamp_ms)
            if is_new and len(windows) == 1 and self._lookout is not None:
                self._lookout.found(windows[0])

    def _meet(self, rgb: NDArray[np.uint8], sight: Sight, stamp_ms: int) -> bool:
        """Follow somebody who was found from now on; return whether she is new."""
        color = trunk_color(rgb, sight)
        lost = [each for each in self._people if each.misses and each.can_be(sight, stamp_ms)]
        if lost:
            min(lost, key=lambda each: each.misses).see(sight, color, stamp_ms)
        elif len(self._people) < self.options.num_poses:
            self._people.append(Followed(sight, color, stamp_ms, next(NUMBERS)))
            return True
        return False

    def _now_ms(self) -> float:
        """Return the time by which the budgets are kept."""
        if self._search.counts_looks:
            return LOOK_MS * self.looks
        return perf_counter() * 1e3

    def _reported(self, stamp_ms: int) -> list[Followed]:
        """Return who is seen, and who was seen just now and has nobody else in her place."""
        people = self._seen()
        for each in self._people:
            if 0 < each.misses <= MISSES_REPORTED:
                expected = each.expected(stamp_ms)
                if all(likeness(expected, one.expected(stamp_ms)) < SAME for one in people):
                    people.append(each)
        return people

    def _seen(self) -> list[Followed]:
        return [each for each in self._people if not each.misses]

    def exchange_landmarkers(self, other: WindowSearch) -> None:
        """Go on with the landmarkers of another search, which gets those of this one."""
        self.options, other.options = other.options, self.options
        self._detector, other._detector = other._detector, self._detector
        self._follower, other._follower = other._follower, self._follower

    def close(self) -> None:
        """Release the landmarkers. Idempotent."""
        self._detector.close()
        self._follower.close()
