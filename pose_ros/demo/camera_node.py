# SPDX-License-Identifier: Apache-2.0
"""
Films a webcam, a video or a photograph, and publishes image_raw and camera_info.

Pictures are taken and published on a thread of their own: a webcam may keep its reader waiting,
and the node goes on answering meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from pose_ros.demo.calibration import CalibrationError, ideal_camera_info, load_camera_info
from pose_ros.demo.video_source import SourceError, VideoSource, open_source
from pose_ros.images.image_cdr import serialize_image
from pose_ros.images.jpeg import jpeg_message
from pose_ros.rclpy_tools.parameter_declaration import check, declare, parameter

__all__ = ['CameraOptions', 'DemoCamera']

# Reliable serves best-effort subscribers too, and loses no image between two processes.
QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
STOP_TIMEOUT_S = 0.5


@dataclass(frozen=True)
class CameraOptions:
    """
    The parameters of the node, with their texts and ranges.

    :raises ValueError: when a value has the wrong type or is out of range
    """

    source: str = parameter(
        '',
        "What is filmed: the number of a webcam ('0'), the path of a video or photograph, or "
        "'' for a photograph that comes with scikit-image. A photograph is shown as a hand-held "
        'camera would see it.',
        read_only=True,
    )
    rate: float = parameter(
        0.0,
        "Pictures a second; 0 is the source's own rate, 30 for a photograph.",
        within=(0.0, 240.0),
        read_only=True,
    )
    loop: bool = parameter(
        True, 'Begin a video again at its end; otherwise the camera ends with it.', read_only=True
    )
    width: int = parameter(
        0,
        "Width of the pictures in pixels; 0 is the source's own, or follows the height.",
        within=(0, 7680),
        read_only=True,
    )
    height: int = parameter(
        0,
        "Height of the pictures in pixels; 0 is the source's own, or follows the width.",
        within=(0, 7680),
        read_only=True,
    )
    frame_id: str = parameter(
        'camera_optical_frame',
        "Frame of the headers: the camera's optical frame (x right, y down, z forward).",
        read_only=True,
    )
    camera_info_url: str = parameter(
        '',
        'Calibration of the camera: a YAML file as camera_calibration writes it, named by a '
        'path, file:// or package:// URL. Empty: no distortion, and horizontal_fov_deg.',
        read_only=True,
    )
    horizontal_fov_deg: float = parameter(
        60.0,
        'Degrees between the left and the right edge of the picture, when there is no '
        'calibration.',
        within=(1.0, 150.0),  # pose nodes take less than 157 for a calibration
        read_only=True,
    )
    compressed: bool = parameter(
        False, 'Offer image_raw/compressed (JPEG) as well.', read_only=True
    )

    def __post_init__(self) -> None:
        """Check every value."""
        check(self)


class DemoCamera(Node):
    """
    The node demo_camera: publishes what a source shows until it ends or stop() is called.

    Topics: image_raw (rgb8), camera_info, and image_raw/compressed when asked for. A picture and
    its camera_info have the same header, stamped when the picture was taken.

    :ivar error: why no more pictures come; None while they do, and after a normal end
    """

    def __init__(self, **kwargs: Any) -> None:
        """
        Declare the parameters, open the source and begin to publish.

        :param kwargs: for rclpy's Node
        :raises ValueError: when a parameter has the wrong type or is out of range
        :raises SourceError: when the source cannot be opened
        :raises CalibrationError: when the calibration cannot be read
        """
        super().__init__('demo_camera', **kwargs)
        self.error: str | None = None
        values, problems = declare(self, CameraOptions)
        if problems:
            raise ValueError('; '.join(problems.values()))
        self._options = options = CameraOptions(**values)
        self._calibration = (
            load_camera_info(options.camera_info_url) if options.camera_info_url else None
        )
        self._source: VideoSource = open_source(
            options.source, options.rate, options.loop, options.width, options.height
        )
        overridable = QoSOverridingOptions.with_default_policies()
        self._images, self._camera_infos = (
            self.create_publisher(kind, topic, QOS, qos_overriding_options=overridable)
            for kind, topic in ((Image, 'image_raw'), (CameraInfo, 'camera_info'))
        )
        self._jpegs = (
            self.create_publisher(
                CompressedImage, 'image_raw/compressed', QOS, qos_overriding_options=overridable
            )
            if options.compressed
            else None
        )
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)  # a stuck webcam must not hold it
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether pictures are still being taken."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop taking pictures; returns when the last one is out, or after half a second."""
        self._stopped.set()
        self._thread.join(STOP_TIMEOUT_S)

    def destroy_node(self) -> None:
        """Stop, and destroy the node."""
        self.stop()
        super().destroy_node()

    def _run(self) -> None:
        try:
            count = self._film()
            self.get_logger().info(f'{count} pictures published')
        except (SourceError, CalibrationError) as error:
            self.error = str(error)
        except Exception as error:
            self.error = f'{type(error).__name__}: {error}'
            raise
        finally:
            self._source.close()

    def _film(self) -> int:
        """Publish picture after picture; return how many."""
        rate_hz = self._options.rate or (0.0 if self._source.live else self._source.rate_hz)
        period_s = 1 / rate_hz if rate_hz else 0.0
        count, due_s = 0, monotonic()
        while not self._stopped.is_set():
            if not self._source.live:
                self._stopped.wait(max(0.0, due_s - monotonic()))
            if not self._source.grab() or self._stopped.is_set():
                break
            stamp = self.get_clock().now().to_msg()
            if monotonic() < due_s - period_s / 4:  # a webcam faster than wanted
                continue
            self._publish(Header(stamp=stamp, frame_id=self._options.frame_id))
            count += 1
            due_s = max(due_s + period_s, monotonic() - period_s)
        return count

    def _publish(self, header: Header) -> None:
        """Publish the picture just taken."""
        rgb = self._source.retrieve()
        height, width, _ = rgb.shape
        if self._calibration is None:
            self._calibration = ideal_camera_info(width, height, self._options.horizontal_fov_deg)
        info = self._calibration
        if (info.width, info.height) != (width, height):
            raise CalibrationError(
                f'{self._options.camera_info_url} is for pictures of {info.width}x{info.height}, '
                f'the source gives {width}x{height}; set width and height, or calibrate the '
                'camera at this size'
            )
        info.header = header
        self._camera_infos.publish(info)
        self._images.publish(serialize_image(rgb, header, 'rgb8'))
        if self._jpegs is not None and self._jpegs.get_subscription_count():
            self._jpegs.publish(jpeg_message(rgb, header))
