# SPDX-License-Identifier: Apache-2.0
"""
Films people with the real nodes, and leaves what the pose node says about them, to look at.

The camera node and the pose node run as processes of their own, as `ros2 run` would start them;
this process drives the pose node's lifecycle and listens to the topics of both.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
import os
from pathlib import Path
import signal
import sys
import time

# Before rclpy is imported: topics seen on this machine only.
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
if os.environ.get('ROS_DISTRO') == 'humble':
    os.environ['ROS_LOCALHOST_ONLY'] = '1'
os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')

from demo_processes import SIGNALS, Executable, noted_signals
from demo_recorder import Recorded, Recorder
from demo_source import PHOTO, Source, choose_source
from demo_summary import summary
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from pose_ros.demo.video_source import SourceError
from simulation.ros_domain import take_domain

START_TIMEOUT_S = 60.0
LAST_POSES_TIMEOUT_S = 2.0


class DemoError(RuntimeError):
    """The demo cannot go on; the text says which part failed and how."""


def say(text: str) -> None:
    """Print a line of progress."""
    print(f'[demo] {text}', flush=True)


class Demo:
    """One run: two processes started, listened to and stopped."""

    def __init__(self, arguments: argparse.Namespace, source: Source) -> None:
        """
        Prepare to listen.

        :param arguments: of the command line
        :param source: what is filmed
        """
        self._begin = time.monotonic()
        self._arguments, self._source = arguments, source
        self._recorder = Recorder()
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._recorder)

    def record(self) -> Recorder:
        """
        Start the processes, record for the wanted time, stop them.

        :raises DemoError: when one of them fails
        :raises KeyboardInterrupt: when a signal came; the processes are stopped then, too
        """
        output, source = self._arguments.output, self._source
        with noted_signals() as self._ended, ExitStack() as stack:
            self._camera = stack.enter_context(
                Executable(
                    'demo_camera',
                    output / 'demo_camera.log',
                    {'source': source.path, **source.camera},
                )
            )
            self._pose_node = stack.enter_context(
                Executable(
                    'pose_node',
                    output / 'pose_node.log',
                    {
                        'model': self._arguments.model,
                        'num_poses': self._arguments.num_poses,
                        'output_segmentation_masks': True,
                    },
                    {'image': 'image_raw'},
                )
            )
            self._start()
            self._listen()
        return self._recorder

    def _start(self) -> None:
        """Bring the pose node to active and wait for its first landmarks."""
        self._change_state('configure', Transition.TRANSITION_CONFIGURE)
        self._change_state('activate', Transition.TRANSITION_ACTIVATE)
        if not self._until(lambda: self._recorder.images, START_TIMEOUT_S):
            raise DemoError(f'no image comes from the camera:\n{self._camera.tail()}')
        if not self._until(lambda: self._recorder.poses, START_TIMEOUT_S):
            raise DemoError(f'no landmarks come from the pose node:\n{self._pose_node.tail()}')

    def _change_state(self, name: str, transition: int) -> None:
        """Ask the pose node for a transition, as a lifecycle manager does."""
        client = self._recorder.create_client(ChangeState, 'pose/change_state')
        request = ChangeState.Request()
        request.transition.id = transition
        if self._until(client.service_is_ready, START_TIMEOUT_S):
            answer = client.call_async(request)
            if self._until(answer.done, START_TIMEOUT_S) and answer.result().success:
                return
        raise DemoError(f'the pose node did not {name}:\n{self._pose_node.tail()}')

    def _listen(self) -> None:
        """Record for the wanted time, with a line of progress every second."""
        recorder, seconds = self._recorder, self._arguments.seconds
        say(f'at work after {time.monotonic() - self._begin:.1f} s; recording ...')
        recorder.begin()
        begin = time.monotonic()
        while (left_s := begin + seconds - time.monotonic()) > 0:
            self._until(lambda: False, min(1.0, left_s))
            people = recorder.people
            say(
                f'{time.monotonic() - begin:4.0f} of {seconds:g} s: {recorder.images} images, '
                f'{recorder.poses} with poses, {people} {"person" if people == 1 else "people"}'
            )
        recorder.end()
        self._until(
            lambda: all(frame.complete for frame in recorder.frames.values()), LAST_POSES_TIMEOUT_S
        )
        if not recorder.poses:
            raise DemoError(
                f'no more landmarks came from the pose node:\n{self._pose_node.tail()}'
            )

    def _until(self, condition: Callable[[], object], seconds: float) -> bool:
        """Listen until the condition holds, and say whether it does; a part may not end."""
        end = time.monotonic() + seconds
        while not condition():
            if self._ended:
                raise KeyboardInterrupt
            for name, part in (('camera', self._camera), ('pose node', self._pose_node)):
                if not part.running:
                    raise DemoError(f'the {name} ended:\n{part.tail()}')
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True


def write(output: Path, frames: dict[int, Recorded], table: str) -> list[Path]:
    """Write all that can be looked at into the folder, and return the paths."""
    from demo_markers import write_markers  # noqa: PLC0415
    from demo_pictures import write_still, write_video  # noqa: PLC0415

    annotated = [frame for frame in sorted(frames.items()) if frame[1].jpeg and frame[1].poses]
    files = [output / 'summary.txt', output / 'annotated.png']
    files[0].write_text(table + '\n')
    # The frame of which all has come, and in which the most of people is to be seen.
    still = max(
        (frame for _, frame in annotated),
        key=lambda frame: (frame.complete, frame.visible_landmarks),
    )
    write_still(files[1], still)
    if still.people and still.markers:
        files.append(output / 'markers.png')
        write_markers(files[-1], still.markers)
    files.append(write_video(output / 'annotated', annotated))
    return files


def parse_arguments() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--source',
        default='',
        help='0 for a webcam, a video or photograph, or "photo" for the photograph that comes '
        'with scikit-image; without, a video of two people, which is fetched once (9 MB)',
    )
    parser.add_argument('--seconds', type=float, default=15.0, help='how long to record')
    parser.add_argument('--output', type=Path, default=Path('demo_output'), help='folder')
    parser.add_argument('--model', default='full', help='lite, full, heavy or the path of a file')
    parser.add_argument('--num-poses', type=int, default=2, help='the most people to be found')
    arguments = parser.parse_args()
    if arguments.source not in ('', PHOTO) and not arguments.source.isdecimal():
        arguments.source = str(Path(arguments.source).expanduser().absolute())
    return arguments


def main() -> int:
    """Run the demo; return the exit code."""
    arguments = parse_arguments()
    for number in SIGNALS:  # SIGINT, too: a shell's background ignores it
        signal.signal(number, signal.default_int_handler)
    try:
        source = choose_source(arguments.source, say)
        arguments.output.mkdir(parents=True, exist_ok=True)
        say('starting the camera and the pose node ...')
        take_domain()
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        recorder = Demo(arguments, source).record()
        say('writing video and pictures; the video takes a few seconds ...')
        table = summary(
            source.words,
            arguments.model,
            recorder.frames,
            recorder.diagnostics,
        )
        files = write(arguments.output, recorder.frames, table)
    except (DemoError, SourceError) as error:
        print(f'[demo] FAILED: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('[demo] stopped', file=sys.stderr)
        return 130
    finally:
        rclpy.try_shutdown()
    print(f'\n{table}\n')
    say('done; to look at:')
    for path in files:
        print(f'    {path}')
    say('live in a browser: make page')
    return 0


if __name__ == '__main__':
    sys.exit(main())
