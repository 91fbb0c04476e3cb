# SPDX-License-Identifier: Apache-2.0
"""
The process of the micro benchmark: what each step between camera and subscriber costs by itself.

Every step is the project's own function, called again and again with the message or result of a
real frame; the figure is the median of its calls on an otherwise idle process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median
import sys
import time
from typing import Any

from following import INFER, OUTPUT, following, new_people
from frames import load
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray
from worker import serve

from pose_ros.detection.landmarker import Landmarker, _calls, _to_poses
from pose_ros.detection.options import LandmarkerOptions
from pose_ros.following.positions import Positions
from pose_ros.images.frame import to_frame
from pose_ros.images.image_cdr import read_image, serialize_image
from pose_ros.msg import PoseLandmarksArray
from pose_ros.node.allocator import tune_allocator
from pose_ros.node.node import PoseNode
from pose_ros.outputs.markers import MarkerStyle, SkeletonMarkers
from pose_ros.outputs.masks import mask
from pose_ros.outputs.overlay import OverlayStyle, draw
from pose_ros.outputs.pose_cdr import serialize_poses
from pose_ros.poses.poses import Poses

CALLS = 50
WARM_UP_CALLS = 5


@dataclass(frozen=True)
class Step:
    """
    One step.

    :param output: that needs it; what the landmarks need is needed by all
    :param cpu_ms: of the calling thread; what MediaPipe's own threads use is missing from it
    """

    width: int
    height: int
    output: str
    name: str
    ms: float
    cpu_ms: float


def timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Return the medians of wall clock and CPU milliseconds of a call."""
    wall_ms, cpu_ms = [], []
    for _ in range(WARM_UP_CALLS + CALLS):
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        call()
        wall_ms.append((time.perf_counter() - wall_s) * 1e3)
        cpu_ms.append((time.thread_time() - cpu_s) * 1e3)
    return median(wall_ms[WARM_UP_CALLS:]), median(cpu_ms[WARM_UP_CALLS:])


def detections(
    model: str, rgb: Any
) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any], Poses]:
    """
    Return what is done with one frame, and what is found in it with a mask.

    That is its way into MediaPipe, MediaPipe at work on it, and the conversion of the result.
    """
    options = LandmarkerOptions(Path(model))
    task = vision.PoseLandmarker.create_from_options(
        vision.PoseLandmarkerOptions(BaseOptions(model), running_mode=vision.RunningMode.VIDEO)
    )
    with Landmarker(LandmarkerOptions(Path(model), output_segmentation_masks=True)) as ours:
        result = ours.detect(ours.load(rgb), 0)
    calls, stamps_ms = _calls(task), count(0, 33)
    picture = calls.image(rgb)

    def detect() -> Any:
        return calls.detect_for_video(picture, next(stamps_ms))

    found = detect()
    return lambda: calls.image(rgb), detect, lambda: _to_poses(found, options), result


def steps(
    model: str,
    rgb: Any,
    publish: Callable[[str, Any], None],
) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Yield output, name and call of every step of one frame."""
    height, width, _ = rgb.shape
    header = Header(frame_id='camera_optical_frame')
    serialized = serialize_image(rgb, header, 'rgb8')
    message = read_image(serialized)
    copy, detect, convert, result = detections(model, rgb)
    without_mask = replace(result, masks=())
    frame, times_ns = to_frame(message), count(1, 33_000_000)

    def follow(result: Poses) -> Callable[[], Any]:
        people = new_people(Positions(0.0, rectified=False, depth_slop_s=0.1))
        return lambda: people.follow(frame, result, next(times_ns))

    def smooth_masks(result: Poses) -> Callable[[], Any]:
        people = new_people(Positions(0.0, rectified=False, depth_slop_s=0.1))
        return lambda: people.smooth_masks(result, next(times_ns))

    yield 'landmarks', 'read the image', lambda: read_image(serialized)
    yield 'landmarks', 'convert (rgb8)', lambda: to_frame(message)
    yield 'landmarks', 'copy into MediaPipe', copy
    yield 'landmarks', INFER, detect
    yield 'landmarks', 'result to arrays', convert
    yield 'landmarks', 'track and place', follow(without_mask)
    poses = serialize_poses(result, header, width, height)
    yield 'landmarks', 'message', lambda: serialize_poses(result, header, width, height)
    yield 'landmarks', 'publish', lambda: publish('landmarks', poses)

    yield 'mask', 'smooth', smooth_masks(replace(result, track_ids=np.array([1], np.int32)))
    pixels = mask(result, width, height, 'mono8')
    yield 'mask', 'one of all', lambda: mask(result, width, height, 'mono8')
    mask_message = serialize_image(pixels, header, 'mono8')
    yield 'mask', 'message', lambda: serialize_image(pixels, header, 'mono8')
    yield 'mask', 'publish', lambda: publish('mask', mask_message)
    skeletons, style = SkeletonMarkers(), MarkerStyle()
    markers = skeletons.write(result, header, style)
    yield 'markers', 'message', lambda: skeletons.write(result, header, style)
    yield 'markers', 'publish', lambda: publish('markers', markers)
    drawn = draw(rgb, result, OverlayStyle())
    overlay = serialize_image(drawn, header, 'rgb8')
    yield 'overlay', 'draw', lambda: draw(rgb, result, OverlayStyle())
    yield 'overlay', 'message', lambda: serialize_image(drawn, header, 'rgb8')
    yield 'overlay', 'publish', lambda: publish('overlay', overlay)
    bgr = read_image(serialize_image(rgb, header, 'bgr8'))
    yield 'bgr8 images', 'convert', lambda: to_frame(bgr)


def measure(model: str, two_people: str, paths: list[str]) -> list[dict[str, Any]]:
    """
    Return the steps for the first frame of each file, once all outputs have a subscriber.

    :param two_people: another file
    """
    node = PoseNode(parameter_overrides=[Parameter('model', value=model)])
    node.trigger_configure()
    node.trigger_activate()
    publishers = {
        name: node.create_publisher(kind, f'pose/{name}', QoSProfile(depth=1))
        for name, kind in (
            ('landmarks', PoseLandmarksArray),
            ('mask', Image),
            ('markers', MarkerArray),
            ('overlay', Image),
        )
    }
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    while not all(each.get_subscription_count() for each in publishers.values()):
        executor.spin_once(timeout_sec=0.1)
    found: list[dict[str, Any]] = []
    for path in paths:
        rgb = load(Path(path))[0]
        found += [
            asdict(Step(rgb.shape[1], rgb.shape[0], output, name, *timed(call)))
            for output, name, call in steps(
                model, rgb, lambda output, message: publishers[output].publish(message)
            )
        ]
    node.destroy_node()
    height, width = load(Path(two_people)).shape[1:3]
    return found + [
        asdict(Step(width, height, OUTPUT, *each))
        for each in following(Path(model), Path(two_people))
    ]


def main() -> None:
    tune_allocator()
    model, two_people, *paths = sys.argv[1:]
    rclpy.init()
    serve(lambda: measure(model, two_people, paths))
    rclpy.shutdown()


if __name__ == '__main__':
    main()
