# SPDX-License-Identifier: Apache-2.0
"""Stills, a visitor's camera and recordings, from the browser to ROS and back."""

from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image as Pillow
import pytest
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from pose_ros.page.stills import MOST_WAITING
from simulation.ros_world import World

rosbags_rosbag2 = pytest.importorskip('rosbags.rosbag2', reason='needs rosbags')
pytestmark = pytest.mark.timeout(300)


def test_a_dropped_photograph_gives_its_people(visit: Any, photograph: Path) -> None:
    visit.evaluate(
        """async (bytes) => {
            const files = new DataTransfer();
            files.items.add(new File([new Uint8Array(bytes)], 'her.png', {type: 'image/png'}));
            document.dispatchEvent(new DragEvent('drop', {dataTransfer: files}));
        }""",
        list(photograph.read_bytes()),
    )
    visit.wait_for_selector('figcaption:has-text("her.png: 1 person")', timeout=60_000)
    assert visit.locator('.pose-stills canvas').first.is_visible()
    counted = visit.evaluate('posePage.counts.frames')
    visit.wait_for_function(f'posePage.counts.frames > {counted}', timeout=30_000)


def test_what_is_no_picture_is_said(visit: Any) -> None:
    visit.click('text=Stills')
    visit.set_input_files(
        '.pose-drop input', {'name': 'no.png', 'mimeType': 'image/png', 'buffer': b'nothing'}
    )
    words = visit.wait_for_selector('figcaption:has-text("no.png: wanted a JPEG")', timeout=30_000)
    assert 'got something else' in words.inner_text()


def test_files_that_are_no_pictures_and_too_many_are_said(visit: Any) -> None:
    visit.click('text=Stills')
    files = [
        {'name': f'{number}.pdf', 'mimeType': 'application/pdf', 'buffer': b'%PDF'}
        for number in range(10)
    ]
    visit.set_input_files('.pose-drop input', files)
    visit.wait_for_selector('figcaption:has-text("0.pdf: this file is no picture")')
    visit.wait_for_selector('.pose-stills >> text=8 files at a time: 2 were left out.')
    visit.set_input_files('.pose-drop input', files[:1])
    visit.wait_for_selector('.pose-stills >> text=left out', state='detached')


@pytest.mark.parametrize(
    ('path', 'code', 'words'),
    [
        ('stream/' + 'n' * 200, 4404, 'no pose node /nnn'),
        ('camera/' + 'камера' * 30, 4400, '/камера'),
    ],
)
def test_a_long_name_is_refused_in_words(
    visit: Any, address: str, path: str, code: int, words: str
) -> None:
    closed = visit.evaluate(
        """(address) => new Promise((resolve) => {
            const socket = new WebSocket(address);
            socket.onclose = (event) => resolve([event.code, event.reason]);
        })""",
        f'{address.replace("http", "ws", 1)}/{path}',
    )
    assert closed[0] == code
    assert closed[1].startswith(words)


def test_too_large_a_picture_is_refused(visit: Any, address: str) -> None:
    status = visit.evaluate(
        """async (address) => {
            const body = new Uint8Array(21_000_000);
            return (await fetch(address + '/stills/pose', {method: 'POST', body})).status;
        }""",
        address,
    )
    assert status == 422


def test_too_many_pictures_at_once_are_refused(address: str, photograph: Path) -> None:
    host = urlsplit(address).netloc
    picture = photograph.read_bytes()
    with ExitStack() as stack:
        for _ in range(MOST_WAITING):
            begun = stack.enter_context(closing(HTTPConnection(host, timeout=30)))
            begun.putrequest('POST', '/stills/pose')
            begun.putheader('Content-Length', str(len(picture)))
            begun.endheaders(picture[:1000])
        status, words = _posted(host, b'one more')
        while 'wait already' not in words:  # the page has not met all of the others yet
            assert status == 422
            status, words = _posted(host, b'one more')
    while 'wait already' in (answer := _posted(host, picture))[1]:
        assert answer[0] == 422
    assert answer[0] == 200


def _posted(host: str, body: bytes) -> tuple[int, str]:
    with closing(HTTPConnection(host, timeout=30)) as connection:
        connection.request('POST', '/stills/pose', body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors='replace')


