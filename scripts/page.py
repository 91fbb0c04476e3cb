# SPDX-License-Identifier: Apache-2.0
"""
Starts a camera, the pose node and the page, until Ctrl-C.

All three run as processes of their own, as `ros2 run` would start them, on this machine only.
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
import os
from pathlib import Path
import re
import signal
import sys
import time

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
if os.environ.get('ROS_DISTRO') == 'humble':
    os.environ['ROS_LOCALHOST_ONLY'] = '1'
os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')

from demo_processes import Executable

LOGS = Path('build/page')
ADDRESS = re.compile(r'open (http\S+)')
START_TIMEOUT_S = 60.0
POLL_S = 0.2
LONGER_SIDE_PX = 640


def parse_arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--source',
        default='',
        help='0 for a webcam, a video or photograph, or browser: no camera here, but the one of '
        'the device that shows the page; without, a photograph that comes with scikit-image',
    )
    parser.add_argument('--model', default='full', help='lite, full, heavy or the path of a file')
    parser.add_argument('--num-poses', type=int, default=2, help='the most people to be found')
    arguments = parser.parse_args()
    if arguments.source and not (arguments.source.isdecimal() or arguments.source == 'browser'):
        arguments.source = str(Path(arguments.source).expanduser().absolute())
    return arguments


def executables(arguments: argparse.Namespace) -> list[Executable]:
    """Start all, and return them."""
    started = []
    if arguments.source != 'browser':
        camera = {'source': arguments.source, 'width': LONGER_SIDE_PX}
        started.append(Executable('demo_camera', LOGS / 'demo_camera.log', camera))
    node = {
        'model': arguments.model,
        'num_poses': arguments.num_poses,
        'search': 'windows',
        'autostart': True,
    }
    started.append(Executable('pose_node', LOGS / 'pose_node.log', node, {'image': 'image_raw'}))
    started.append(Executable('pose_page', LOGS / 'pose_page.log', {}))
    return started


def run(arguments: argparse.Namespace) -> int:
    """Run until a part ends; return the exit code."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        parts = [stack.enter_context(each) for each in executables(arguments)]
        end, address = time.monotonic() + START_TIMEOUT_S, ''
        while True:
            for part in parts:
                if not part.running:
                    print(f'[page] {part.name} ended:\n{part.tail()}', file=sys.stderr)
                    return 1
            found = ADDRESS.search((LOGS / 'pose_page.log').read_text())
            if found and not address:
                address = found[1]
                print(f'[page] open {address} in a browser; Ctrl-C ends all', flush=True)
            if not address and time.monotonic() > end:
                print(f'[page] the page did not start:\n{parts[-1].tail()}', file=sys.stderr)
                return 1
            time.sleep(POLL_S)


def main() -> int:
    """Run camera, node and page; return the exit code."""
    arguments = parse_arguments()
    for number in (signal.SIGINT, signal.SIGTERM):  # SIGINT, too: a shell's background ignores it
        signal.signal(number, signal.default_int_handler)
    print('[page] starting camera, pose node and page ...', flush=True)
    try:
        return run(arguments)
    except KeyboardInterrupt:
        print('[page] stopped', file=sys.stderr)
        return 0


if __name__ == '__main__':
    sys.exit(main())
