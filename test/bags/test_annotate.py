# SPDX-License-Identifier: Apache-2.0
"""What is written of a recording: of every format the same, the same at every run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest
from rosbags.highlevel import AnyReader

from pose_ros.bags.annotate import annotate
from pose_ros.bags.bag_outputs import BAG_OUTPUTS
from pose_ros.bags.cameras import TopicChoice
from pose_ros.bags.cdr import serialize
from pose_ros.bags.job import Job, Progress
from pose_ros.bags.made import FILE_NAME
from pose_ros.bags.recording import RecordingError
from pose_ros.msg import PoseLandmarks
from pose_ros.stream.parameters import Parameters
from simulation.bag_files import (
    FORMATS,
    Message,
    camera_info,
    contents,
    depth_image,
    files,
    jpeg,
    landmarks,
    stamped,
    write_bag,
)

MakeJob = Callable[..., Job]
Frames = list[NDArray[np.uint8]]


@pytest.mark.parametrize('kind', FORMATS)
def test_every_format_gives_the_same(
    messages: list[Message], tmp_path: Path, job: MakeJob, kind: str
) -> None:
    reference = job(write_bag(tmp_path / 'reference', 'mcap', messages), 'expected')
    assert annotate(reference).frames == len(messages)
    one = job(write_bag(tmp_path / 'recorded', kind, messages))
    report = annotate(one)
    assert report.done
    assert contents(one.folder) == contents(reference.folder)
    assert [log_ns for log_ns, _ in contents(one.folder)['/pose/landmarks']] == [
        each.log_ns for each in messages
    ]
    assert [each.header for each in landmarks(one.folder)] == [
        each.content.header for each in messages
    ]


def test_a_file_of_a_bag_is_a_recording_too(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    folder = write_bag(tmp_path / 'recorded', 'mcap', messages)
    one, other = job(folder, 'a'), job(next(folder.glob('*.mcap')), 'b')
    assert annotate(one).done
    assert annotate(other).done
    assert contents(one.folder) == contents(other.folder)


@pytest.mark.parametrize('search', ['image', 'windows'])
def test_two_runs_write_identical_files(
    messages: list[Message], tmp_path: Path, job: MakeJob, lite: Parameters, search: str
) -> None:
    path = write_bag(tmp_path / 'walk', 'mcap', messages)
    wanted = {
        'outputs': tuple(each.name for each in BAG_OUTPUTS),
        'parameters': replace(lite, search=search, num_poses=4),
    }
    runs = [job(path, out, **wanted) for out in ('a', 'b')]
    for each in runs:
        assert annotate(each).done
    first, second = (files(each.folder) for each in runs)
    assert first.keys() >= {'walk.mcap', 'metadata.yaml', 'annotated.json'}
    assert first == second


def test_compressed_images_and_pictures_in_files(
    frames: Frames, messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    compressed = [
        Message('/image_raw/compressed', each.log_ns, jpeg(each.content)) for each in messages
    ]
    bag = job(write_bag(tmp_path / 'jpegs', 'mcap', compressed), 'bag')
    assert annotate(bag).frames == len(frames)
    folder = tmp_path / 'pictures'
    folder.mkdir()
    for number, each in enumerate(compressed):
        (folder / f'picture_{number}.jpg').write_bytes(each.content.data.tobytes())
    pictures = job(folder, 'folder')
    assert annotate(pictures).frames == len(frames)
    points = [
        [[each.poses[0].landmarks[0].x] for each in landmarks(one.folder) if each.poses]
        for one in (bag, pictures)
    ]
    assert points[0] == points[1]
    stamps = [each.header.stamp for each in landmarks(pictures.folder)]
    assert [stamps[0].sec, stamps[0].nanosec] == [1, 0]
    assert stamps[3].nanosec == 100_000_000


def test_a_video(frames: Frames, tmp_path: Path, job: MakeJob) -> None:
    path = tmp_path / 'clip.mp4'
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'mp4v'), 25.0, (width, height))
    for rgb in frames:
        writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    writer.release()
    progress: list[Progress] = []
    one = job(path)
    assert annotate(one, progress.append).frames == len(frames)
    assert (progress[-1].frames, progress[-1].total) == (len(frames), len(frames))
    found = landmarks(one.folder)
    assert (found[0].image_width, found[0].image_height) == (width, height)
    assert any(each.poses for each in found)
    times = [each.header.stamp.sec + each.header.stamp.nanosec / 1e9 for each in found]
    assert times == pytest.approx([1 + index / 25 for index in range(len(frames))])


def test_depth_of_the_same_instant_is_used_when_it_comes_after_the_image(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    recorded: list[Message] = []
    for each in messages[:6]:
        info = Message('/camera_info', each.log_ns + 1, camera_info(each.content))
        depth = Message('/depth', each.log_ns + 2_000_000, depth_image(each.content, 4.0))
        recorded += [each, info, depth]
    one = job(write_bag(tmp_path / 'depth', 'mcap', recorded))
    assert annotate(one).done
    people = [person for each in landmarks(one.folder) for person in each.poses]
    assert people
    assert {each.position_source for each in people} == {PoseLandmarks.POSITION_DEPTH}
    assert [each.position.z for each in people] == pytest.approx([4.0] * len(people), abs=0.3)


def test_depth_in_another_frame_is_not_used(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    recorded: list[Message] = []
    for each in messages[:3]:
        depth = depth_image(each.content, 4.0)
        depth.header.frame_id = 'depth_optical_frame'
        recorded += [
            Message('/camera_info', each.log_ns - 1, camera_info(each.content)),
            Message('/depth', each.log_ns, depth),
            each,
        ]
    one = job(write_bag(tmp_path / 'depth', 'mcap', recorded))
    assert annotate(one).done
    people = [person for each in landmarks(one.folder) for person in each.poses]
    assert {each.position_source for each in people} == {PoseLandmarks.POSITION_CAMERA_INFO}
    named = job(one.path, 'named', topics=TopicChoice(depth='/depth'))
    assert annotate(named).done
    people = [person for each in landmarks(named.folder) for person in each.poses]
    assert {each.position_source for each in people} == {PoseLandmarks.POSITION_CAMERA_INFO}
    assert 'registered (aligned) depth' in (named.folder / FILE_NAME).read_text()


def test_two_cameras_are_two_nodes(frames: Frames, tmp_path: Path, job: MakeJob) -> None:
    both = [
        each
        for name, chosen in (('front', frames[:8]), ('rear', frames[8:16]))
        for each in stamped(chosen, f'/{name}/image_raw')
    ]
    both.sort(key=lambda each: each.log_ns)
    one = job(write_bag(tmp_path / 'both', 'mcap', both))
    assert annotate(one).frames == 16
    assert set(contents(one.folder)) == {
        f'/{name}/pose/{output}'
        for name in ('front', 'rear')
        for output in ('landmarks', 'markers')
    }
    alone = job(one.path, 'alone', topics=TopicChoice(images=('/rear/image_raw',)))
    assert annotate(alone).frames == 8
    assert [data for _, data in contents(alone.folder)['/pose/landmarks']] == [
        data for _, data in contents(one.folder)['/rear/pose/landmarks']
    ]


def test_cameras_whose_names_are_alike_in_files(
    frames: Frames, tmp_path: Path, job: MakeJob
) -> None:
    both = [each for name in ('a/b', 'a_b') for each in stamped(frames[:2], f'/{name}/image_raw')]
    both.sort(key=lambda each: each.log_ns)
    one = job(write_bag(tmp_path / 'both', 'mcap', both), exports=('csv',))
    assert annotate(one).frames == 4
    assert {'/a/b/pose/landmarks', '/a_b/pose/landmarks'} < set(contents(one.folder))


@pytest.mark.parametrize('kind', FORMATS)
def test_merged_with_the_originals(
    messages: list[Message], tmp_path: Path, job: MakeJob, kind: str
) -> None:
    recorded = [
        Message('/camera_info', messages[0].log_ns - 1, camera_info(messages[0].content)),
        *messages[:5],
    ]
    path = write_bag(tmp_path / 'recorded', kind, recorded)
    one = job(path, merges=True)
    assert annotate(one).done
    found = contents(one.folder)
    assert set(found) == {'/camera_info', '/image_raw', '/pose/landmarks', '/pose/markers'}
    assert found['/image_raw'] == [
        (each.log_ns, serialize(each.content, 'sensor_msgs/msg/Image')) for each in recorded[1:]
    ]
    again = job(one.folder, 'again')
    assert annotate(again).frames == 5, 'its own outputs are no cameras'


def test_no_reader_needs_our_package(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    one = job(write_bag(tmp_path / 'walk', 'mcap', messages[:5]))
    assert annotate(one).done
    ours = landmarks(one.folder)
    with AnyReader([one.folder]) as reader:  # with nothing but what is in the bag
        read = [
            reader.deserialize(data, connection.msgtype)
            for connection, _, data in reader.messages()
            if connection.topic == '/pose/landmarks'
        ]
        definition = next(
            each.msgdef.data for each in reader.connections if each.topic == '/pose/landmarks'
        )
    assert 'fractions of the image' in definition, 'comments say what the numbers mean'
    for mine, theirs in zip(ours, read, strict=True):
        assert mine.header.stamp.nanosec == theirs.header.stamp.nanosec
        for person, other in zip(mine.poses, theirs.poses, strict=True):
            assert [each.x for each in person.landmarks] == [each.x for each in other.landmarks]
            assert person.track_id == other.track_id


def test_annotations_need_no_package_of_foxglove(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    one = job(write_bag(tmp_path / 'walk', 'mcap', messages[:5]), outputs=('annotations',))
    assert annotate(one).done
    with AnyReader([one.folder]) as reader:
        [connection] = reader.connections
        assert connection.msgtype == 'foxglove_msgs/msg/ImageAnnotations'
        read: list[Any] = [
            reader.deserialize(data, connection.msgtype) for _, _, data in reader.messages()
        ]
    assert len(read) == 5
    assert all(each.texts for each in read)
    width = messages[0].content.width
    assert all(0 <= point.x <= width for each in read for point in each.points[0].points)


def test_pictures_larger_than_the_parameter_are_dropped(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    values = Parameters(model='lite', max_image_pixels=1000)
    bag = write_bag(tmp_path / 'walk', 'mcap', messages[:3])
    with pytest.raises(RecordingError, match=r'3 dropped \(3 invalid\).*raise max_image_pixels'):
        annotate(job(bag, parameters=values))


def test_a_stream_that_begins_again_is_said(
    messages: list[Message], tmp_path: Path, job: MakeJob
) -> None:
    later = [replace(each, log_ns=each.log_ns + 10**10) for each in messages[:3]]
    middle = messages[3:4]
    middle[0].content.header.stamp.sec += 5
    one = job(write_bag(tmp_path / 'loop', 'mcap', [*messages[:3], *middle, *later]))
    report = annotate(one)
    assert report.frames == 7
    assert any('tracking began again: 1x' in each for each in report.warnings)


def test_clock_rules_are_the_nodes(messages: list[Message], tmp_path: Path, job: MakeJob) -> None:
    repeated = Message('/image_raw', messages[2].log_ns + 1, messages[2].content)
    one = job(write_bag(tmp_path / 'walk', 'mcap', [*messages[:3], repeated, *messages[3:6]]))
    report = annotate(one)
    assert report.frames == 6
    assert '1 dropped (1 repeated)' in report.text
