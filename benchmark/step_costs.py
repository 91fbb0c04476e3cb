# SPDX-License-Identifier: Apache-2.0
"""
The process that measures what each step between camera and subscriber costs by itself.

Every step is the project's own function, called again and again with the message or result of a
real frame; the figure is the median of its calls in a process that does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from benchmark.film import load
from benchmark.processes import serve
from benchmark.step import INFER, TWO_PEOPLE, Step
from benchmark.two_people_cost import new_people, two_people_costs
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions
from pose_ros.following.positions import PositionOptions, Positions
from pose_ros.images.frame import Frame, to_frame
from pose_ros.images.image_cdr import read_image, serialize_image
from pose_ros.node.allocator import tune_allocator
from pose_ros.node.node import PoseNode
from pose_ros.outputs.markers import SkeletonMarkers
from pose_ros.poses.poses import Poses
from pose_ros.stream.output_frame import OutputFrame
from pose_ros.stream.outputs import OUTPUTS, Output

CALLS = 50
WARM_UP_CALLS = 5
PERIOD_NS = 33_000_000

Publish = Callable[[str, Any], None]
Named = tuple[str, str, Callable[[], Any]]  # output, name, call


def timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Return the medians of wall clock and CPU milliseconds of a call."""
    wall_ms, cpu_ms = [], []
    for _ in range(WARM_UP_CALLS + CALLS):
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        call()
        wall_ms.append((time.perf_counter() - wall_s) * 1e3)
        cpu_ms.append((time.thread_time() - cpu_s) * 1e3)
    return median(wall_ms[WARM_UP_CALLS:]), median(cpu_ms[WARM_UP_CALLS:])


def landmark_steps(
    landmarker: Landmarker, rgb: NDArray[np.uint8], poses: Poses
) -> Iterator[Named]:
    """Yield what is done with one frame until its landmarks can be published."""
    header = Header(frame_id='camera_optical_frame')
    serialized = serialize_image(rgb, header, 'rgb8')
    message = read_image(serialized)
    frame, picture, stamps_ms, times_ns = (
        to_frame(message),
        landmarker.load(rgb),
        count(1, 33),
        count(1, PERIOD_NS),
    )
    people = new_people(Positions(PositionOptions()))
    yield 'landmarks', 'read the image', lambda: read_image(serialized)
    yield 'landmarks', 'convert (rgb8)', lambda: to_frame(message)
    yield 'landmarks', 'copy into MediaPipe', lambda: landmarker.load(rgb)
    yield 'landmarks', INFER, lambda: landmarker.detect(picture, next(stamps_ms))
    yield 'landmarks', 'track and place', lambda: people.follow(frame, poses, next(times_ns))


def output_steps(node: PoseNode, frame: Frame, poses: Poses, publish: Publish) -> Iterator[Named]:
    """Yield what is done for each output of one frame."""
    people = new_people(Positions(PositionOptions()))
    skeletons, times_ns = SkeletonMarkers(), count(1, PERIOD_NS)
    known = replace(poses, track_ids=np.arange(1, 1 + len(poses), dtype=np.int32))

    def source() -> OutputFrame:
        """Return a frame of which nothing is made yet."""
        return OutputFrame(frame, known, next(times_ns), node.settings, people, skeletons)

    def message(output: Output) -> Any:
        return output.make(source())

    for output in OUTPUTS:
        yield output.name, 'message', partial(message, output)
        yield output.name, 'publish', partial(publish, output.name, message(output))
    yield 'all with masks', 'smooth, in each of their messages', lambda: source().with_masks
    yield 'all overlays', 'draw, in each of their messages', lambda: source().overlay_rgb


def conversion_steps(rgb: NDArray[np.uint8]) -> Iterator[Named]:
    """Yield the conversions of other encodings."""
    bgr = read_image(serialize_image(rgb, Header(), 'bgr8'))
    yield 'bgr8 images', 'convert', lambda: to_frame(bgr)


def steps_of(model: str, rgb: NDArray[np.uint8], node: PoseNode, publish: Publish) -> list[Step]:
    """Measure the steps of one frame."""
    height, width, _ = rgb.shape
    frame = Frame(rgb, Header(frame_id='camera_optical_frame'), PERIOD_NS)
    # The node's thread is kept from the network once and for all; here each call would pay for it.
    options = LandmarkerOptions(Path(model), forbid_network=False)
    with Landmarker(replace(options, output_segmentation_masks=True)) as masking:
        poses = masking.detect(masking.load(rgb), 0)
    with Landmarker(options) as landmarker:
        steps = (
            *landmark_steps(landmarker, rgb, replace(poses, masks=())),
            *output_steps(node, frame, poses, publish),
            *conversion_steps(rgb),
        )
        return [Step(width, height, output, name, *timed(call)) for output, name, call in steps]


def measure(model: str, two_people: str, paths: list[str]) -> list[dict[str, Any]]:
    """
    Return the steps for the first frame of each film, once all outputs have a subscriber.

    :param two_people: another film
    """
    node = PoseNode(parameter_overrides=[Parameter('model', value=model)])
    node.trigger_configure()
    node.trigger_activate()
    publishers = {
        output.name: node.create_publisher(
            output.message_type, output.topic, QoSProfile(depth=output.depth)
        )
        for output in OUTPUTS
    }
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not all(publisher.get_subscription_count() for publisher in publishers.values()):
        executor.spin_once(timeout_sec=0.1)

    def publish(name: str, message: Any) -> None:
        publishers[name].publish(message)

    found = [
        step for path in paths for step in steps_of(model, load(Path(path))[0], node, publish)
    ]
    node.destroy_node()
    height, width = load(Path(two_people)).shape[1:3]
    for name, ms, cpu_ms in two_people_costs(Path(model), Path(two_people)):
        found.append(Step(width, height, TWO_PEOPLE, name, ms, cpu_ms))
    return [asdict(step) for step in found]


def main() -> None:
    """Serve requests to the end of standard input."""
    tune_allocator()
    model, two_people, *paths = sys.argv[1:]
    rclpy.init()
    serve(lambda: measure(model, two_people, paths))
    rclpy.shutdown()


if __name__ == '__main__':
    main()
