# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, RegionOfInterest

from pose_ros.images.intrinsics import Intrinsics
from simulation.people import CAMERAS, project

K = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]
P = [450.0, 0.0, 310.0, 0.0, 0.0, 460.0, 230.0, 0.0, 0.0, 0.0, 1.0, 0.0]
PLUMB = [-0.3, 0.1, 0.001, 0.002, 0.0]


def info(**fields: Any) -> CameraInfo:
    return CameraInfo(
        **{
            'width': 640,
            'height': 480,
            'distortion_model': 'plumb_bob',
            'd': PLUMB,
            'k': K,
            'p': P,
            **fields,
        }
    )


def test_a_calibration_is_read() -> None:
    assert Intrinsics.from_camera_info(info()) == Intrinsics(
        640, 480, 500, 510, 320, 240, tuple(PLUMB)
    )


@pytest.mark.parametrize(
    ('model', 'd', 'is_fisheye'),
    [
        ('plumb_bob', [0.1, 0.2, 0.3, 0.4], False),
        ('plumb_bob', [0.1] * 5, False),
        ('rational_polynomial', [0.1] * 8, False),
        ('rational_polynomial', [0.1] * 14, False),
        ('equidistant', [0.1] * 4, True),
        ('equidistant', [0.0] * 4, True),
    ],
)
def test_distortion_models(model: str, d: list[float], is_fisheye: bool) -> None:
    camera = Intrinsics.from_camera_info(info(distortion_model=model, d=d))
    assert (camera.distortion, camera.is_fisheye) == (tuple(d), is_fisheye)


@pytest.mark.parametrize(
    ('model', 'd'),
    [('', []), ('', [0.0] * 5), ('plumb_bob', []), ('plumb_bob', [0.0] * 5), ('none', [0.0])],
)
def test_no_distortion(model: str, d: list[float]) -> None:
    camera = Intrinsics.from_camera_info(info(distortion_model=model, d=d))
    assert (camera.distortion, camera.is_fisheye) == ((), False)


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        ({'k': [0.0] * 9}, ['calibrate', 'field of view']),
        ({'k': [-1.0] * 9}, ['above 0', '-1']),
        ({'k': [500.0, 0, float('nan'), 0, 500, 240, 0, 0, 1]}, ['finite']),
        ({'width': 0}, ['0x480']),
        ({'distortion_model': 'division', 'd': [0.1]}, ["'division'", 'rectify']),
        ({'distortion_model': '', 'd': [0.1]}, ["''", 'plumb_bob']),
        ({'d': [0.1] * 3}, ['4 or 5', 'got 3']),
        ({'distortion_model': 'equidistant', 'd': []}, ['4 coefficients', 'got 0']),
    ],
)
def test_what_is_no_calibration_is_refused(fields: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ValueError) as error:
        Intrinsics.from_camera_info(info(**fields))
    assert all(word in str(error.value) for word in words), error.value


def test_a_rectified_picture_is_described_by_p() -> None:
    assert Intrinsics.from_camera_info(info(), rectified=True) == Intrinsics(
        640, 480, 450, 460, 310, 230
    )


def test_roi_is_cut_out_and_then_binned() -> None:
    """The point at full pixel (321, 243) is the middle of pixel (10, 20) of the picture."""
    roi = RegionOfInterest(x_offset=300, y_offset=202, width=200, height=100)
    camera = Intrinsics.from_camera_info(
        info(d=[], roi=roi, binning_x=2, binning_y=2, k=[500, 0, 320.5, 0, 510, 242.5, 0, 0, 1])
    )
    assert camera == Intrinsics(100, 50, 250, 255, 10, 20)


def test_a_field_of_view_makes_an_ideal_camera() -> None:
    camera = Intrinsics.from_fov(640, 480, 90)
    rays = camera.rays(np.array(((0, 0.5), (0.5, 0.5), (1, 0.5), (0.5, 1))))
    np.testing.assert_allclose(
        rays[:, :2] / rays[:, 2:], ((-1, 0), (0, 0), (1, 0), (0, 0.75)), atol=1e-12
    )


@pytest.mark.parametrize('fov_deg', [1, 157, 158, 179])
@pytest.mark.parametrize(('width', 'height'), [(640, 480), (160, 160), (1, 4)])
def test_every_field_of_view_that_may_be_stated_makes_a_camera(
    width: int, height: int, fov_deg: float
) -> None:
    camera = Intrinsics.from_fov(width, height, fov_deg)
    assert camera.fx == pytest.approx(width / 2 / np.tan(np.radians(fov_deg / 2)))


@pytest.mark.parametrize('fov_deg', [0, -60, 180, float('nan')])
def test_impossible_fields_of_view_are_refused(fov_deg: float) -> None:
    with pytest.raises(ValueError, match='field of view'):
        Intrinsics.from_fov(640, 480, fov_deg)


@pytest.mark.parametrize('name', CAMERAS)
def test_rays_lead_back_to_what_was_seen(name: str) -> None:
    x, y = np.meshgrid(np.linspace(-0.6, 0.6, 7), np.linspace(-0.4, 0.4, 5))
    points_m = 3 * np.stack((x, y, np.ones_like(x)), axis=-1)
    rays = CAMERAS[name].rays(project(points_m, CAMERAS[name]))
    np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(3 * rays / rays[..., 2:], points_m, atol=2e-3)


@pytest.mark.parametrize('name', CAMERAS)
def test_rays_beyond_the_picture_are_those_of_an_ideal_lens(name: str) -> None:
    points = np.array(((0.5, 3.0), (-2.0, 0.5), (0.5, 0.7)))
    ideal = replace(CAMERAS[name], distortion=(), is_fisheye=False)
    rays, ideal_rays = CAMERAS[name].rays(points), ideal.rays(points)
    np.testing.assert_array_equal(rays[:2], ideal_rays[:2])
    assert (rays[2] == ideal_rays[2]).all() == (name == 'ideal')


def test_rays_do_not_depend_on_the_size_of_the_picture() -> None:
    camera = CAMERAS['plumb_bob']
    half = replace(
        camera,
        width=320,
        height=240,
        fx=camera.fx / 2,
        fy=camera.fy / 2,
        cx=(camera.cx + 0.5) / 2 - 0.5,
        cy=(camera.cy + 0.5) / 2 - 0.5,
    )
    points = np.random.default_rng(0).random((2, 33, 2))
    np.testing.assert_allclose(camera.rays(points), half.rays(points), atol=1e-9)


@pytest.mark.parametrize(
    ('size', 'fits'),
    [
        ((640, 480), True),
        ((320, 240), True),
        ((1280, 960), True),
        ((1280, 720), False),
        ((480, 640), False),
    ],
)
def test_a_picture_of_other_proportions_is_refused(size: tuple[int, int], fits: bool) -> None:
    camera = CAMERAS['ideal']
    if fits:
        camera.require_aspect(*size)
    else:
        with pytest.raises(ValueError, match=f'{size[0]}x{size[1]}.*640x480'):
            camera.require_aspect(*size)