def test_the_devices_camera_is_a_ros_camera(visit: Any, ros: World) -> None:
    images = ros.collect_later(Image, '/tablet/image_raw')
    jpegs = ros.collect_later(CompressedImage, '/tablet/image_raw/compressed')
    infos = ros.collect_later(CameraInfo, '/tablet/camera_info')
    visit.click('[role=tab]:has-text("Camera")')
    visit.fill('.pose-camera input >> nth=0', '/tablet/image_raw')
    visit.fill('.pose-camera input >> nth=1', '90')
    visit.click('.pose-camera button')
    ros.until(lambda: len(images) > 5 and infos and jpegs)
    visit.click('.pose-camera button')
    image, info = images[-1], infos[-1]
    assert (image.width, image.height, image.encoding) == (640, 480, 'rgb8')
    assert np.std(image.data) > 10
    assert bytes(jpegs[-1].data[:2]) == b'\xff\xd8'
    assert info.k[0] == pytest.approx(320.0)
    assert (info.width, info.height) == (640, 480)
    assert {each.header.stamp.nanosec for each in images} & {
        each.header.stamp.nanosec for each in infos
    }


def download(visit: Any, suffix: str, folder: Path) -> None:
    """Save the newest file of a recording as recording.SUFFIX."""
    with visit.expect_download() as offered:
        visit.locator(f'.pose-results a:has-text(".{suffix}")').last.click()
    offered.value.save_as(folder / f'recording.{suffix}')


def test_a_recording_is_a_bag_and_a_moving_picture(visit: Any, tmp_path: Path) -> None:
    from rosbags.highlevel import AnyReader

    from pose_ros.page.bag_file import typestore

    visit.click('[role=tab]:has-text("Record")')
    visit.click('button:has-text("Record 10 s")')
    visit.wait_for_selector('.pose-results a', timeout=90_000)
    for suffix in ('mcap', 'webp'):
        download(visit, suffix, tmp_path)
    with Pillow.open(tmp_path / 'recording.webp') as picture:
        assert getattr(picture, 'n_frames', 1) > 5
    with AnyReader([tmp_path / 'recording.mcap'], default_typestore=typestore()) as reader:
        stamps: dict[str, list[int]] = {}
        for connection, _, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            stamp = message.header.stamp
            if connection.topic == '/diagnostics':
                (status,) = message.status
            stamps.setdefault(connection.topic, []).append(stamp.sec * 10**9 + stamp.nanosec)
    assert len(stamps['/pose/landmarks']) > 10
    assert set(stamps['/pose/landmarks']) & set(stamps['/image_raw/compressed'])
    assert stamps['/camera_info'] == stamps['/image_raw/compressed']
    assert 5 < len(stamps['/diagnostics']) < 15
    assert status.name == '/pose: pose landmarker'
    assert {'rate out (Hz)', 'latency median (ms)'} <= {each.key for each in status.values}


def test_a_recording_in_which_the_node_stops_has_what_it_took(
    visit: Any, ros: World, tmp_path: Path
) -> None:
    from rosbags.highlevel import AnyReader

    from pose_ros.page.bag_file import typestore

    visit.click('[role=tab]:has-text("Record")')
    before = visit.locator('.pose-results a').count()
    visit.wait_for_function('posePage.frame?.people.length > 0', timeout=60_000)
    visit.click('button:has-text("Record 10 s")')
    visit.wait_for_timeout(4000)
    visit.click('[aria-label="Node active"]')
    visit.wait_for_selector('.pose-state >> text=inactive', timeout=30_000)
    try:
        visit.wait_for_function(
            f'document.querySelectorAll(".pose-results a").length > {before}', timeout=90_000
        )
        download(visit, 'mcap', tmp_path)
    finally:
        visit.click('[aria-label="Node active"]')
        visit.wait_for_function('posePage.frame?.people.length > 0', timeout=60_000)
    with AnyReader([tmp_path / 'recording.mcap'], default_typestore=typestore()) as reader:
        counts = {each.topic: each.msgcount for each in reader.connections}
    assert counts['/pose/landmarks'] > 0
    assert counts['/camera_info'] == counts['/image_raw/compressed'] > 0
