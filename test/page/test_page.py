# SPDX-License-Identifier: Apache-2.0
"""The process of the page: nodes come and go, tokens, slow browsers, an orderly end."""

from contextlib import ExitStack
from pathlib import Path
import signal
import socket
import subprocess
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from pose_ros.msg import PoseLandmarks, PoseLandmarksArray
from pose_ros.page.wire import HEAD
from simulation.page_processes import executable, pose_page
from simulation.ros_domain import other_domain
from simulation.ros_world import World

FORBIDDEN = 4403  # as pose_ros/page/routes.py has it
pytestmark = pytest.mark.timeout(300)


def status(address: str) -> int:
    try:
        with urlopen(Request(address), timeout=10) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def memory_mb(process: int) -> float:
    text = Path(f'/proc/{process}/status').read_text()
    return next(float(line.split()[1]) for line in text.splitlines() if 'VmRSS' in line) / 1e3


def test_nodes_and_the_page_come_and_go(
    chromium: Any, tmp_path: Path, models: dict[str, Path]
) -> None:
    model, domain = f'model:={models["lite"]}', other_domain()
    page = chromium.new_page()
    with pose_page(tmp_path / 'page', domain=domain) as address:
        page.goto(address)
        page.wait_for_selector('.pose-words >> text=ros2 launch pose_ros')
        page.wait_for_selector('.pose-empty >> text=Rate, latency')
        page.click('text="Copy as launch line"')
        page.wait_for_selector('.pose-offer >> text=ros2 launch pose_ros pose.launch.xml')
        page.click('.pose-offer >> text=Close')
        with executable('pose_node', tmp_path / 'node', '--ros-args', '-p', model, domain=domain):
            page.wait_for_selector('.pose-state >> text=unconfigured', timeout=60_000)
            page.click('[aria-label="Node active"]')
            page.wait_for_selector('.pose-state >> text=/^active/', timeout=60_000)
            page.wait_for_selector('.pose-words >> text=no image on /image', timeout=60_000)
            page.click('text="Use this device\'s camera"')
            page.wait_for_selector('.pose-camera', timeout=10_000)
        page.wait_for_selector('.pose-words >> text=/pose is gone', timeout=60_000)
    port = f'port:={urlsplit(address).port}'
    page.evaluate('window.isOld = true')
    with pose_page(tmp_path / 'again', port, domain=domain) as again:
        assert again == address
        page.wait_for_function('!window.isOld && document.title === "pose_ros"', timeout=60_000)
        page.wait_for_selector('.pose-words >> text=ros2 launch pose_ros')
    page.close()


def test_another_nodes_landmarks_are_shown_again_when_it_is_back(visit: Any, ros: World) -> None:
    """Nothing but landmarks is published, as when a bag is played that has no pictures."""
    other = '/rear/pose'

    def shown() -> bool:
        publisher.publish(PoseLandmarksArray(poses=[PoseLandmarks(track_id=77)]))
        return bool(visit.evaluate('posePage.frame?.people[0]?.id === 77'))

    def is_offered() -> bool:
        visit.wait_for_timeout(200)
        return bool(visit.locator('.q-menu .q-item', has_text=other).count())

    publisher = ros.node.create_publisher(PoseLandmarksArray, f'{other}/landmarks', 1)
    visit.wait_for_timeout(2500)
    visit.click('.pose-header .q-select')
    ros.until(is_offered)
    visit.click(f'.q-menu .q-item:has-text("{other}")')
    ros.until(shown)
    ros.node.destroy_publisher(publisher)
    gone = visit.locator('.pose-words', has_text=f'{other} is gone')
    gone.wait_for(state='visible', timeout=30_000)
    publisher = ros.node.create_publisher(PoseLandmarksArray, f'{other}/landmarks', 1)
    ros.until(shown)
    ros.node.destroy_publisher(publisher)


def test_ten_tabs_are_one_subscriber_for_the_node(address: str, ros: World) -> None:
    client = pytest.importorskip('websockets.sync.client')
    url = address.replace('http', 'ws') + '/stream/pose'
    _wait_for_pictures(client, url)
    before = ros.node.count_subscribers('/pose/landmarks')
    with ExitStack() as tabs:
        opened = [tabs.enter_context(client.connect(url)) for _ in range(10)]
        stamps = [HEAD.unpack_from(_next_bundle(tab))[:2] for tab in opened]
        assert all(stamps)
        ros.until(lambda: ros.node.count_publishers('/pose/landmarks'))
        ros.spin(1.0)
        for topic in ('/pose/landmarks', '/camera_info'):
            subscribers = ros.node.get_subscriptions_info_by_topic(topic)
            assert [each.node_name for each in subscribers].count('pose_page') == 1
    ros.until(lambda: ros.node.count_subscribers('/pose/landmarks') <= before)


