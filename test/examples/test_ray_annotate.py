# SPDX-License-Identifier: Apache-2.0
"""The example for Ray, on two workers of this machine; one of them is killed."""

from contextlib import suppress
from importlib.util import find_spec
import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import pytest

from pose_ros.bags.whole_folder import part_folder
from simulation.bag_files import Message, files, pictures, stamped, write_bag

ROOT = Path(__file__).parents[2]
COUNT = 12

pytestmark = [
    pytest.mark.skipif(find_spec('ray') is None, reason='Ray is not installed'),
    pytest.mark.timeout(400),
]


@pytest.fixture
def bags(models: dict[str, Path], tmp_path: Path) -> list[Path]:
    assert models['lite']
    frames = list(pictures(3 * COUNT, 320, 180))
    messages: list[Message] = stamped(frames)
    return [
        write_bag(tmp_path / 'in' / f'bag{number:02d}', 'mcap', messages[3 * number :][:3])
        for number in range(COUNT)
    ]


def workers(session: int) -> list[int]:
    """Return the processes of a session that annotate."""
    found = []
    for path in Path('/proc').glob('[0-9]*'):
        with suppress(OSError, ProcessLookupError):
            if b'ray::annotate_one' in (path / 'cmdline').read_bytes():
                found.append(int(path.name))
    return [each for each in found if _ancestor(each, session)]


def _ancestor(pid: int, wanted: int) -> bool:
    while pid > 1:
        if pid == wanted:
            return True
        try:
            pid = int(Path(f'/proc/{pid}/stat').read_text().rsplit(') ', 1)[1].split()[1])
        except OSError:
            return False
    return False


def test_a_dozen_bags_on_two_workers_of_which_one_is_killed(
    bags: list[Path], tmp_path: Path
) -> None:
    command = [sys.executable, str(ROOT / 'examples/ray_annotate.py'), *map(str, bags)]
    options = ['-o', str(tmp_path / 'out'), '--jobs', '2', '--csv', '-p', 'model:=lite']
    process = subprocess.Popen(
        [*command, *options],
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != 'RAY_ADDRESS'},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        end_s = time.monotonic() + 200
        killed = None
        while killed is None and process.poll() is None and time.monotonic() < end_s:
            if any(part_folder(tmp_path / 'out' / bag.name).exists() for bag in bags):
                for worker in workers(process.pid)[:1]:
                    os.kill(worker, signal.SIGKILL)
                    killed = worker
            time.sleep(0.02)
        assert killed, 'a worker was to be killed'
        output, _ = process.communicate(timeout=300)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, output
    assert output.count('done ') == COUNT
    assert {each.name for each in (tmp_path / 'out').iterdir()} == {bag.name for bag in bags}
    alone = subprocess.run(
        [
            sys.executable,
            '-m',
            'pose_ros.annotate_bag',
            *map(str, bags),
            '-o',
            'alone',
            '--csv',
            '-p',
            'model:=lite',
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert alone.returncode == 0
    for bag in bags:
        assert files(tmp_path / 'out' / bag.name) == files(tmp_path / 'alone' / bag.name)
