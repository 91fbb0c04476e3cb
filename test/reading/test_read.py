# SPDX-License-Identifier: Apache-2.0
"""`pose_ros.read`: bags, tables and topics as arrays, tables and plots; the notebook runs."""

from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import subprocess
import sys

import matplotlib as mpl
from matplotlib import pyplot
import nbformat
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros import read
from pose_ros.bags.annotate import annotate
from pose_ros.bags.job import Job, Wanted
from pose_ros.msg import PoseLandmarks, PoseLandmarksArray
from pose_ros.poses.skeleton import Landmark
from pose_ros.stream.parameters import Parameters
from simulation.bag_files import landmarks, pictures, stamped, write_bag
from simulation.ros_world import World, image_message

mpl.use('agg')

NOTEBOOK = Path(__file__).parents[2] / 'examples/read_landmarks.ipynb'


@pytest.fixture(scope='module')
def walk(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A recording, and what annotate_bag wrote of it."""
    assert models['lite']
    folder = tmp_path_factory.mktemp('walk')
    path = write_bag(folder / 'walk', 'mcap', stamped(pictures(20)))
    wanted = Wanted(
        Parameters(model='lite', num_poses=2, horizontal_fov=60.0), exports=('parquet', 'csv')
    )
    job = Job(path, folder / 'out' / 'walk', wanted)
    assert annotate(job).done
    return path, job.folder


def test_a_bag_as_arrays(walk: tuple[Path, Path]) -> None:
    people, messages = read.recording(walk[1]), landmarks(walk[1])
    found = [(index, person) for index, each in enumerate(messages) for person in each.poses]
    assert len(people) == len(found) > 20
    assert people.frames.tolist() == [index for index, _ in found]
    assert people.landmarks.dtype == np.float32
    for row, (index, person) in enumerate(found):
        assert people.track_ids[row] == person.track_id
        assert people.landmarks[row, 5].tolist() == [
            getattr(person.landmarks[5], name)
            for name in ('x', 'y', 'z', 'visibility', 'presence')
        ]
        assert people.world_landmarks[row, 5, 0] == person.world_landmarks[5].x
        assert people.positions[row].tolist() == [
            person.position.x,
            person.position.y,
            person.position.z,
        ]
        assert people.sizes[row].tolist() == [
            messages[index].image_width,
            messages[index].image_height,
        ]


def test_a_table_is_the_same(walk: tuple[Path, Path]) -> None:
    bag, table = read.recording(walk[1]), read.recording(walk[1] / 'landmarks.parquet')
    for name in ('stamps_ns', 'frames', 'track_ids', 'landmarks', 'positions'):
        np.testing.assert_array_equal(getattr(bag, name), getattr(table, name))
    np.testing.assert_array_equal(bag.world_landmarks[..., :3], table.world_landmarks[..., :3])


def test_two_lines_to_a_pandas_table(walk: tuple[Path, Path]) -> None:
    table = read.recording(walk[1]).table
    assert len(table) == 33 * len(read.recording(walk[1]))
    noses = table[table.landmark == 'nose']
    assert noses.x.between(0, 1).all()
    assert table.time.max() == pytest.approx(19 / 30, abs=0.01)


def test_a_person_and_a_picture(walk: tuple[Path, Path]) -> None:
    people = read.recording(walk[1])
    assert set(people.person(1).track_ids) == {1}
    assert set(people.frame(3).frames) == {3}
    first = people.frame(0)
    rgb = read.picture(walk[0], int(first.stamps_ns[0]))
    np.testing.assert_array_equal(rgb, next(pictures(1)))


def test_what_is_not_there_is_said(walk: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(read.ReadingError, match='it has none'):
        read.recording(walk[0])
    with pytest.raises(read.ReadingError, match='/pose/landmarks'):
        read.recording(walk[1], topic='/other')
    with pytest.raises(read.ReadingError, match='wanted a bag or a table'):
        read.recording(tmp_path)
    with pytest.raises(read.ReadingError, match='stamp 7'):
        read.picture(walk[0], 7)


def test_a_bag_without_people_is_empty(models: dict[str, Path], tmp_path: Path) -> None:
    black = [np.zeros((64, 64, 3), np.uint8)] * 2
    path = write_bag(tmp_path / 'black', 'mcap', stamped(black))
    job = Job(path, tmp_path / 'out', Wanted(Parameters(model='lite'), exports=('parquet',)))
    assert annotate(job).done
    for each in (job.folder, job.folder / 'landmarks.parquet'):
        people = read.recording(each)
        assert len(people) == 0
        assert people.landmarks.shape == (0, 33, 5)
        assert people.table.empty


def test_a_bag_is_read_without_ros(walk: tuple[Path, Path], tmp_path: Path) -> None:
    """In a process that cannot import rclpy or our messages."""
    script = (
        'import sys\n'
        'for name in ("rclpy", "pose_ros.msg", "sensor_msgs", "mediapipe"):\n'
        '    sys.modules[name] = None\n'
        'from pose_ros import read\n'
        f'print(len(read.recording({str(walk[1])!r})))\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(read.recording(walk[1]))


def test_a_topic_as_arrays(ros: World, astronaut: NDArray[np.uint8]) -> None:
    publisher = ros.node.create_publisher(PoseLandmarksArray, '/pose/landmarks', 10)
    message = PoseLandmarksArray(header=image_message(astronaut, 5_000_000_000).header)
    message.poses = [PoseLandmarks(track_id=7)]
    message.poses[0].landmarks[Landmark.NOSE].x = 0.5
    ros.node.create_timer(0.05, lambda: publisher.publish(message))
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(read.topic, '/pose/landmarks', seconds=4.0)
        ros.until(reading.done)
    people = reading.result()
    assert len(people) > 3
    assert set(people.stamps_ns) == {5_000_000_000}
    assert set(people.track_ids) == {7}
    assert people.landmarks[0, Landmark.NOSE, 0] == 0.5


def test_a_silent_topic_is_said() -> None:
    with pytest.raises(read.ReadingError, match='is a node active'):
        read.topic('/nothing', seconds=0.2)


def test_plots_show_people(walk: tuple[Path, Path]) -> None:
    people = read.recording(walk[1])
    frame = people.frame(int(people.frames[-1]))
    rgb = read.picture(walk[0], int(frame.stamps_ns[0]))
    over_picture = read.plot_picture(rgb, frame)
    assert len(over_picture.lines) >= 12 * len(frame)
    x, y = over_picture.lines[0].get_data()
    assert ((x >= 0) & (x <= rgb.shape[1]) & (y <= rgb.shape[0])).all()
    in_space = read.plot_3d(frame)
    assert len(in_space.lines) == len(over_picture.lines)
    over_time = read.plot_over_time(people, 'left_wrist', 'y')
    assert len(over_time.lines) == len(set(people.track_ids))
    with pytest.raises(ValueError, match='left_wrist'):
        read.plot_over_time(people, 'tail')
    pyplot.close('all')


def test_a_line_over_time_has_a_gap_where_nobody_was_found(walk: tuple[Path, Path]) -> None:
    people = read.recording(walk[1]).person(1)
    whole = read.plot_over_time(people, 'left_wrist').lines[0].get_ydata()
    missed = people.frames[len(people) // 2]
    there = people._where(people.frames != missed)
    line = read.plot_over_time(there, 'left_wrist').lines[0].get_ydata()
    assert np.flatnonzero(np.isnan(line)).tolist() == [len(people) // 2]
    assert np.isfinite(whole).all()
    pyplot.close('all')


def test_numbers_in_the_3d_plot_do_not_lie_over_one_another(walk: tuple[Path, Path]) -> None:
    people = read.recording(walk[1])
    axes = read.plot_3d(people.frame(int(people.frames[-1])))
    ranges = [np.ptp(limits) for limits in (axes.get_xlim(), axes.get_ylim(), axes.get_zlim())]
    np.testing.assert_allclose(ranges, max(ranges), rtol=0.4)
    pyplot.close('all')


def test_what_a_notebook_prints_is_one_line(walk: tuple[Path, Path]) -> None:
    people = read.recording(walk[1])
    assert repr(people) == (
        f'<Sightings: {len(people)} in {len(set(people.frames))} pictures, '
        f'{people.times[-1]:.2f} s, track ids {sorted(set(people.track_ids.tolist()))}>'
    )
    assert repr(people.frame(10_000)) == '<Sightings: nobody>'


def test_the_notebook_runs(walk: tuple[Path, Path], tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get('outputs') for cell in notebook.cells), 'kept without outputs'
    script = tmp_path / 'run.py'
    script.write_text(
        'import nbclient, nbformat, sys\n'
        'notebook = nbformat.read(sys.argv[1], as_version=4)\n'
        'nbclient.NotebookClient(notebook, timeout=100, kernel_name="python3").execute()\n'
        'nbformat.write(notebook, sys.argv[2])\n'
    )
    done = subprocess.run(
        [sys.executable, script, NOTEBOOK, tmp_path / 'done.ipynb'],
        cwd=tmp_path,
        env={**os.environ, 'RECORDING': str(walk[0]), 'ANNOTATED': str(walk[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    done_notebook = nbformat.read(tmp_path / 'done.ipynb', as_version=4)  # type: ignore[no-untyped-call]
    outputs = [output for cell in done_notebook.cells for output in cell.get('outputs', [])]
    assert sum('image/png' in each.get('data', {}) for each in outputs) == 3
    assert any('left_wrist' in str(each) or 'nose' in str(each) for each in outputs)