def test_only_this_machine_is_listened_to(address: str) -> None:
    """127.0.0.2 is this machine, too, but not the address that the page is bound to."""
    port = urlsplit(address).port
    assert urlsplit(address).hostname == '127.0.0.1'
    socket.create_connection(('127.0.0.1', port), timeout=5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.2', port), timeout=5)


def test_another_address_needs_the_token_and_is_read_only(
    chromium: Any, tmp_path: Path, address: str
) -> None:
    """The fixture `address` runs the node that it looks at."""
    assert address
    with pose_page(tmp_path / 'log', 'host:=0.0.0.0') as everywhere:
        here = everywhere.replace(socket.gethostname(), '127.0.0.1')
        assert '?token=' in here
        assert status(here) == 200
        assert status(here.split('?')[0]) == 403
        page = chromium.new_page()
        page.goto(here)
        page.wait_for_selector('text=read-only')
        page.wait_for_selector('[data-name=num_poses]', state='attached', timeout=30_000)
        for control in ('input', '.q-slider', '.q-toggle', '.pose-drop', '.pose-camera'):
            assert not page.locator(f'.pose-side {control}').count(), control
        assert not page.locator('[aria-label="Node active"]').is_visible()
        answer = page.evaluate("fetch('/stills/pose', {method: 'POST'}).then((a) => a.status)")
        assert answer == 403
        closed = page.evaluate(
            """new Promise((done) => {
                const camera = new WebSocket(`ws://${location.host}/camera/image_raw`);
                camera.onclose = (event) => done(event.code);
            })"""
        )
        assert closed == FORBIDDEN
        page.close()


def test_a_taken_port_is_passed_over(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        taken.listen()
        port = taken.getsockname()[1]
        if port > 65500:
            pytest.skip('no port above it')
        with pose_page(tmp_path / 'log', f'port:={port}') as address:
            assert not address.endswith(f':{port}')
            assert status(address) == 200


def test_a_browser_that_sleeps_costs_no_memory(address: str, logs: Path) -> None:
    client = pytest.importorskip('websockets.sync.client')
    process = next(
        int(each.name)
        for each in Path('/proc').glob('[0-9]*')
        if str(logs / 'pose_page.log') in _outputs(each)
    )
    url = address.replace('http', 'ws') + '/stream/pose'
    _wait_for_pictures(client, url)
    with client.connect(url) as awake, client.connect(url) as _asleep:
        for _ in range(5):
            _next_bundle(awake)
        before_mb = memory_mb(process)
        for _ in range(60):
            _next_bundle(awake)
        assert memory_mb(process) - before_mb < 30


def _wait_for_pictures(client: Any, url: str) -> None:
    from websockets.exceptions import ConnectionClosed

    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            with client.connect(url) as connection:
                _next_bundle(connection)
                return
        except (ConnectionClosed, TimeoutError):  # no node yet
            time.sleep(0.2)
    pytest.fail('no picture came')


def _next_bundle(connection: Any) -> bytes:
    connection.send('next')
    while True:
        message = connection.recv(timeout=20)
        if isinstance(message, bytes):
            return message


def _outputs(process: Path) -> str:
    try:
        return str((process / 'fd/1').resolve())
    except OSError:
        return ''


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    pytest.importorskip('nicegui')
    log = tmp_path / 'log'
    with executable('pose_page', log, '--ros-args', '-p', 'port:=18500') as process:
        end = time.monotonic() + 60
        while 'open http' not in log.read_text():
            assert time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(number)
        assert process.wait(15) == 0
    assert 'Traceback' not in log.read_text()


def test_a_wrong_parameter_is_said(tmp_path: Path) -> None:
    log = tmp_path / 'log'
    with executable('pose_page', log, '--ros-args', '-p', 'port:=0') as process:
        assert process.wait(60) == 1
    assert 'port' in log.read_text()
    assert 'Traceback' not in log.read_text()


def test_help_names_what_is_not_installed(tmp_path: Path) -> None:
    """Without NiceGUI the executable says what to install."""
    script = (
        'import sys; sys.modules["nicegui"] = None; '
        'from pose_ros.pose_page import main; sys.exit(main([]))'
    )
    ended = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert 'pip install nicegui' in ended.stderr
