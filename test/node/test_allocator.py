# SPDX-License-Identifier: Apache-2.0
"""The allocator keeps the memory of images, and has few arenas however many threads there are."""

import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != 'glibc', reason='only glibc can be told how to allocate'
)

# malloc_info() writes an element <heap> for each arena.
COUNT_ARENAS = """
import ctypes, sys, tempfile, threading
from pose_ros.node.allocator import tune_allocator
if sys.argv[1] == 'tuned':
    assert tune_allocator()
libc = ctypes.CDLL(None)
libc.fdopen.restype = libc.malloc.restype = ctypes.c_void_p
barrier = threading.Barrier(6)
def allocate():
    barrier.wait()
    for _ in range(1000):
        libc.malloc(ctypes.c_size_t(2000))
    barrier.wait()
threads = [threading.Thread(target=allocate) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
with tempfile.TemporaryFile() as file:
    stream = ctypes.c_void_p(libc.fdopen(file.fileno(), b'w'))
    libc.malloc_info(0, stream)
    libc.fflush(stream)
    file.seek(0)
    print(file.read().count(b'<heap '))
"""

COUNT_FAULTS = """
import resource, sys
from pose_ros.node.allocator import tune_allocator
if sys.argv[1] == 'tuned':
    assert tune_allocator()
for _ in range(100):
    copies = [b'x' * (6 << 20) for _ in range(4)]
    del copies
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def result(script: str, how: str) -> int:
    done = subprocess.run(
        [sys.executable, '-c', script, how],
        capture_output=True,
        text=True,
        timeout=60,
        cwd='/',
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_threads_share_two_arenas() -> None:
    assert result(COUNT_ARENAS, 'tuned') == 2 < result(COUNT_ARENAS, 'as it comes')


def test_the_memory_of_an_image_is_used_for_the_next() -> None:
    """Four copies of it are held at once, as on its way through the node."""
    pages_of_an_image = (6 << 20) // 4096
    untuned, tuned = (result(COUNT_FAULTS, how) for how in ('as it comes', 'tuned'))
    assert untuned - tuned > 90 * 4 * pages_of_an_image
