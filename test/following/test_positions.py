# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions
from pose_ros.following.positions import PositionOptions, PositionReport, Positions
from pose_ros.images.frame import Frame, to_frame
from pose_ros.poses.geometry import placed_landmarks
from pose_ros.poses.poses import VISIBILITY, Poses, PositionSource
from simulation.ros_world import image_message

STAMP_NS = 100 * 10**9
FOCAL_PX = 500.0


@pytest.fixture(scope='module')
def seen(models: dict[str, Path]) -> tuple[Frame, Poses]:
    """The astronaut, as the landmarker sees her."""
    import skimage.data

    frame = to_frame(image_message(skimage.data.astronaut(), STAMP_NS))
    with Landmarker(LandmarkerOptions(models['full'])) as landmarker:
        return frame, landmarker.detect(landmarker.load(frame.rgb), 1)


def camera_info(focal_px: float = FOCAL_PX) -> CameraInfo:
    return CameraInfo(
        width=512,
        height=512,
        distortion_model='plumb_bob',
        d=[0.0] * 5,
        k=[focal_px, 0.0, 255.5, 0.0, focal_px, 255.5, 0.0, 0.0, 1.0],
    )


def depth(
    seen: tuple[Frame, Poses], placed: Poses, scale: float, stamp_ns: int = STAMP_NS
) -> Image:
    """Return a depth image of a body that is larger and farther away than the one placed."""
    message = image_message(np.zeros((256, 256, 3), np.uint8), stamp_ns)
    millimetres = np.zeros((256, 256), np.uint16)
    for (x, y), z in zip(
        seen[1].landmarks[0, :, :2].tolist(),
        placed_landmarks(placed)[0, :, 2].tolist(),
        strict=True,
    ):
        if 0 < x < 1 and 0 < y < 1:
            row, column = int(y * 256), int(x * 256)
            millimetres[max(row - 8, 0) : row + 8, max(column - 8, 0) : column + 8] = (
                z * scale * 1000
            )
    message.encoding, message.step, message.data = '16UC1', 512, millimetres.tobytes()
    return message


def distance_m(result: Poses) -> float:
    return float(np.linalg.norm(result.positions[0]))


def test_nothing_is_known_without_intrinsics(seen: tuple[Frame, Poses]) -> None:
    positions = Positions(PositionOptions())
    result = positions.place(*seen)
    assert result is seen[1]
    assert 'camera_info' in positions.problem


def test_a_field_of_view_stands_in_for_camera_info(seen: tuple[Frame, Poses]) -> None:
    by_fov, by_info = (
        Positions(PositionOptions(2 * np.degrees(np.arctan(256 / FOCAL_PX)))),
        Positions(PositionOptions()),
    )
    by_info.take_camera_info(camera_info())
    results = [each.place(*seen) for each in (by_fov, by_info)]
    np.testing.assert_allclose(results[0].positions, results[1].positions, atol=1e-6)
    assert results[1].position_sources.tolist() == [PositionSource.CAMERA_INFO]
    assert 0.5 < distance_m(results[1]) < 2.0
    assert by_info.problem == ''


def test_a_new_calibration_counts_at_once(seen: tuple[Frame, Poses]) -> None:
    positions = Positions(PositionOptions())
    positions.take_camera_info(camera_info())
    near = distance_m(positions.place(*seen))
    positions.take_camera_info(camera_info(2 * FOCAL_PX))
    assert 1.8 < distance_m(positions.place(*seen)) / near < 2.2


def test_depth_of_the_same_instant_is_used(seen: tuple[Frame, Poses]) -> None:
    positions = Positions(PositionOptions())
    positions.take_camera_info(camera_info())
    alone = positions.place(*seen)
    for offset_s in (-0.5, 0.05, 0.5):
        scale = 1.1 if offset_s == 0.05 else 0.8
        positions.take_depth(depth(seen, alone, scale, STAMP_NS + int(offset_s * 1e9)))
    result = positions.place(*seen)
    assert result.position_sources.tolist() == [PositionSource.DEPTH]
    # The surface that the depth image shows is 1 to 7 cm before the landmarks.
    assert 1.1 < distance_m(result) / distance_m(alone) < 1.1 + 0.07 / alone.positions[0, 2]
    assert positions.problem == ''


@pytest.mark.parametrize(
    ('spoil', 'words'),
    [
        (lambda message: setattr(message.header.stamp, 'sec', 90), '10.000 s away'),
        (lambda message: setattr(message, 'encoding', 'rgb8'), "got 'rgb8'"),
        (lambda message: setattr(message, 'step', 3), 'got 3'),
    ],
)
def test_unusable_depth_falls_back_to_camera_info_and_says_so(
    seen: tuple[Frame, Poses], spoil: Callable[[Image], None], words: str
) -> None:
    positions = Positions(PositionOptions())
    positions.take_camera_info(camera_info())
    spoilt = depth(seen, positions.place(*seen), 1.0)
    spoil(spoilt)
    positions.take_depth(spoilt)
    result = positions.place(*seen)
    assert result.position_sources.tolist() == [PositionSource.CAMERA_INFO]
    assert positions.problem.startswith('positions without depth')
    assert words in positions.problem


def placed_by(positions: Positions, seen: tuple[Frame, Poses]) -> list[int]:
    sources: list[int] = positions.place(*seen).position_sources.tolist()
    return sources


