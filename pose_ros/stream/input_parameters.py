# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: which images are taken, and what their stamps mean."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.images.picture_size import MAX_IMAGE_PIXELS, MAX_SIDE_PX
from pose_ros.rclpy_tools.parameter_declaration import parameter

__all__ = ['IMAGE_QOS', 'IMAGE_TRANSPORTS', 'InputParameters']

IMAGE_TRANSPORTS = ('raw', 'compressed', 'auto')
IMAGE_QOS = ('auto', 'sensor_data', 'reliable')


@dataclass(frozen=True)
class InputParameters:
    """Which images are taken, and what their stamps mean."""

    image_transport: str = parameter(
        'raw',
        'raw: sensor_msgs/Image on the topic image. compressed: '
        'sensor_msgs/CompressedImage on image/compressed. auto: raw, unless only image/compressed '
        'has a publisher.',
        choices=IMAGE_TRANSPORTS,
    )
    image_qos: str = parameter(
        'auto',
        'Reliability of the subscription to the images. auto: what the publisher offers, '
        'followed when it changes. sensor_data: best effort. reliable: reliable, which does not '
        'hear best-effort publishers.',
        choices=IMAGE_QOS,
    )
    max_image_pixels: int = parameter(
        MAX_IMAGE_PIXELS,
        'The most pixels that an image may have, also one for ~/detect. A larger one is dropped '
        'before it is decoded: a few hundred bytes of JPEG can claim to be gigabytes.',
        within=(1, MAX_SIDE_PX**2),
    )
    clock_restart_threshold: float = parameter(
        1.0,
        'Seconds. A header stamp further back than this means that the stream began again '
        '(a bag that loops, a simulation that was reset); a smaller step back is a late frame '
        'and is dropped.',
        within=(0.0, 3600.0),
    )
