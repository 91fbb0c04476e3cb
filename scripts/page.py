# SPDX-License-Identifier: Apache-2.0
"""
Starts a camera, the pose node and the page, until Ctrl-C.

All three run as processes of their own, as `ros2 run` would start them, on this machine only.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
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

from demo_processes import SIGNALS, Executable, noted_signals
from demo_source import choose_source

LOGS = Path('build/page')
ADDRESS = re.compile(r'open (http\S+)')
START_TIMEOUT_S = 60.0
POLL_S = 0.05
BROWSER = 'browser'  # as a source
USE_CAMERA = 'then choose "Camera" there, and "Use this device\'s camera"'


def say(text: str) -> None:
    """Print a line of progress."""
    print(f'[page] {text}', flush=True)


def parse_arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--source',
        default='',
        help='0 for a webcam, a video or photograph, "photo" for the photograph that comes with '
        'scikit-image, or "browser": no camera here, but the one of the device that shows the '
        'page; without, a video of two people, which is fetched once (9 MB)',
    )
    parser.add_argument('--model', default='full', help='lite, full, heavy or the path of a file')
    parser.add_argument('--num-poses', type=int, default=2, help='the most people to be found')
    parser.add_argument('--port', type=int, default=8080, help='of the page; or the next free one')
    return parser.parse_args()


def camera_of(source: str) -> dict[str, object] | None:
    """
    Return the demo camera's parameters; None when the browser's camera takes its place.

    :raises SourceError: when the source cannot be opened
    """
    if source == BROWSER:
        return None
    chosen = choose_source(source, say)
    return {'source': chosen.path, **chosen.camera}


class Page:
    """Camera, pose node and page, to be run until a signal comes."""

    def __init__(self, arguments: argparse.Namespace, camera: dict[str, object] | None) -> None:
        """
        Start nothing yet.

        :param arguments: of the command line
        :param camera: parameters of the demo camera; None: there is none
        """
        self._arguments, self._camera = arguments, camera

    def run(self) -> int:
        """
        Run until a part ends; return the exit code.

        :raises KeyboardInterrupt: when a signal came; the processes are stopped then
        """
        LOGS.mkdir(parents=True, exist_ok=True)
        with noted_signals() as self._ended, ExitStack() as stack:
            self._parts = [stack.enter_context(each) for each in self._start()]
            stack.callback(self._stop)
            if address := self._address():
                say(f'open {address} in a browser; Ctrl-C ends all')
                if self._camera is None:
                    say(USE_CAMERA)
                while self._all_run():
                    time.sleep(POLL_S)
        return 1

    def _start(self) -> Iterator[Executable]:
        """Start the page first: it is what somebody waits for."""
        arguments = self._arguments
        yield Executable('pose_page', LOGS / 'pose_page.log', {'port': arguments.port})
        if self._camera is not None:
            yield Executable('demo_camera', LOGS / 'demo_camera.log', self._camera)
        node = {
            'model': arguments.model,
            'num_poses': arguments.num_poses,
            'search': 'windows',
            'output_segmentation_masks': True,  # for the tint; while nobody looks, none is made
            'autostart': True,
        }
        yield Executable('pose_node', LOGS / 'pose_node.log', node, {'image': 'image_raw'})

    def _address(self) -> str:
        """Wait for the page, and return its address; empty when it does not come."""
        end = time.monotonic() + START_TIMEOUT_S
        while self._all_run():
            if found := ADDRESS.search((LOGS / 'pose_page.log').read_text()):
                return found[1]
            if time.monotonic() > end:
                print(f'[page] the page did not start:\n{self._parts[0].tail()}', file=sys.stderr)
                break
            time.sleep(POLL_S)
        return ''

    def _all_run(self) -> bool:
        """Say whether all parts run and no signal came; print which part ended."""
        for part in self._parts:
            if not part.running:
                print(f'[page] {part.name} ended:\n{part.tail()}', file=sys.stderr)
                return False
        return not self._ended

    def _stop(self) -> None:
        """Ask all parts to end at once, so that nobody waits for one after the other."""
        for part in self._parts:
            part.ask_to_end()


def main() -> int:
    """Run camera, node and page; return the exit code."""
    arguments = parse_arguments()
    for number in SIGNALS:  # SIGINT, too: a shell's background ignores it
        signal.signal(number, signal.default_int_handler)
    try:
        camera = camera_of(arguments.source)
        say('starting camera, pose node and page ...')
        return Page(arguments, camera).run()
    except KeyboardInterrupt:
        print('[page] stopped', file=sys.stderr)
        return 0
    except RuntimeError as error:  # of the source
        print(f'[page] FAILED: {error}', file=sys.stderr)
        return 1


if __name__ == '__main__':
    sys.exit(main())
