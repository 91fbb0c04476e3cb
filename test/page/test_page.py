# SPDX-License-Identifier: Apache-2.0
"""The process of the page: nodes come and go, tokens, slow browsers, an orderly end."""

from pathlib import Path
import signal
import socket
import subprocess
import sys
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from simulation.page_processes import executable, pose_page

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


def test_nodes_come_and_go(chromium: Any, tmp_path: Path, models: dict[str, Path]) -> None:
    model = f'model:={models["lite"]}'
    with pose_page(tmp_path / 'page') as address:
        page = chromium.new_page()
        page.goto(address)
        page.wait_for_selector('.pose-words >> text=ros2 launch pose_ros')
        with executable('pose_node', tmp_path / 'node', '--ros-args', '-p', model):
            page.wait_for_selector('.pose-state >> text=unconfigured', timeout=60_000)
            page.click('[aria-label="Node active"]')
            page.wait_for_selector('.pose-state >> text=/^active/', timeout=60_000)
            page.wait_for_selector('.pose-words >> text=no image on /image', timeout=60_000)
        page.wait_for_selector('.pose-words >> text=/pose is gone', timeout=60_000)
        page.close()


def test_another_address_needs_the_token_and_is_read_only(chromium: Any, tmp_path: Path) -> None:
    with pose_page(tmp_path / 'log', 'host:=0.0.0.0') as address:
        here = address.replace(socket.gethostname(), '127.0.0.1')
        assert '?token=' in here
        assert status(here) == 200
        assert status(here.split('?')[0]) == 403
        page = chromium.new_page()
        page.goto(here)
        page.wait_for_selector('text=read-only')
        answer = page.evaluate("fetch('/stills/pose', {method: 'POST'}).then((a) => a.status)")
        assert answer == 403
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
