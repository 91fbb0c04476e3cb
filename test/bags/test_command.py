# SPDX-License-Identifier: Apache-2.0
"""The command `annotate_bag` as a process: many recordings, stopped, killed, a full disk."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
import fcntl
import os
from pathlib import Path
import random
import re
import shlex
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from pose_ros.bags.arguments import read_arguments
from pose_ros.bags.job import Job
from pose_ros.bags.whole_folder import BusyError, part_folder, whole_folder
from pose_ros.bags.worker import report_of
from simulation.bag_files import Message, contents, files, pictures, stamped, write_bag

COMMAND = [sys.executable, '-m', 'pose_ros.annotate_bag', '-p', 'model:=lite']
NOISE = random.Random(5).randbytes(5000)
MakeJob = Callable[..., Job]
KILLS = int(os.environ.get('KILLS', '4'))


def run(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, from a folder without our source."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        text=True,
        capture_output=True,
        timeout=100,
        check=False,
    )


def test_boxes_of_a_detector_that_does_not_run_are_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        read_arguments(['a.mcap', '-o', str(tmp_path), '-p', 'search:=regions'])
    assert 'for recordings, wanted image or windows' in capsys.readouterr().err


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command in a group of its own; what is left of it in the end is killed."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for each in processes:
        with suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.communicate()


def until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f'waited {seconds} s for {what}'
        time.sleep(0.02)


@pytest.fixture
def bags(models: dict[str, Path], messages: list[Message], tmp_path: Path) -> list[Path]:
    assert models['lite']
    return [
        write_bag(tmp_path / 'in' / name, kind, messages[first : first + 8])
        for name, kind, first in (('a', 'mcap', 0), ('b', 'sqlite3', 8), ('c', 'ros1', 16))
    ]


def test_many_recordings_and_bad_ones_among_them(bags: list[Path], tmp_path: Path) -> None:
    (tmp_path / 'bad.mcap').write_bytes(b'nothing')
    given = [bags[0], tmp_path / 'bad.mcap', *bags[1:], tmp_path / 'none']
    done = run(*given, '-o', 'out', '--csv', folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count('done: ') == 3
    assert done.stderr.count('FAILED: ') == 2
    for bag in bags:
        assert (tmp_path / 'out' / bag.stem / 'landmarks.csv').exists()
    several = run(*bags, '-o', 'several', '--csv', '--jobs', '2', folder=tmp_path)
    assert several.returncode == 0, several.stderr
    assert files(tmp_path / 'several') == files(tmp_path / 'out')
    again = run(*bags, '-o', 'out', '--csv', folder=tmp_path)
    assert again.stderr.count('is there already') == 3


def test_other_options_do_not_mix_with_what_is_there(bags: list[Path], tmp_path: Path) -> None:
    assert run(bags[0], '-o', 'out', folder=tmp_path).returncode == 0
    before = files(tmp_path / 'out')
    other = run(bags[0], '-o', 'out', '-p', 'num_poses:=2', folder=tmp_path)
    assert other.returncode == 1
    assert 'parameters' in other.stderr
    assert '--overwrite' in other.stderr
    assert files(tmp_path / 'out') == before
    replaced = run(bags[0], '-o', 'out', '-p', 'num_poses:=2', '--overwrite', folder=tmp_path)
    assert replaced.returncode == 0
    assert files(tmp_path / 'out') != before


def test_a_folder_of_somebody_else_is_never_replaced(bags: list[Path], tmp_path: Path) -> None:
    (tmp_path / 'out/a').mkdir(parents=True)
    (tmp_path / 'out/a/thesis.txt').write_text('years of work')
    done = run(bags[0], '-o', 'out', '--overwrite', folder=tmp_path)
    assert done.returncode == 1
    assert 'is not replaced' in done.stderr
    assert (tmp_path / 'out/a/thesis.txt').read_text() == 'years of work'


def test_results_never_lie_in_a_recording_nor_it_in_them(bags: list[Path], tmp_path: Path) -> None:
    before = files(tmp_path / 'in')
    inside = run(bags[0], '-o', 'in/a', folder=tmp_path)
    assert inside.returncode == 1
    assert 'in the recording itself (in/a/a)' in inside.stderr
    around = run('in/a/a.mcap', '-o', 'in', '--overwrite', folder=tmp_path)
    assert around.returncode == 1
    assert 'in the folder that its results would have (in/a)' in around.stderr
    assert files(tmp_path / 'in') == before


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['a.mcap', 'sub/a.mcap', '-o', 'out'], 'would both be written'),
        (['a', '-o', '.'], 'replaced by its own results'),
        (['a.mcap', '-o', 'out', '-j', '0'], 'at least 1'),
        (['a.mcap', '-o', 'out', '-p', 'num_poses:=0'], '1 to 32'),
        (['a.mcap', '-o', 'out', '--params', 'none.yaml'], 'No such file'),
        (['a.mcap', '-o', 'out', '--outputs', 'songs'], 'songs'),
        (['a.mcap', '-o', 'a.mcap'], 'but a.mcap is a file; choose another folder with -o'),
        (['a.mcap', '-o', 'a.mcap/deep/er'], 'but a.mcap is a file; choose another'),
        (['a.mcap', '-o', 'lost'], 'but lost is a link to a place that is not there'),
        (['a.mcap', '-o', 'lost/er'], 'but lost is a link to a place that is not there'),
        (['a.mcap', '-o', '/dev/null'], 'but /dev/null is a device or a pipe'),
    ],
)
def test_arguments_that_cannot_be_meant(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / 'a').mkdir()
    (tmp_path / 'sub').mkdir()
    (tmp_path / 'lost').symlink_to(tmp_path / 'nowhere/at all')
    for each in ('a.mcap', 'sub/a.mcap'):
        (tmp_path / each).write_bytes(b'')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        read_arguments(arguments)
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize('kind', ['file', 'link', 'no place', 'too long'])
def test_a_place_that_cannot_be_written_is_said_before_the_work(
    messages: list[Message], tmp_path: Path, job: MakeJob, kind: str
) -> None:
    bag = write_bag(tmp_path / 'walk', 'mcap', messages[:2])
    folder = tmp_path / 'out'
    if kind == 'file':
        folder.touch()
    elif kind == 'link':
        folder.symlink_to(tmp_path / 'nowhere')
    elif kind == 'no place':
        folder = Path('/proc/none/out')  # where not even root makes a folder
    else:
        folder = tmp_path / ('long' * 70)
    for replaces in (False, True):
        report = report_of(replace(job(bag), folder=folder, replaces=replaces))
        assert not report.done
        assert not report.frames
        assert str(folder) in report.text
        assert '[Errno' not in report.text
        assert 'choose another folder with -o' in report.text or kind == 'too long'
    if kind == 'file':
        assert folder.read_bytes() == b''


def test_a_folder_that_only_others_may_write(messages: list[Message], tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip('root may write everywhere')
    bag = write_bag(tmp_path / 'walk', 'mcap', messages[:2])
    (tmp_path / 'theirs').mkdir(mode=0o555)
    done = run(bag, '-o', 'theirs', folder=tmp_path)
    assert done.returncode == 1
    assert 'theirs/walk: cannot be written: Permission denied; choose another' in done.stderr


def test_a_failure_names_the_recording_once(tmp_path: Path) -> None:
    names = ['text.mcap', 'noise.db3', 'noise1.bag', 'notes.txt', 'empty.bag', 'none.mcap']
    for name, data in zip(names, [b'hello', NOISE, NOISE, b'hello', b''], strict=False):
        (tmp_path / name).write_bytes(data)
    (tmp_path / 'folder').mkdir()
    paths = [tmp_path / each for each in (*names, 'folder')]
    done = run(*paths, '-o', 'out', folder=tmp_path)
    assert done.returncode == 1
    lines = [each for each in done.stderr.splitlines() if each.startswith('FAILED: ')]
    assert len(lines) == len(paths)
    for path, line in zip(paths, lines, strict=True):
        assert line.startswith(f'FAILED: {path}: ')
        assert line.count(str(path)) == 1, line
    assert not [each for each in done.stderr.splitlines() if 'FAILED' in each[1:]]


def test_pictures_too_small_for_a_video_are_named(models: dict[str, Path], tmp_path: Path) -> None:
    assert models['lite']
    (tmp_path / 'dots').mkdir()
    for name in ('1.png', '2.png'):
        cv2.imwrite(str(tmp_path / 'dots' / name), np.zeros((1, 1, 3), np.uint8))
    done = run('dots', '-o', 'out', '--video', folder=tmp_path)
    assert done.returncode == 1
    assert 'pictures of 1x1 pixels; wanted sides of 2 to 8191 pixels' in done.stderr
    assert 'without --video' in done.stderr
    assert run('dots', '-o', 'out', '--csv', folder=tmp_path).returncode == 0


def test_a_mistake_is_said_at_once(tmp_path: Path) -> None:
    done = run('a.mcap', '-o', 'out', '-j', '0', folder=tmp_path)
    assert done.returncode == 2
    assert '--jobs: wanted at least 1, got 0' in done.stderr


def test_parameters_that_mean_something_else_here_are_said() -> None:
    given = read_arguments(
        ['a.mcap', '-o', 'out', '-p', 'running_mode:=live_stream', '-p', 'hri:=true']
    )
    assert any('counts as video' in each for each in given.notes)
    assert any("ROS4HRI's topics are not written" in each for each in given.notes)


def test_what_the_user_should_know_beforehand(bags: list[Path], tmp_path: Path) -> None:
    done = run(bags[0], '-o', 'out', '-j', '4', '-p', 'num_pose:=2', '--outputs', folder=tmp_path)
    assert done.returncode == 0
    assert 'num_pose: the node has no such parameter' in done.stderr
    assert 'one process: ids and smoothing' in done.stderr
    assert set(files(tmp_path / 'out/a')) == {'annotated.json'}


@pytest.mark.timeout(400)
def test_killed_at_random_moments_and_started_again_it_ends_the_same(
    bags: list[Path], tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    arguments = ['--csv', '--video', '-j', '2']
    began_s = time.monotonic()
    assert run(*bags, '-o', 'whole', *arguments, folder=tmp_path).returncode == 0
    whole_s = time.monotonic() - began_s
    chance = random.Random(3)
    for _ in range(KILLS):
        process = started(*bags, '-o', 'out', *arguments)
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, whole_s))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for folder in (tmp_path / 'out').glob('[!.]*'):
            assert files(folder) == files(tmp_path / 'whole' / folder.name), 'whole or not there'
        if chance.random() < 0.3:  # else nothing would be left to do
            for folder in (tmp_path / 'out').glob('[!.]*'):
                folder.rename(tmp_path / f'gone_{process.pid}_{folder.name}')
    assert run(*bags, '-o', 'out', *arguments, folder=tmp_path).returncode == 0
    assert files(tmp_path / 'out') == files(tmp_path / 'whole')


@pytest.mark.usefixtures('hangups_heard')
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_whole_folders_only(
    frames: object,
    bags: list[Path],
    tmp_path: Path,
    started: Callable[..., subprocess.Popen[str]],
    number: signal.Signals,
) -> None:
    process = started(*bags, '-o', 'out')
    until(lambda: part_folder(tmp_path / 'out/b').exists(), 'the second recording')
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert 'goes on with what is not done' in output
    assert {each.name for each in (tmp_path / 'out').iterdir()} <= {'a', 'b'}
    assert run(*bags, '-o', 'out', folder=tmp_path).returncode == 0
    assert {each.name for each in (tmp_path / 'out').iterdir()} == {'a', 'b', 'c'}


def children(pid: int) -> list[int]:
    text = Path(f'/proc/{pid}/task/{pid}/children').read_text()
    named = [(int(each), Path(f'/proc/{each}/cmdline').read_text()) for each in text.split()]
    return [each for each, line in named if 'spawn_main' in line]


def test_a_process_that_crashes_takes_nobody_with_it(
    bags: list[Path], tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started(*bags, '-o', 'out')
    until(lambda: part_folder(tmp_path / 'out/a').exists(), 'the first recording')
    [worker] = children(process.pid)
    os.kill(worker, signal.SIGSEGV)
    output, _ = process.communicate(timeout=100)
    assert process.returncode == 1
    assert 'SIGSEGV' in output
    assert output.count('done: ') == 2


def test_a_worker_without_its_parent_gives_up(
    bags: list[Path], tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started(*bags, '-o', 'out')
    until(lambda: part_folder(tmp_path / 'out/a').exists(), 'the first recording')
    [worker] = children(process.pid)
    process.kill()
    until(lambda: not Path(f'/proc/{worker}').exists(), 'the end of the worker')
    assert not (tmp_path / 'out/b').exists()


def test_a_full_disk(bags: list[Path], tmp_path: Path) -> None:
    small = tmp_path / 'small'
    small.mkdir()
    mounted = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip('a small file system can only be mounted by root')
    try:
        done = run(bags[0], '-o', small / 'out', '--outputs', 'overlay', folder=tmp_path)
        assert done.returncode == 1
        assert 'the disk is full' in done.stderr
        assert list((small / 'out').iterdir()) == []
        video = run(bags[0], '-o', small / 'out', '--merge', '--video', folder=tmp_path)
        assert video.returncode == 1
        assert 'disk' in video.stderr
        assert list((small / 'out').iterdir()) == []
        landmarks = run(bags[0], '-o', small / 'out', folder=tmp_path)
        assert landmarks.returncode == 0, landmarks.stderr
    finally:
        subprocess.run(['umount', small], check=True)


def test_two_processes_do_not_write_one_folder(tmp_path: Path) -> None:
    folder = tmp_path / 'out'
    part_folder(folder).mkdir()
    with (part_folder(folder) / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BusyError, match='another process'), whole_folder(folder):
            raise AssertionError('not reached')


def test_the_bag_that_is_played_has_what_was_asked_for(bags: list[Path], tmp_path: Path) -> None:
    done = run(
        bags[2],
        '-o',
        'out',
        '--storage',
        'sqlite3',
        '--merge',
        '--outputs',
        'landmarks',
        'overlay/compressed',
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert set(contents(tmp_path / 'out/c')) == {
        '/image_raw',
        '/pose/landmarks',
        '/pose/overlay/compressed',
    }
    assert list((tmp_path / 'out/c').glob('*.db3'))


def test_the_guide_names_options_that_there_are(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / 'docs/recordings.md').read_text()
    commands = [line for line in guide.splitlines() if 'annotate_bag ' in line or '| `--' in line]
    named = {each for line in commands for each in re.findall(r'(?<!\S|\w)`?(--[a-z-]+)', line)}
    known = set(re.findall(r'--[a-z-]+', run('--help', folder=tmp_path).stdout))
    assert {'--jobs', '--params', '--lerobot', '--merge'} <= named
    assert named <= known | {'--array', '--wrap'}


@pytest.mark.parametrize('stderr', ['2>&-', '2>/dev/full'])
def test_nobody_who_can_be_told_is_no_reason_to_fail(
    messages: list[Message], tmp_path: Path, stderr: str
) -> None:
    bag = write_bag(tmp_path / 'walk', 'mcap', messages[:5])
    command = shlex.join([*COMMAND, str(bag), '-o', 'out', '--csv', '--outputs'])
    done = subprocess.run(
        ['bash', '-c', f'{command} {stderr}'], cwd=tmp_path, timeout=100, check=False
    )
    assert done.returncode == 0
    assert (tmp_path / 'out/walk/landmarks.csv').is_file()


def test_a_recording_of_which_no_picture_can_be_used_fails(tmp_path: Path) -> None:
    messages = stamped(pictures(3))
    for each in messages:
        each.content.encoding = 'foo16'
    bag = write_bag(tmp_path / 'odd', 'mcap', messages)
    done = run(bag, '-o', 'out', folder=tmp_path)
    assert done.returncode == 1
    assert 'no picture could be used' in done.stderr
    assert 'foo16' in done.stderr
    assert not list((tmp_path / 'out').iterdir())
