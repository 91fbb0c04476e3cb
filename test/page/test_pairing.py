# SPDX-License-Identifier: Apache-2.0
"""Picture and landmarks of one stamp come out together, whatever is late or lost."""

from collections.abc import Callable

import pytest

from pose_ros.page.pairing import KEPT, Pairing, Together

Given = list[Together[str]]
BOTH = ['landmarks', 'picture']


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def given() -> Given:
    return []


@pytest.fixture
def put(clock: Clock, given: Given) -> Callable[[str, int], None]:
    pairing: Pairing[str] = Pairing(given.append, clock=clock)
    for kind in BOTH:
        pairing.put(kind, 0, 'there are landmarks')
    given.clear()
    return lambda kind, stamp_ns: pairing.put(kind, stamp_ns, f'{kind} {stamp_ns}')


def stamps(given: Given) -> list[tuple[int, list[str]]]:
    return [(each.stamp_ns, sorted(each.parts)) for each in given]


def test_a_picture_waits_for_its_landmarks(put: Callable[[str, int], None], given: Given) -> None:
    put('picture', 1)
    put('picture', 2)
    assert not given
    put('landmarks', 1)
    put('landmarks', 2)
    assert stamps(given) == [(1, BOTH), (2, BOTH)]
    assert given[0].parts == {'picture': 'picture 1', 'landmarks': 'landmarks 1'}


def test_landmarks_may_come_first(put: Callable[[str, int], None], given: Given) -> None:
    put('landmarks', 1)
    put('picture', 1)
    assert stamps(given) == [(1, BOTH)]


def test_a_picture_that_the_node_dropped_is_not_shown(
    put: Callable[[str, int], None], given: Given
) -> None:
    for stamp_ns in (1, 2, 3):
        put('picture', stamp_ns)
    put('landmarks', 3)
    assert stamps(given) == [(3, BOTH)]


def test_lost_pictures_do_not_hold_up_landmarks(
    put: Callable[[str, int], None], given: Given
) -> None:
    for stamp_ns in range(1, KEPT + 5):
        put('landmarks', stamp_ns)
    assert stamps(given) == [(stamp_ns, ['landmarks']) for stamp_ns in range(1, 5)]


def test_without_landmarks_pictures_are_shown_now_and_then(
    put: Callable[[str, int], None], given: Given, clock: Clock
) -> None:
    clock.now_s = 10.0
    for stamp_ns in range(1, 31):
        clock.now_s += 1 / 30
        put('picture', stamp_ns)
    assert 5 <= len(given) <= 10
    assert all(parts == ['picture'] for _, parts in stamps(given))


def test_what_waits_has_a_limit(put: Callable[[str, int], None], given: Given) -> None:
    for stamp_ns in range(1, KEPT + 10):
        put('picture', stamp_ns)
    put('landmarks', 1)
    put('landmarks', KEPT)
    assert stamps(given) == [(KEPT, BOTH)]


def test_nobody_looks_and_nothing_waits(given: Given) -> None:
    pairing: Pairing[str] = Pairing(given.append)
    pairing.put('landmarks', 1, 'landmarks')
    pairing.want(())
    pairing.put('picture', 1, 'picture')
    pairing.want(BOTH)
    pairing.put('landmarks', 2, 'landmarks')
    assert not given


def test_a_stream_that_begins_again_goes_on(put: Callable[[str, int], None], given: Given) -> None:
    for stamp_ns in (101, 102, 1, 2):
        put('picture', stamp_ns)
        put('landmarks', stamp_ns)
    assert [stamp_ns for stamp_ns, _ in stamps(given)] == [101, 102, 1, 2]


def test_a_wanted_mask_is_waited_for(clock: Clock, given: Given) -> None:
    pairing: Pairing[str] = Pairing(given.append, clock=clock)
    pairing.want(('picture', 'landmarks', 'mask'))
    for kind in ('landmarks', 'picture'):
        pairing.put(kind, 1, kind)
    assert not given
    pairing.put('mask', 1, 'mask')
    assert stamps(given) == [(1, ['landmarks', 'mask', 'picture'])]
