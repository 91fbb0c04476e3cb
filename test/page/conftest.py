# SPDX-License-Identifier: Apache-2.0
"""
What the tests of the page share: the real executables, and a real browser without a display.

It ends with them: other tests would hear the camera and the node.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray
import pytest

from simulation.browser import CHROMIUM, browser, write_film
from simulation.page_processes import executable, pose_page


@pytest.fixture(scope='package')
def chromium(
    tmp_path_factory: pytest.TempPathFactory, astronaut: NDArray[np.uint8]
) -> Iterator[Any]:
    """A browser whose camera films the photograph."""
    pytest.importorskip('playwright.sync_api', reason='needs Playwright')
    if CHROMIUM is None:
        pytest.skip('needs the browser chromium')
    film = tmp_path_factory.mktemp('film') / 'astronaut.mjpeg'
    write_film(film, astronaut)
    with browser(film) as running:
        yield running


@pytest.fixture(scope='package')
def photograph(tmp_path_factory: pytest.TempPathFactory, astronaut: NDArray[np.uint8]) -> Path:
    """A picture of one person, as a file."""
    path = tmp_path_factory.mktemp('photograph') / 'astronaut.png'
    cv2.imwrite(str(path), cv2.cvtColor(astronaut, cv2.COLOR_RGB2BGR))
    return path


@pytest.fixture(scope='package')
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes log."""
    return tmp_path_factory.mktemp('logs')


@pytest.fixture(scope='package')
def address(logs: Path, photograph: Path, models: dict[str, Path]) -> Iterator[str]:
    """The address of a page beside a camera and a pose node, all processes of their own."""
    camera = ('source:=' + str(photograph), 'rate:=10.0', 'width:=320')
    node = (f'model:={models["lite"]}', 'autostart:=true')
    with ExitStack() as stack:
        for name, parameters in (('demo_camera', camera), ('pose_node', node)):
            arguments = [word for each in parameters for word in ('-p', each)]
            stack.enter_context(
                executable(
                    name,
                    logs / f'{name}.log',
                    '--ros-args',
                    *arguments,
                    *('-r', 'image:=image_raw'),
                )
            )
        yield stack.enter_context(pose_page(logs / 'pose_page.log'))


@pytest.fixture(scope='module')
def visit(chromium: Any, address: str) -> Iterator[Any]:
    """A browser's page with the page on it, when it shows people."""
    context = chromium.new_context(viewport={'width': 1280, 'height': 900}, accept_downloads=True)
    page = context.new_page()
    page.problems = []
    page.on('pageerror', lambda error: page.problems.append(str(error)))
    page.hosts = set()
    page.on('request', lambda request: page.hosts.add(urlsplit(request.url).netloc))
    page.on('websocket', lambda socket: page.hosts.add(urlsplit(socket.url).netloc))
    page.goto(address)
    page.wait_for_function('window.posePage?.frame?.people.length > 0', timeout=60_000)
    yield page
    context.close()
