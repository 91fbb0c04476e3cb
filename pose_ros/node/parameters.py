# SPDX-License-Identifier: Apache-2.0
"""All parameters of the pose node: texts, ranges and defaults; nothing else lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from rclpy.node import Node
from rclpy.parameter import Parameter

from pose_ros.detection.landmarker import MAX_NUM_POSES, Delegate, LandmarkerOptions, RunningMode
from pose_ros.following.people import FollowingOptions
from pose_ros.models.store import find_model
from pose_ros.node.image_input import IMAGE_QOS, IMAGE_TRANSPORTS
from pose_ros.outputs.diagnostics import DiagnosticLimits
from pose_ros.outputs.markers import MARKER_STYLE_RANGES, MarkerStyle
from pose_ros.outputs.overlay import OverlayMask, OverlayStyle
from pose_ros.rclpy_tools.parameter_declaration import check, declare, parameter

__all__ = ['Parameters', 'declare_parameters']


@dataclass(frozen=True)
class Parameters:
    """
    All parameters of the node; the texts and ranges stand beside each field.

    :raises ValueError: when a value has the wrong type or is out of range: what was wanted and
        what came
    """

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
        'The most people found in one image. With fewer people in view than this, the person '
        'detector runs on every frame, which costs up to 2.4 times as much: see search_interval.',
        within=(1, MAX_NUM_POSES),
    )
    search_interval: float = parameter(
        0.0,
        'Seconds; 0: off. In running mode video with num_poses above 1: while one person is '
        'in view, look for more only this often, at nearly the cost of num_poses 1. Takes a '
        'second landmarker, about 100 MB.',
        within=(0.0, 60.0),
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
        False, 'Compute a segmentation mask of each person; ~/mask and ~/instance_mask need it.'
    )
    delegate: str = parameter(
        'cpu',
        'What the networks run on. gpu needs OpenGL ES 3.1.',
        choices=(delegate.value for delegate in Delegate),
    )

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
    clock_restart_threshold: float = parameter(
        1.0,
        'Seconds. A header stamp further back than this means that the stream began again '
        '(a bag that loops, a simulation that was reset); a smaller step back is a late frame '
        'and is dropped.',
        within=(0.0, 3600.0),
    )

    track_timeout: float = parameter(
        2.0,
        'Seconds that a person may be out of sight and keep the track id.',
        within=(0.0, 3600.0),
    )
    smooth_landmarks: bool = parameter(
        True,
        'Smooth the landmarks of each person with a One Euro filter where MediaPipe does '
        'not: with num_poses above 1. In running mode image nothing is smoothed.',
    )
    smooth_segmentation: bool = parameter(
        True,
        'Mix the mask of each person with the one before where it is uncertain. In running '
        'mode image nothing is smoothed.',
    )

    horizontal_fov: float = parameter(
        0.0,
        'Degrees between the left and the right edge of the image, to estimate positions '
        'with while no camera_info is known; 0: not known.',
        within=(0.0, 179.0),
    )
    image_rectified: bool = parameter(
        False,
        'The images are rectified (image_rect): the matrix p of camera_info describes '
        'them, and there is no distortion.',
    )
    depth_slop: float = parameter(
        0.1,
        'Seconds that an image and the depth image for its positions may be apart.',
        within=(0.0, 10.0),
    )

    publish_tf: bool = parameter(
        False,
        'Publish a TF frame body_ID at the hip midpoint of each person whose position is '
        "known, in the frame of the image's header. Needs tf2_msgs.",
    )
    tf_landmarks: bool = parameter(
        False, 'With publish_tf: a frame body_ID_LANDMARK for each visible landmark as well.'
    )
    tf_prefix: str = parameter(
        '',
        "Put before the names of these frames. Empty: the node's namespace and a slash, if it "
        'has one.',
        pattern='([^/].*)?',
    )
    hri: bool = parameter(
        False,
        'Publish the topics and frames of ROS4HRI (REP-155) for bodies. Needs hri_msgs '
        'and tf2_msgs.',
    )

    mask_encoding: str = parameter(
        'mono8',
        'Encoding of ~/mask: mono8 (0-255) or 32FC1 (0.0-1.0).',
        choices=('mono8', '32FC1'),
    )
    instance_mask_values: str = parameter(
        'index',
        'Values of ~/instance_mask. index: 1 + index of the person in poses. track_id: '
        'the track id, from 256 on counted from 1 again.',
        choices=('index', 'track_id'),
    )
    marker_distance: float = parameter(
        2.0,
        'Metres in front of the camera at which the markers of a person stand whose position '
        'is unknown.',
        within=MARKER_STYLE_RANGES['distance_m'],
    )
    marker_min_visibility: float = parameter(
        0.5,
        'Landmarks with a lower visibility, and their bones, are not shown in the markers.',
        within=MARKER_STYLE_RANGES['min_visibility'],
    )
    marker_landmark_diameter: float = parameter(
        0.03,
        'Metres, of the sphere at each landmark.',
        within=MARKER_STYLE_RANGES['landmark_diameter_m'],
    )
    marker_bone_width: float = parameter(
        0.015,
        'Metres, of the line between two landmarks.',
        within=MARKER_STYLE_RANGES['bone_width_m'],
    )
    marker_lifetime: float = parameter(
        0.5,
        'Seconds after which RViz removes a marker that is not renewed.',
        within=MARKER_STYLE_RANGES['lifetime_s'],
    )

    overlay_mask: str = parameter(
        'none',
        'What ~/overlay does with the masks: none, tint the people, or replace the '
        'background. tint and background need output_segmentation_masks.',
        choices=(mask.value for mask in OverlayMask),
    )
    overlay_background: str = parameter(
        '#00b140',
        'The colour that replaces the background, as #rrggbb.',
        pattern='#[0-9a-fA-F]{6}',
    )

    latency_warn: float = parameter(
        0.2,
        'Seconds. From this median age of published poses on, the diagnostics say WARN.',
        within=(0.0, 3600.0),
    )
    latency_error: float = parameter(
        1.0,
        'Seconds. From this median age of published poses on, the diagnostics say ERROR.',
        within=(0.0, 3600.0),
    )
    silence_warn: float = parameter(
        2.0,
        'Seconds. Without an image for this long the diagnostics say WARN, and the log why.',
        within=(0.1, 3600.0),
    )
    silence_error: float = parameter(
        10.0,
        'Seconds. Without an image for this long the diagnostics say ERROR.',
        within=(0.1, 3600.0),
    )

    autostart: bool = parameter(
        False,
        'Configure and activate by itself at start, without a lifecycle manager.',
        read_only=True,
    )

    def __post_init__(self) -> None:
        """Check every value."""
        check(self)

    def changed(self, changes: Iterable[Parameter]) -> Parameters:
        """
        Return a copy with some values changed.

        :param changes: ROS parameters; names that are not ours are passed over
        :raises ValueError: when a value is not acceptable; self stays as it is
        """
        names = {each.name for each in fields(self)}
        return replace(
            self, **{change.name: change.value for change in changes if change.name in names}
        )

    def landmarker_options(self) -> LandmarkerOptions:
        """
        Return the options of the landmarker.

        :raises pose_ros.models.ModelError: when the model bundle is missing or damaged
        """
        return LandmarkerOptions(
            model=find_model(self.model),
            running_mode=RunningMode(self.running_mode),
            num_poses=self.num_poses,
            min_pose_detection_confidence=self.min_pose_detection_confidence,
            min_pose_presence_confidence=self.min_pose_presence_confidence,
            min_tracking_confidence=self.min_tracking_confidence,
            output_segmentation_masks=self.output_segmentation_masks,
            delegate=Delegate(self.delegate),
        )

    def marker_style(self) -> MarkerStyle:
        """Return the looks of the markers."""
        return MarkerStyle(
            landmark_diameter_m=self.marker_landmark_diameter,
            bone_width_m=self.marker_bone_width,
            min_visibility=self.marker_min_visibility,
            distance_m=self.marker_distance,
            lifetime_s=self.marker_lifetime,
        )

    def overlay_style(self) -> OverlayStyle:
        """Return the looks of the overlay."""
        red, green, blue = bytes.fromhex(self.overlay_background[1:])
        return OverlayStyle(mask=OverlayMask(self.overlay_mask), background_rgb=(red, green, blue))

    def following(self) -> FollowingOptions:
        """Return how people are followed."""
        return FollowingOptions(
            max_missed_s=self.track_timeout,
            smooth_landmarks=self.smooth_landmarks,
            smooth_segmentation=self.smooth_segmentation,
            still=self.running_mode == 'image',
        )

    def positions(self) -> tuple[float, bool, float]:
        """Return the options of Positions."""
        return self.horizontal_fov, self.image_rectified, self.depth_slop

    def limits(self) -> DiagnosticLimits:
        """Return the limits of the diagnostics."""
        return DiagnosticLimits(
            latency_warn_s=self.latency_warn,
            latency_error_s=self.latency_error,
            silence_warn_s=self.silence_warn,
            silence_error_s=self.silence_error,
        )


def declare_parameters(node: Node) -> tuple[Parameters, dict[str, str]]:
    """
    Declare all parameters on a node.

    :returns: the values, and for each parameter whose given value cannot be used (it has its
        default instead) what is wrong with it
    """
    values, problems = declare(node, Parameters)
    return Parameters(**values), problems
