# SPDX-License-Identifier: Apache-2.0
"""A trouble is told at once, again while it lasts, and as a new one after it was away."""

import pytest

from pose_ros.rclpy_tools import throttle
from pose_ros.rclpy_tools.throttle import LONGEST_S, Throttle


class Time:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(throttle, 'monotonic', time)
    return time


def told(this: Throttle, time: Time, until_s: int) -> list[float]:
    """Report a trouble ten times a second; return when it was told."""
    times = []
    for tenth in range(round(time.now_s * 10), until_s * 10):
        time.now_s = tenth / 10
        if this.allows('trouble'):
            times.append(time.now_s)
    return times


def test_a_trouble_that_lasts_is_told_less_and_less_often(time: Time) -> None:
    assert told(Throttle(), time, 300) == [0, 5, 15, 35, 75, 135, 195, 255]


def test_kinds_do_not_wait_for_one_another(time: Time) -> None:
    this = Throttle()
    assert this.allows('one')
    assert this.allows('other')
    assert not this.allows('one')


def test_after_a_quiet_time_it_is_a_new_one(time: Time) -> None:
    this = Throttle()
    told(this, time, 100)
    time.now_s = 100 + 2 * LONGEST_S
    assert told(this, time, 226) == [220, 225]
