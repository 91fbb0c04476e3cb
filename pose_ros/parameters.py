"""
ROS parameters, declared once with text, range and default, in; a checked frozen dataclass out.

The fields of `Parameters` are the declaration: nothing else lists them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field, dataclass, field, fields, replace
import re
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from .diagnostics import Limits
from .image_input import IMAGE_QOS, IMAGE_TRANSPORTS
from .landmarker import MAX_NUM_POSES, Delegate, LandmarkerOptions, RunningMode
from .markers import MARKER_STYLE_RANGES, MarkerStyle
from .models import find_model
from .overlay import OverlayMask, OverlayStyle

__all__ = ['Parameters', 'declare_parameters']


def _parameter(default: Any, text: str, *, within: tuple[float, float] | None = None,
               choices: Iterable[str] = (), pattern: str = '', read_only: bool = False) -> Any:
    return field(default=default, metadata={
        'text': text, 'within': within, 'choices': tuple(choices), 'pattern': pattern,
        'read_only': read_only})


@dataclass(frozen=True)
class Parameters:
    """
    All parameters of the node; the texts and ranges stand beside each field.

    :raises ValueError: when a value has the wrong type or is out of range: what was wanted and
        what came
    """

    model: str = _parameter(
        'full', 'Model bundle: lite, full, heavy, or the path of a .task file.')
    running_mode: str = _parameter(
        'video', 'How successive frames are treated. image: each by itself. video: with tracking, '
        'a result for every frame. live_stream: with tracking, asynchronously; MediaPipe drops '
        'frames when it is busy.', choices=(mode.value for mode in RunningMode))
    num_poses: int = _parameter(
        1, 'The most people found in one image. With fewer people in view than this, the person '
        'detector runs on every frame, which costs up to 2.4 times as much: see search_interval.',
        within=(1, MAX_NUM_POSES))
    search_interval: float = _parameter(
        0.0, 'Seconds; 0: off. In running mode video with num_poses above 1: while one person is '
        'in view, look for more only this often, at nearly the cost of num_poses 1. Takes a '
        'second landmarker, about 100 MB.', within=(0.0, 60.0))
    min_pose_detection_confidence: float = _parameter(
        0.5, 'The least score of the person detector for a person to be found.',
        within=(0.0, 1.0))
    min_pose_presence_confidence: float = _parameter(
        0.5, 'The least presence score of the landmark model for a person to be reported.',
        within=(0.0, 1.0))
    min_tracking_confidence: float = _parameter(
        0.5, 'The overlap of a person from frame to frame that is needed to keep tracking; below '
        'it the detector runs again.', within=(0.0, 1.0))
    output_segmentation_masks: bool = _parameter(
        False, 'Compute a segmentation mask of each person; ~/mask and ~/instance_mask need it.')
    delegate: str = _parameter(
        'cpu', 'What the networks run on. gpu needs OpenGL ES 3.1.',
        choices=(delegate.value for delegate in Delegate))

    image_transport: str = _parameter(
        'raw', 'raw: sensor_msgs/Image on the topic image. compressed: '
        'sensor_msgs/CompressedImage on image/compressed. auto: raw, unless only image/compressed '
        'has a publisher.', choices=IMAGE_TRANSPORTS)
    image_qos: str = _parameter(
        'auto', 'Reliability of the subscription to the images. auto: what the publisher offers, '
        'followed when it changes. sensor_data: best effort. reliable: reliable, which does not '
        'hear best-effort publishers.', choices=IMAGE_QOS)
    clock_restart_threshold: float = _parameter(
        1.0, 'Seconds. A header stamp further back than this means that the stream began again '
        '(a bag that loops, a simulation that was reset); a smaller step back is a late frame '
        'and is dropped.', within=(0.0, 3600.0))

    mask_encoding: str = _parameter(
        'mono8', 'Encoding of ~/mask: mono8 (0-255) or 32FC1 (0.0-1.0).',
        choices=('mono8', '32FC1'))
    marker_distance: float = _parameter(
        2.0, 'Metres in front of the camera at which the markers of a person stand whose position '
        'is unknown.', within=MARKER_STYLE_RANGES['distance_m'])
    marker_min_visibility: float = _parameter(
        0.5, 'Landmarks with a lower visibility, and their bones, are not shown in the markers.',
        within=MARKER_STYLE_RANGES['min_visibility'])
    marker_landmark_diameter: float = _parameter(
        0.03, 'Metres, of the sphere at each landmark.',
        within=MARKER_STYLE_RANGES['landmark_diameter_m'])
    marker_bone_width: float = _parameter(
        0.015, 'Metres, of the line between two landmarks.',
        within=MARKER_STYLE_RANGES['bone_width_m'])
    marker_lifetime: float = _parameter(
        0.5, 'Seconds after which RViz removes a marker that is not renewed.',
        within=MARKER_STYLE_RANGES['lifetime_s'])

    overlay_mask: str = _parameter(
        'none', 'What ~/overlay does with the masks: none, tint the people, or replace the '
        'background. tint and background need output_segmentation_masks.',
        choices=(mask.value for mask in OverlayMask))
    overlay_background: str = _parameter(
        '#00b140', 'The colour that replaces the background, as #rrggbb.',
        pattern='#[0-9a-fA-F]{6}')

    latency_warn: float = _parameter(
        0.2, 'Seconds. From this median age of published poses on, the diagnostics say WARN.',
        within=(0.0, 3600.0))
    latency_error: float = _parameter(
        1.0, 'Seconds. From this median age of published poses on, the diagnostics say ERROR.',
        within=(0.0, 3600.0))
    silence_warn: float = _parameter(
        2.0, 'Seconds. Without an image for this long the diagnostics say WARN, and the log why.',
        within=(0.1, 3600.0))
    silence_error: float = _parameter(
        10.0, 'Seconds. Without an image for this long the diagnostics say ERROR.',
        within=(0.1, 3600.0))

    autostart: bool = _parameter(
        False, 'Configure and activate by itself at start, without a lifecycle manager.',
        read_only=True)

    def __post_init__(self) -> None:
        """Check every value."""
        for each in fields(self):
            object.__setattr__(self, each.name, _checked(each, getattr(self, each.name)))

    def changed(self, changes: Iterable[Parameter]) -> Parameters:
        """
        Return a copy with some values changed.

        :param changes: ROS parameters; names that are not ours are passed over
        :raises ValueError: when a value is not acceptable; self stays as it is
        """
        names = {each.name for each in fields(self)}
        return replace(self, **{change.name: change.value for change in changes
                                if change.name in names})

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
            delegate=Delegate(self.delegate))

    def marker_style(self) -> MarkerStyle:
        """Return the looks of the markers."""
        return MarkerStyle(
            landmark_diameter_m=self.marker_landmark_diameter,
            bone_width_m=self.marker_bone_width,
            min_visibility=self.marker_min_visibility,
            distance_m=self.marker_distance,
            lifetime_s=self.marker_lifetime)

    def overlay_style(self) -> OverlayStyle:
        """Return the looks of the overlay."""
        red, green, blue = bytes.fromhex(self.overlay_background[1:])
        return OverlayStyle(mask=OverlayMask(self.overlay_mask),
                            background_rgb=(red, green, blue))

    def limits(self) -> Limits:
        """Return the limits of the diagnostics."""
        return Limits(latency_warn_s=self.latency_warn, latency_error_s=self.latency_error,
                      silence_warn_s=self.silence_warn, silence_error_s=self.silence_error)


def _checked(declared: Field[Any], value: Any) -> Any:
    wanted = type(declared.default)
    if wanted is float and type(value) is int:
        value = float(value)
    within, pattern = declared.metadata['within'], declared.metadata['pattern']
    choices = declared.metadata['choices']
    if type(value) is not wanted:
        raise ValueError(f'{declared.name}: wanted a {_TYPE_NAMES[wanted]}, got {value!r}')
    if choices and value not in choices:
        raise ValueError(f'{declared.name}: wanted one of {", ".join(choices)}, got {value!r}')
    if pattern and not re.fullmatch(pattern, str(value)):
        raise ValueError(f'{declared.name}: wanted {pattern}, got {value!r}')
    if within and not within[0] <= value <= within[1]:
        raise ValueError(f'{declared.name}: wanted {within[0]} to {within[1]}, got {value}')
    return value


_TYPE_NAMES = {bool: 'bool', int: 'integer', float: 'number', str: 'string'}


def _descriptor(declared: Field[Any]) -> ParameterDescriptor:
    metadata = declared.metadata
    descriptor = ParameterDescriptor(
        name=declared.name, description=metadata['text'], read_only=metadata['read_only'],
        # An integer where a number is wanted is no error: launch files turn 1.0 into 1.
        dynamic_typing=isinstance(declared.default, float))
    if metadata['choices']:
        descriptor.additional_constraints = f'One of {", ".join(metadata["choices"])}.'
    if metadata['within']:
        low, high = metadata['within']
        if isinstance(declared.default, int):
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
        else:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=low, to_value=high)]
    return descriptor


def declare_parameters(node: Node) -> tuple[Parameters, dict[str, str]]:
    """
    Declare all parameters on a node.

    :returns: the values, and for each parameter whose given value cannot be used (it has its
        default instead) what is wrong with it
    """
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for each in fields(Parameters):
        descriptor = _descriptor(each)
        try:
            value = node.declare_parameter(each.name, each.default, descriptor).value
            values[each.name] = _checked(each, value)
        except (InvalidParameterTypeException, InvalidParameterValueException,
                ValueError) as error:
            problems[each.name] = str(error)
            if node.has_parameter(each.name):
                node.undeclare_parameter(each.name)
            node.declare_parameter(each.name, each.default, descriptor, ignore_override=True)
    return Parameters(**values), problems
