# SPDX-License-Identifier: Apache-2.0
"""
Runs the plainest node that publishes the same landmarks: one callback and nothing else.

The benchmark measures it beside the real node, which should be neither later nor slower. It has no
parameters, no ids, no other outputs, and takes no care of odd images or stamps.
"""

from __future__ import annotations

import sys
from typing import Any

from cv_bridge import CvBridge
import mediapipe
from mediapipe.tasks.python import BaseOptions, vision
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from benchmark.topics import IMAGES, PLAIN_TOPIC
from pose_ros.msg import Landmark, PoseLandmarks, PoseLandmarksArray


def _landmark(found: Any) -> Landmark:
    landmark = Landmark(visibility=found.visibility, presence=found.presence)
    landmark.x, landmark.y, landmark.z = found.x, found.y, found.z
    return landmark


def main() -> None:
    """Spin until the process is ended; the argument is the path of the model."""
    options = vision.PoseLandmarkerOptions(
        BaseOptions(sys.argv[1]), running_mode=vision.RunningMode.VIDEO
    )
    rclpy.init()
    node, bridge = Node('plain'), CvBridge()
    publisher = node.create_publisher(PoseLandmarksArray, PLAIN_TOPIC, QoSProfile(depth=5))
    with vision.PoseLandmarker.create_from_options(options) as landmarker:

        def on_image(message: Image) -> None:
            rgb = np.ascontiguousarray(bridge.imgmsg_to_cv2(message, 'rgb8'))
            stamp = message.header.stamp
            found = landmarker.detect_for_video(
                mediapipe.Image(mediapipe.ImageFormat.SRGB, rgb),
                stamp.sec * 1000 + stamp.nanosec // 10**6,
            )
            people = PoseLandmarksArray(
                header=message.header, image_width=message.width, image_height=message.height
            )
            for points, world in zip(
                found.pose_landmarks, found.pose_world_landmarks, strict=True
            ):
                people.poses.append(
                    PoseLandmarks(
                        landmarks=list(map(_landmark, points)),
                        world_landmarks=list(map(_landmark, world)),
                    )
                )
            publisher.publish(people)

        node.create_subscription(Image, IMAGES, on_image, QoSProfile(depth=1))
        rclpy.spin(node)


if __name__ == '__main__':
    main()
