# SPDX-License-Identifier: Apache-2.0
"""Declares parameters: what is looked for, by which model, on what hardware."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ros.detection.options import (
    MAX_NUM_POSES,
    MAX_NUM_THREADS,
    Delegate,
    LandmarkerOptions,
    RunningMode,
)
from pose_ros.detection.search_options import Part, Search, SearchOptions
from pose_ros.detection.usable_model import require_usable_gpu, usable_model
from pose_ros.rclpy_tools.parameter_declaration import parameter
from pose_ros.stream.regions import RegionsOptions

__all__ = ['DetectionParameters']


@dataclass(frozen=True)
class DetectionParameters:
    """What is looked for, by which model, on what hardware."""

    model: str = parameter('full', 'Model bundle: lite, full, heavy, or the path of a .task file.')
    running_mode: str = parameter(
        'video',
        'How successive frames are treated. image: each by itself. video: with tracking, '
        'a result for every frame. live_stream: with tracking, asynchronously; MediaPipe drops '
        'frames when it is busy.',
        choices=(mode.value for mode in RunningMode),
    )
    num_poses: int = parameter(
        1,
        'The most people found in one image. With search image and fewer people in view than '
        'this, the person detector runs on every frame, which costs up to 2.4 times as much; '
        'with search windows and regions it does not.',
        within=(1, MAX_NUM_POSES),
    )
    search: str = parameter(
        'image',
        'Where people are looked for. image: in the whole image, as MediaPipe does: it finds '
        'those who are large in it. windows: also in parts of it, and each known person in a '
        'window of her own; takes a second landmarker, about 100 MB. regions: only in the boxes '
        'that a detector publishes on the topic regions, and each known person in a window of her '
        'own; needs vision_msgs.',
        choices=(search.value for search in Search),
    )
    min_person_height: float = parameter(
        0.1,
        'With search windows: the least height of people who are looked for, as a fraction of '
        "the image's. The smaller it is, the longer a search takes.",
        within=(0.02, 1.0),
    )
    search_budget: float = parameter(
        4.0,
        'Milliseconds. With search windows: for looking for more people, an image on average; '
        'more where images come more than 33 ms apart, so that the load is the same. For the '
        'first 30 images of a stream it is eight times as much. When all of the image was looked '
        'at, everybody known is seen and nothing else moves, down to half of it is spent.',
        within=(0.1, 1000.0),
    )
    people_budget: float = parameter(
        100.0,
        'Milliseconds. With search windows and regions: for following the known people, a frame. '
        'When it does not suffice they take turns, and until her turn a person is reported where '
        'she is expected to be.',
        within=(1.0, 1000.0),
    )
    person_class: str = parameter(
        'person',
        'With search regions: the class_id that the detector gives a person, a name or a number. '
        'Empty: every box counts.',
    )
    regions_slop: float = parameter(
        0.5,
        'Seconds. With search regions: how far the stamps of an image and of the boxes used for '
        'it may be apart. A detector needs time: the newest boxes are those of an image before.',
        within=(0.0, 3600.0),
    )
    image_rotation: int = parameter(
        0,
        'Degrees, one of 0, 90, 180, 270, by which the image must be turned clockwise to be '
        'upright, for a camera that is mounted turned. All outputs are for the image as it comes.',
        within=(0, 270),
        step=90,
    )
    region_of_interest: str = parameter(
        '',
        'x, y, width and height of the part of the image that is looked at, as fractions of its '
        'width and height, for instance "0.25, 0, 0.5, 1". Empty: all of it. All outputs are for '
        'the whole image.',
        takes_list=True,
    )
    min_pose_detection_confidence: float = parameter(
        0.5, 'The least score of the person detector for a person to be found.', within=(0.0, 1.0)
    )
    min_pose_presence_confidence: float = parameter(
        0.5,
        'The least presence score of the landmark model for a person to be reported.',
        within=(0.0, 1.0),
    )
    min_tracking_confidence: float = parameter(
        0.5,
        'The overlap of a person from frame to frame that is needed to keep tracking; below '
        'it the detector runs again.',
        within=(0.0, 1.0),
    )
    output_segmentation_masks: bool = parameter(
        False,
        'Compute a segmentation mask of each person while somebody subscribes to ~/mask, '
        '~/instance_mask or an overlay that shows masks, and for 10 s after that.',
    )
    delegate: str = parameter(
        'cpu',
        'What the networks run on. gpu needs OpenGL ES 3.1; docs/gpu.md has more.',
        choices=(delegate.value for delegate in Delegate),
    )
    num_threads: int = parameter(
        0,
        "Threads that run a network on the CPU; 0: MediaPipe's own choice, which is one. It helps "
        'the heavy model, on cores that have nothing else to do. Only MediaPipe 0.10.18 lets it '
        'be set.',
        within=(0, MAX_NUM_THREADS),
    )
    forbid_network: bool = parameter(
        True,
        'Keep the threads that run MediaPipe from opening internet sockets: from 0.10.35 on '
        'MediaPipe reports every run to its maker.',
        read_only=True,
    )

    def search_options(self) -> SearchOptions:
        """
        Return where people are looked for.

        :raises ValueError: when the values do not go together
        """
        return SearchOptions(
            search=Search(self.search),
            min_person_height=self.min_person_height,
            search_budget_ms=self.search_budget,
            people_budget_ms=self.people_budget,
            image_rotation=self.image_rotation,
            region_of_interest=Part.from_text(self.region_of_interest),
        )

    def regions_options(self) -> RegionsOptions:
        """Return which boxes of a detector count."""
        return RegionsOptions(self.person_class, self.regions_slop)

    def landmarker_options(self, before: LandmarkerOptions | None = None) -> LandmarkerOptions:
        """
        Return the options of the landmarker.

        :param before: options whose model is to be kept; else it is looked for, checked, and tried
            out where it is not known
        :raises ModelError: when the model bundle is missing, damaged, or cannot be run
        :raises LandmarkerError: when the GPU is wanted and cannot be used
        """
        model, model_copy = (
            (before.model, before.model_copy) if before else usable_model(self.model)
        )
        delegate = Delegate(self.delegate)
        if delegate is Delegate.GPU:
            require_usable_gpu(model, model_copy)
        return LandmarkerOptions(
            model=model,
            model_copy=model_copy,
            running_mode=RunningMode(self.running_mode),
            num_poses=self.num_poses,
            min_pose_detection_confidence=self.min_pose_detection_confidence,
            min_pose_presence_confidence=self.min_pose_presence_confidence,
            min_tracking_confidence=self.min_tracking_confidence,
            output_segmentation_masks=self.output_segmentation_masks,
            delegate=delegate,
            num_threads=self.num_threads,
            forbid_network=self.forbid_network,
        )
