# SPDX-License-Identifier: Apache-2.0
"""
Writes the pictures of the page for README and docs/page.md: a moving one and screenshots.

`make page-pictures` runs it. Camera, node, page and browser are the real ones. The camera films
slower than the video is, so that a machine without a GPU draws each picture; the moving picture
is played at the video's pace.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
import os
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
import time
from typing import Any

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'

from demo_processes import Executable
from demo_source import choose_source
from PIL import Image as Picture

from simulation.browser import browser
from simulation.page_processes import pose_page
from simulation.ros_domain import take_domain

SLOW_HZ, VIDEO_HZ = 3.0, 30.0
STEP = 2  # of the video's frames one is shown
PICTURES = 100
SHOWN_WIDTH, QUALITY, LIMIT_BYTES = 800, 50, 3_000_000
WIDE, MOVING, PHONE = (1440, 900), (1280, 720), (390, 844)
PLOTS_S = 24.0  # until the plots have something to show
VIEWS = '4123'  # keys of the 3D view, shown one after the other
LEFT_WRIST = 15
# Two people, both well within the picture.
BOTH = """posePage.frame?.people.length === 2 && posePage.frame.people.every(
    ({landmarks}) => landmarks.every(({x, y}) => x > 0.05 && x < 0.95 && y < 1))"""
TIMEOUT_MS = 120_000


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run camera, node and page; give the page's address."""
    source = choose_source('', print)
    camera = {'source': source.path, 'rate': SLOW_HZ, **source.camera}
    node = {'num_poses': 2, 'search': 'windows', 'autostart': True}
    with ExitStack() as stack:
        for name, parameters in (('demo_camera', camera), ('pose_node', node)):
            log = folder / f'{name}.log'
            remaps = {'image': 'image_raw'}
            stack.enter_context(Executable(name, log, parameters, remaps))
        yield stack.enter_context(pose_page(folder / 'pose_page.log'))


def opened(running_browser: Any, address: str, size: tuple[int, int], scheme: str) -> Any:
    """Return a browser's page that shows two people, one of whose joints is chosen."""
    width, height = size
    is_phone = size == PHONE
    page = running_browser.new_page(
        viewport={'width': width, 'height': height},
        color_scheme=scheme,
        device_scale_factor=2 if is_phone else 1,
        has_touch=is_phone,
        is_mobile=is_phone,
    )
    page.goto(address)
    chosen = f'(posePage.select(posePage.frame.people[0].id, {LEFT_WRIST}), true)'
    page.wait_for_function(f'window.posePage && {BOTH} && {chosen}', timeout=TIMEOUT_MS)
    return page


def shot(page: Any) -> Any:
    """Return what is seen."""
    return Picture.open(BytesIO(page.screenshot())).convert('RGB')


def write_screenshots(running_browser: Any, address: str, folder: Path) -> None:
    """Write the page on a wide screen and on a phone, light and dark."""
    phones = []
    for scheme in ('light', 'dark'):
        for size in (WIDE, PHONE):
            page = opened(running_browser, address, size, scheme)
            page.wait_for_timeout(PLOTS_S * 500)
            page.wait_for_function(BOTH, timeout=TIMEOUT_MS)
            if size == WIDE:
                shot(page).save(folder / f'page_{scheme}.png', optimize=True)
            else:
                phones.append(shot(page))
            page.close()
    gap = 40
    both = Picture.new('RGB', (2 * phones[0].width + gap, phones[0].height), '#808080')
    for number, picture in enumerate(phones):
        both.paste(picture, (number * (picture.width + gap), 0))
    both.thumbnail((SHOWN_WIDTH, both.height), Picture.Resampling.LANCZOS)
    both.save(folder / 'page_phone.png', optimize=True)


def write_moving(running_browser: Any, address: str, path: Path) -> int:
    """Write the moving picture; return its size in bytes."""
    page = opened(running_browser, address, MOVING, 'dark')
    page.wait_for_timeout(PLOTS_S * 1000)
    page.wait_for_function(BOTH, timeout=TIMEOUT_MS)
    pictures = []
    for number in range(PICTURES):
        if number % (PICTURES // len(VIEWS)) == 0:
            page.keyboard.press(VIEWS[number * len(VIEWS) // PICTURES])
        page.wait_for_function(
            f'posePage.counts.frames >= {page.evaluate("posePage.counts.frames") + STEP}',
            timeout=TIMEOUT_MS,
        )
        seen = shot(page)
        height = round(seen.height * SHOWN_WIDTH / seen.width)
        pictures.append(seen.resize((SHOWN_WIDTH, height), Picture.Resampling.LANCZOS))
    page.close()
    first, *others = pictures
    first.save(
        path,
        save_all=True,
        append_images=others,
        duration=round(1000 * STEP / VIDEO_HZ),
        loop=0,
        quality=QUALITY,
        method=4,
    )
    return path.stat().st_size


def main() -> int:
    """Write the pictures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--output', type=Path, default=Path('docs/images'), help='folder')
    parser.add_argument('--only', choices=('screenshots', 'moving'), help='leave out the other')
    arguments = parser.parse_args()
    output: Path = arguments.output
    output.mkdir(parents=True, exist_ok=True)
    take_domain()
    begin = time.monotonic()
    with TemporaryDirectory() as folder, running(Path(folder)) as address, browser() as driver:
        size = 0
        if arguments.only != 'moving':
            write_screenshots(driver, address, output)
        if arguments.only != 'screenshots':
            size = write_moving(driver, address, output / 'page.webp')
    print(f'{output}: {time.monotonic() - begin:.0f} s, moving picture {size / 1e6:.2f} MB')
    return 0 if size < LIMIT_BYTES else 1


if __name__ == '__main__':
    sys.exit(main())
