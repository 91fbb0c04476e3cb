# SPDX-License-Identifier: Apache-2.0
"""
Lists the topics on which the node publishes what it found in a frame, and what makes each message.

To add an output, add an entry to OUTPUTS: publishers, README's table, tests and benchmark iterate
over it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from visualization_msgs.msg import MarkerArray

from pose_ros.images.image_cdr import serialize_image
from pose_ros.images.jpeg import jpeg_message
from pose_ros.msg import PoseLandmarksArray
from pose_ros.outputs.annotations import image_annotations, import_foxglove_messages
from pose_ros.outputs.masks import instance_mask, mask
from pose_ros.outputs.pose_cdr import serialize_poses
from pose_ros.stream.output_frame import OutputFrame
from pose_ros.stream.parameters import Parameters

__all__ = [
    'FOXGLOVE',
    'LANDMARKS',
    'OUTPUTS',
    'PUBLISHED',
    'Output',
    'annotations_output',
]


def _never(_: Parameters) -> bool:
    return False


def _always(_: Parameters) -> bool:
    return True


def _overlay_uses_masks(parameters: Parameters) -> bool:
    return parameters.overlay_uses_masks


@dataclass(frozen=True)
class Output:
    """
    One topic.

    :param topic: below the node's name
    :param depth: how many messages the publisher keeps
    :param meaning: for users, in Markdown
    :param make: returns the message of a frame, as an object or serialized
    :param uses_masks: says whether it needs segmentation masks
    :param is_lazy: it is made only while somebody subscribes, after the landmarks and on the
        outputs' thread; all but the landmarks are
    """

    topic: str
    message_type: type
    depth: int
    meaning: str
    make: Callable[[OutputFrame], Any]
    uses_masks: Callable[[Parameters], bool] = _never
    is_lazy: bool = True

    @property
    def name(self) -> str:
        """The topic without the node's name."""
        return self.topic.removeprefix('~/')

    def waits_for_masks(self, source: OutputFrame) -> bool:
        """
        Whether it is left out of a frame: it needs masks, and they are only about to begin.

        An image without masks looks as one without people, or shows a background to be replaced.
        """
        parameters = source.parameters
        return (
            self.uses_masks(parameters)
            and parameters.output_segmentation_masks
            and not source.has_masks
        )


def _landmarks(source: OutputFrame) -> bytes:
    return serialize_poses(source.poses, source.frame.header, *source.size)


def _markers(source: OutputFrame) -> MarkerArray:
    return source.skeletons.write(
        source.poses, source.frame.header, source.parameters, source.time_ns
    )


def _mask(source: OutputFrame) -> bytes:
    encoding = source.parameters.mask_encoding
    return serialize_image(
        mask(source.with_masks, *source.size, encoding), source.frame.header, encoding
    )


def _instance_mask(source: OutputFrame) -> bytes:
    poses, values = source.with_masks, None
    if source.parameters.instance_mask_values == 'track_id':
        values = ((poses.track_ids - 1) % 255 + 1).astype(np.uint8)
    return serialize_image(
        instance_mask(poses, *source.size, values), source.frame.header, 'mono8'
    )


def _overlay(source: OutputFrame) -> bytes:
    return serialize_image(source.overlay_rgb, source.frame.header, 'rgb8')


def _compressed_overlay(source: OutputFrame) -> CompressedImage:
    return jpeg_message(source.overlay_rgb, source.frame.header)


def annotations_output(types: Any) -> Output:
    """
    Return the output of annotations, which needs a package that is not always there.

    :param types: see image_annotations()
    """

    def make(source: OutputFrame) -> Any:
        return image_annotations(
            types, source.poses, source.frame.header, *source.size, source.parameters
        )

    return Output(
        '~/annotations',
        types.ImageAnnotations,
        5,
        'The skeletons, for viewers that lay them over the image',
        make,
    )


LANDMARKS = Output(
    '~/landmarks',
    PoseLandmarksArray,
    5,
    'The people in one image; one message for each processed image, also when nobody is in it',
    _landmarks,
    is_lazy=False,
)

# In the order in which they are published.
OUTPUTS = (
    LANDMARKS,
    Output(
        '~/markers',
        MarkerArray,
        5,
        "A skeleton of the world landmarks for each person, in the image's frame",
        _markers,
    ),
    Output(
        '~/mask',
        Image,
        1,
        'At each pixel the certainty that it shows a person, of the most certain person there',
        _mask,
        _always,
    ),
    Output(
        '~/instance_mask',
        Image,
        1,
        'mono8: 0 is background, 1 + index of the person in `poses`',
        _instance_mask,
        _always,
    ),
    Output(
        '~/overlay',
        Image,
        1,
        'The image with the skeletons drawn over it',
        _overlay,
        _overlay_uses_masks,
    ),
    Output(
        '~/overlay/compressed',
        CompressedImage,
        1,
        'The same as JPEG',
        _compressed_overlay,
        _overlay_uses_masks,
    ),
)

# With those that need a package that is not always there.
FOXGLOVE = import_foxglove_messages()
PUBLISHED = OUTPUTS if FOXGLOVE is None else (*OUTPUTS, annotations_output(FOXGLOVE))
