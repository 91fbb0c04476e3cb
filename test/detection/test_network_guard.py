# SPDX-License-Identifier: Apache-2.0
"""A guarded thread, and all that it starts, opens no internet socket; the others do."""

from collections.abc import Callable
import errno
from pathlib import Path
import platform
import socket
import struct
import threading

import pytest

from pose_ros.detection import landmarker, network_guard
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.network_guard import (
    MACHINES,
    GuardError,
    Machine,
    NetworkGuard,
    filter_program,
    forbid_network,
    reports_home,
)
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions

INTERNET = (socket.AF_INET, socket.AF_INET6)
OLD, NEW = '0.10.33', '1.2.3'


def on_a_thread(function: Callable[[], None]) -> None:
    """Run a function on a thread of its own: a filter stays for good."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def opens(family: int) -> bool:
    try:
        socket.socket(family, socket.SOCK_DGRAM).close()
    except PermissionError:
        return False
    return True


def test_a_guarded_thread_opens_no_internet_socket() -> None:
    def guarded() -> None:
        assert opens(socket.AF_INET)
        forbid_network()
        forbid_network()
        assert not any(map(opens, INTERNET))
        assert opens(socket.AF_UNIX)
        with pytest.raises(OSError):
            socket.getaddrinfo('pose-ros.invalid', 443)

    on_a_thread(guarded)


def test_nor_do_the_threads_that_it_starts() -> None:
    def guarded() -> None:
        forbid_network()
        seen: list[bool] = []
        on_a_thread(lambda: seen.append(opens(socket.AF_INET)))
        assert seen == [False]

    on_a_thread(guarded)


def test_the_other_threads_are_left_alone() -> None:
    on_a_thread(forbid_network)
    assert opens(socket.AF_INET)


def test_the_guard_runs_where_it_is_called_if_that_is_guarded_and_else_elsewhere() -> None:
    guard = NetworkGuard.choose(True, OLD)
    here = threading.get_ident()
    assert guard.is_on
    assert guard.run(threading.get_ident) != here
    assert not guard.run(opens, socket.AF_INET)
    with pytest.raises(ZeroDivisionError):
        guard.run(divmod, 1, 0)
    assert opens(socket.AF_INET)

    def guarded() -> None:
        forbid_network()
        assert guard.run(threading.get_ident) == threading.get_ident()

    on_a_thread(guarded)


def test_switched_off_it_does_nothing() -> None:
    guard = NetworkGuard.choose(False, NEW)
    assert not guard.is_on
    assert guard.run(threading.get_ident) == threading.get_ident()
    assert guard.run(opens, socket.AF_INET)


@pytest.mark.parametrize(
    ('version', 'reports'),
    [
        ('0.10.18', False),
        ('0.10.33', False),
        ('0.10.35', True),
        ('0.11.0', True),
        ('1.0.0', True),
        ('1.2.3rc1', True),
    ],
)
def test_versions_that_report_are_known(version: str, reports: bool) -> None:
    assert reports_home(version) == reports


def test_on_a_machine_that_refuses_a_silent_version_goes_on_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network_guard, 'MACHINES', {})
    guard = NetworkGuard.choose(True, OLD)
    assert not guard.is_on
    assert platform.machine() in guard.description
    assert guard.run(threading.get_ident) == threading.get_ident()
    with pytest.raises(GuardError, match='set forbid_network to false'):
        NetworkGuard.choose(True, NEW)


def test_on_a_machine_that_refuses_one_that_reports_is_not_built(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_guard, 'MACHINES', {})
    monkeypatch.setattr(landmarker, 'VERSION', NEW)
    with pytest.raises(LandmarkerError, match='reports every run to its maker'):
        Landmarker(LandmarkerOptions(models['lite']))


ALLOWED, DENIED = 'allowed', 'denied'


def verdict(program: bytes, audit: int, number: int, argument: int) -> str:
    """Run a filter as the kernel does."""
    data = struct.pack('=IIQQ', number, audit, 0, argument)
    lines = list(struct.iter_unpack('=HBBI', program))
    at, word = 0, 0
    while True:
        code, if_true, if_false, value = lines[at]
        at += 1
        if code == 0x20:
            (word,) = struct.unpack_from('=I', data, value)
        elif code == 0x06:
            return {0x7FFF0000: ALLOWED, 0x00050000 | errno.EACCES: DENIED}[value]
        else:
            holds = {0x15: word == value, 0x35: word >= value}[code]
            at += if_true if holds else if_false


@pytest.mark.parametrize('machine', MACHINES.values(), ids=MACHINES)
def test_the_filter_denies_internet_sockets_and_nothing_else(machine: Machine) -> None:
    program = filter_program(machine)
    for number in range(500):
        for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
            is_socket = number == machine.socket and family in INTERNET
            is_io_uring = number == 425
            assert verdict(program, machine.audit, number, family) == (
                DENIED if is_socket or is_io_uring else ALLOWED
            )
    x32 = 0x40000000 + machine.socket
    assert verdict(program, machine.audit, x32, socket.AF_INET) == DENIED
    assert verdict(program, 0x40000003, 359, socket.AF_INET) == DENIED  # i386's socket
