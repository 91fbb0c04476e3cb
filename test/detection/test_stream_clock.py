# SPDX-License-Identifier: Apache-2.0
import pytest

from pose_ros.detection.stream_clock import StreamClock, Tick, Verdict

S = 1_000_000_000
MS = 1_000_000


def verdicts(clock: StreamClock, *stamps_ns: int) -> list[Tick]:
    return [clock.tick(stamp_ns, arrival_ns=77 * S) for stamp_ns in stamps_ns]


def test_increasing_stamps_become_their_milliseconds() -> None:
    assert verdicts(StreamClock(1.0), 5 * S, 5 * S + 33 * MS, 6 * S + 999) == [
        Tick(Verdict.PROCESS, 5000, 5 * S),
        Tick(Verdict.PROCESS, 5033, 5 * S + 33 * MS),
        Tick(Verdict.PROCESS, 6000, 6 * S + 999),
    ]


def test_stamps_within_one_millisecond_are_bumped_apart() -> None:
    ticks = verdicts(StreamClock(1.0), 5 * S, 5 * S + 1, 5 * S + 2, 5 * S + 2 * MS, 5 * S + 9 * MS)
    assert [tick.stamp_ms for tick in ticks] == [5000, 5001, 5002, 5003, 5009]
    assert all(tick.verdict is Verdict.PROCESS for tick in ticks)


def test_an_exact_repeat_is_dropped() -> None:
    assert verdicts(StreamClock(1.0), 5 * S, 5 * S)[1] == Tick(Verdict.REPEATED)


@pytest.mark.parametrize(
    ('step_back_s', 'verdict'),
    [
        (0.001, Verdict.LATE),
        (1.0, Verdict.LATE),
        (1.001, Verdict.RESTART),
        (4.9, Verdict.RESTART),
    ],
)
def test_a_step_back(step_back_s: float, verdict: Verdict) -> None:
    clock = StreamClock(restart_after_s=1.0)
    clock.tick(5 * S, 0)
    assert clock.tick(5 * S - round(step_back_s * S), 0).verdict is verdict


def test_a_late_frame_does_not_move_the_clock_back() -> None:
    ticks = verdicts(StreamClock(1.0), 5 * S, 4 * S + 500 * MS, 4 * S + 600 * MS, 5 * S + MS)
    assert [tick.verdict for tick in ticks] == [
        Verdict.PROCESS,
        Verdict.LATE,
        Verdict.LATE,
        Verdict.PROCESS,
    ]


def test_after_a_restart_time_goes_on_from_the_new_stamp() -> None:
    ticks = verdicts(StreamClock(1.0), 100 * S, 2 * S, 2 * S + 33 * MS)
    assert ticks[1:] == [
        Tick(Verdict.RESTART, 2000, 2 * S),
        Tick(Verdict.PROCESS, 2033, 2 * S + 33 * MS),
    ]


@pytest.mark.parametrize('unset_ns', [0, -5 * S])
def test_without_a_stamp_the_time_of_arrival_counts(unset_ns: int) -> None:
    clock = StreamClock(1.0)
    ticks = [clock.tick(unset_ns, arrival_ns=7 * S), clock.tick(unset_ns, arrival_ns=8 * S)]
    assert ticks == [Tick(Verdict.PROCESS, 7000, 7 * S), Tick(Verdict.PROCESS, 8000, 8 * S)]


def test_reset_forgets() -> None:
    clock = StreamClock(1.0)
    clock.tick(5 * S, 0)
    clock.reset()
    assert clock.tick(5 * S, 0) == Tick(Verdict.PROCESS, 5000, 5 * S)