UNCALIBRATED = CameraInfo(width=512, height=512)
IDENTITY = camera_info(1.0)
BINNED = CameraInfo(
    width=2064, height=2064, binning_x=4, binning_y=4, distortion_model='plumb_bob', d=[0.0] * 5
)
BINNED.k = camera_info().k
FOREIGN = camera_info()
FOREIGN.header.frame_id = 'another_camera'
WIDE = camera_info()
WIDE.width = 848


@pytest.mark.parametrize(
    ('info', 'words'),
    [
        (CameraInfo(), 'wanted the size of the picture, got 0x0'),
        (UNCALIBRATED, 'calibrate the camera'),
        (IDENTITY, 'wanted focal lengths in pixels'),
        (BINNED, 'size and binning contradict'),
        (FOREIGN, "wanted one in the frame of the image, 'camera_optical_frame', got 'another_c"),
        (WIDE, 'shows another part of the world'),
    ],
    ids=['all zero', 'uncalibrated', 'identity', 'binning', 'another camera', 'another size'],
)
def test_camera_info_that_does_not_fit(
    info: CameraInfo, words: str, seen: tuple[Frame, Poses]
) -> None:
    """A stated field of view counts instead; without it, positions are unknown. It is said."""
    positions = Positions(PositionOptions(60.0))
    positions.take_camera_info(info)
    assert placed_by(positions, seen) == [PositionSource.CAMERA_INFO]
    assert positions.report.text.startswith('positions by horizontal_fov: camera_info: wanted ')
    assert words in positions.report.text
    assert positions.report.is_misfit

    positions.set_options(PositionOptions())
    assert placed_by(positions, seen) == [PositionSource.NONE]
    assert positions.report.text.startswith('no positions: camera_info: wanted ')
    assert positions.report.is_misfit

    positions.take_camera_info(camera_info())
    assert placed_by(positions, seen) == [PositionSource.CAMERA_INFO]
    assert positions.report == PositionReport()


@pytest.mark.parametrize(
    ('spoil', 'words'),
    [
        (
            lambda message: setattr(message.header, 'frame_id', 'camera_depth_optical_frame'),
            "in the frame of the image, 'camera_optical_frame', got 'camera_depth_optical_frame'",
        ),
        (
            lambda message: setattr(message, 'height', 144),
            'wanted the proportions of the image of 512x512, got 256x144',
        ),
    ],
    ids=['frame', 'proportions'],
)
def test_depth_that_is_not_registered_is_not_used(
    seen: tuple[Frame, Poses], spoil: Callable[[Image], None], words: str
) -> None:
    positions = Positions(PositionOptions())
    positions.take_camera_info(camera_info())
    alone = positions.place(*seen)
    foreign = depth(seen, alone, 1.3)
    spoil(foreign)
    positions.take_depth(foreign)
    result = positions.place(*seen)
    assert result.position_sources.tolist() == [PositionSource.CAMERA_INFO]
    np.testing.assert_array_equal(result.positions, alone.positions)
    assert words in positions.report.text
    assert 'registered (aligned) depth image' in positions.report.text
    assert positions.report.is_misfit


def test_a_field_of_view_follows_the_size_of_the_picture(seen: tuple[Frame, Poses]) -> None:
    positions = Positions(PositionOptions(60.0))
    for shape in ((480, 640, 3), (720, 1280, 3)):
        frame = Frame(np.zeros(shape, np.uint8), seen[0].header, STAMP_NS)
        assert placed_by(positions, (frame, seen[1])) == [PositionSource.CAMERA_INFO]
        assert positions.report == PositionReport()


def test_a_person_of_whom_too_little_is_seen_is_said(seen: tuple[Frame, Poses]) -> None:
    positions = Positions(PositionOptions(60.0))
    hidden = seen[1].landmarks.copy()
    hidden[:, :, VISIBILITY] = 0.0
    assert placed_by(positions, (seen[0], replace(seen[1], landmarks=hidden))) == [0]
    assert 'no position of 1 of 1 people' in positions.report.text
    assert not positions.report.is_misfit  # nothing to repair


def test_the_report_of_a_frame_is_there_at_once(seen: tuple[Frame, Poses]) -> None:
    """Whoever reads it on another thread never finds "known" where positions are unknown."""
    reports: list[PositionReport] = []

    class Watched(Positions):
        def __setattr__(self, name: str, value: object) -> None:
            if isinstance(value, PositionReport):
                reports.append(value)
            super().__setattr__(name, value)

    positions = Watched(PositionOptions())
    for _ in range(3):
        positions.place(*seen)
    assert [report.text.split(':')[0] for report in reports] == [
        'no image has come yet',
        *['no positions'] * 3,
    ]


def test_a_still_of_the_camera_is_placed(seen: tuple[Frame, Poses]) -> None:
    positions = Positions(PositionOptions(60.0))
    frame, result = seen
    assert np.isnan(positions.place_still(frame, result).positions).all()
    info = camera_info()
    positions.take_camera_info(info)
    assert np.isnan(positions.place_still(frame, result).positions).all()  # whose is it?
    info = camera_info()
    info.header.frame_id = frame.header.frame_id
    positions.take_camera_info(info)
    still = positions.place_still(frame, result)
    assert positions.problem == 'no image has come yet'
    np.testing.assert_array_equal(still.positions, positions.place(frame, result).positions)
    other = Frame(np.zeros((480, 640, 3), np.uint8), frame.header, STAMP_NS)
    assert np.isnan(positions.place_still(other, result).positions).all()
