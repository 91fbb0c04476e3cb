# SPDX-License-Identifier: Apache-2.0
"""
Runs MediaPipe where it cannot open internet sockets.

From version 0.10.35 on MediaPipe reports every run to its maker, and has no switch for it. What
holds for every version is a filter of the kernel's (seccomp) on the threads that run MediaPipe,
and on the threads that those start: a socket for IPv4 or IPv6 is refused. It needs no privilege,
cannot be removed, and leaves the other threads alone, with them ROS 2's network.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
import ctypes
from dataclasses import dataclass
import errno
import os
import platform
import re
import socket
import struct
import threading
from typing import Any

__all__ = [
    'MACHINES',
    'GuardError',
    'Machine',
    'NetworkGuard',
    'filter_program',
    'forbid_network',
    'reports_home',
]

FIRST_TO_REPORT = (0, 10, 35)

# From linux/prctl.h and linux/seccomp.h.
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
SECCOMP_SET_MODE_FILTER = 1
# Without it, kernels before 5.16 slow a filtered thread down (mitigations against Spectre).
SECCOMP_FILTER_FLAG_SPEC_ALLOW = 4
ALLOW, DENY = 0x7FFF0000, 0x00050000 | errno.EACCES

# From linux/bpf_common.h: load a word of struct seccomp_data, compare, return.
LOAD, JUMP_EQUAL, JUMP_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER_AT, MACHINE_AT, FIRST_ARGUMENT_AT = 0, 4, 16

X32_CALLS = 0x40000000  # from here on x86_64 has its calls a second time
IO_URING_SETUP = 425  # on every machine; io_uring opens sockets past this filter

_thread = threading.local()


class GuardError(OSError):
    """The kernel does not keep a thread from opening sockets; one line, why."""


@dataclass(frozen=True)
class Machine:
    """
    Numbers of system calls, from the kernel's tables.

    :param audit: the kernel's name for the machine, AUDIT_ARCH_* of linux/audit.h
    """

    audit: int
    socket: int
    seccomp: int


MACHINES = {
    'x86_64': Machine(audit=0xC000003E, socket=41, seccomp=317),
    'aarch64': Machine(audit=0xC00000B7, socket=198, seccomp=277),
}


def reports_home(version: str) -> bool:
    """Return whether a version of MediaPipe contacts its maker."""
    return tuple(map(int, re.findall(r'\d+', version)[:3])) >= FIRST_TO_REPORT


def forbid_network() -> None:
    """
    Keep the calling thread, and all that it starts, from opening internet sockets, for good.

    :raises GuardError: when the kernel does not; nothing has changed
    """
    if getattr(_thread, 'guarded', False):
        return
    _install(ctypes.CDLL(None, use_errno=True))
    _thread.guarded = True


@dataclass(frozen=True)
class NetworkGuard:
    """
    How MediaPipe is called.

    :param description: whether it can open internet sockets, and why, for a log
    """

    is_on: bool
    description: str

    @classmethod
    def choose(cls, forbid: bool, version: str) -> NetworkGuard:
        """
        Return a guard that fits the machine.

        :param forbid: whether MediaPipe is not to open internet sockets
        :param version: MediaPipe's
        :raises GuardError: when it is not to, would, and cannot be kept from it
        """
        if not forbid:
            return cls(False, 'internet sockets allowed')
        try:
            _elsewhere(forbid_network)
        except GuardError as error:
            if reports_home(version):
                raise GuardError(
                    f'MediaPipe {version} reports every run to its maker, and this machine cannot '
                    f'keep it from that: {error}. Install a version before 0.10.35, or set '
                    'forbid_network to false to let it report'
                ) from error
            return cls(False, f'internet sockets not forbidden ({error}); this version opens none')
        return cls(True, 'no internet sockets')

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function, where that is to be on a thread that cannot open internet sockets."""
        if not self.is_on or getattr(_thread, 'guarded', False):
            return function(*arguments)
        return _elsewhere(_guarded, function, *arguments)


def _guarded(function: Callable[..., Any], *arguments: Any) -> Any:
    forbid_network()
    return function(*arguments)


def _elsewhere(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function on another thread, which ends with it."""
    with ThreadPoolExecutor(1, 'without network') as thread:
        return thread.submit(function, *arguments).result()


def _install(libc: ctypes.CDLL) -> None:
    machine = MACHINES.get(platform.machine())
    if machine is None or struct.calcsize('P') != 8:
        raise GuardError(f'no filter for a {platform.machine()} is known')
    program = filter_program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(
        struct.pack('@HP', len(program) // 8, ctypes.addressof(code))
    )
    libc.prctl.argtypes = [ctypes.c_int, *4 * [ctypes.c_void_p]]
    libc.syscall.argtypes = [*3 * [ctypes.c_long], ctypes.c_void_p]
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, None, None, None):
        raise GuardError(f'no_new_privs refused: {_error()}')
    if libc.syscall(
        machine.seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, header
    ) and libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, None, None):
        raise GuardError(f'seccomp refused: {_error()}')
    descriptor = libc.socket(int(socket.AF_INET), int(socket.SOCK_DGRAM), 0)
    if descriptor >= 0:  # some emulators say yes and do nothing
        os.close(descriptor)
        raise GuardError('the filter was taken and has no effect')


def filter_program(machine: Machine) -> bytes:
    """Return the filter, an array of struct sock_filter."""

    def line(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack('=HBBI', code, if_true, if_false, value)

    lines = [
        line(LOAD, MACHINE_AT),
        line(JUMP_EQUAL, machine.audit, 0, 8),  # calls of another machine: deny
        line(LOAD, NUMBER_AT),
        line(JUMP_AT_LEAST, X32_CALLS, 6),
        line(JUMP_EQUAL, IO_URING_SETUP, 5),
        line(JUMP_EQUAL, machine.socket, 0, 3),
        line(LOAD, FIRST_ARGUMENT_AT),
        line(JUMP_EQUAL, socket.AF_INET, 2),
        line(JUMP_EQUAL, socket.AF_INET6, 1),
        line(RETURN, ALLOW),
        line(RETURN, DENY),
    ]
    return b''.join(lines)


def _error() -> str:
    return os.strerror(ctypes.get_errno())
