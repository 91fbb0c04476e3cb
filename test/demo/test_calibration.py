# SPDX-License-Identifier: Apache-2.0
"""Calibration files are read as camera_calibration writes them; what is wrong in one is said."""

from math import atan, degrees
from pathlib import Path

import pytest

from pose_ros.demo.calibration import CalibrationError, ideal_camera_info, load_camera_info
from simulation.calibration_file import CALIBRATION


@pytest.mark.parametrize('url', ['{}', 'file://{}'])
def test_calibration_file(tmp_path: Path, url: str) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_text(CALIBRATION)
    info = load_camera_info(url.format(path))
    assert (info.width, info.height, info.distortion_model) == (640, 480, 'plumb_bob')
    assert info.k.tolist() == [438.78, 0, 305.59, 0, 437.35, 243.73, 0, 0, 1]
    assert list(info.d) == [-0.361976, 0.110510, 0.001014, 0.000505, 0]
    assert info.r.tolist() == [0.99, 0.01, 0, -0.01, 0.99, 0, 0, 0, 1]
    assert info.p.tolist() == [393.65, 0, 322.79, 0, 0, 393.65, 241.09, 0.5, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ('old', 'new', 'complaint'),
    [
        ('image_width: 640', 'image_width: 0', 'image_width: wanted a number of pixels, got 0'),
        ('image_width: 640', 'image_width: wide', "wanted a number of pixels, got 'wide'"),
        ('image_height: 480\n', '', 'wanted an entry image_height, got none'),
        ('distortion_model: plumb_bob\n', '', 'wanted an entry distortion_model'),
        ('[438.78, ', '[', 'camera_matrix: wanted 9 numbers, got 8'),
        ('[393.65, ', '[x, ', 'projection_matrix: wanted a list of numbers'),
        ('  data: [0.99,', '  date: [0.99,', 'wanted an entry data'),
        ('0.000505, 0]', '0.000505, 0', 'wanted a camera_calibration YAML file'),
        (CALIBRATION, 'nothing', 'wanted an entry image_width, got none'),
        (CALIBRATION, '', 'wanted an entry image_width, got none'),
    ],
)
def test_wrong_content(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / 'camera.yaml'
    assert old in CALIBRATION
    path.write_text(CALIBRATION.replace(old, new))
    with pytest.raises(CalibrationError, match=complaint) as caught:
        load_camera_info(str(path))
    assert str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('url', 'complaint'),
    [
        ('/nowhere/camera.yaml', 'No such file'),
        ('package://no_such_package/camera.yaml', "no package 'no_such_package'"),
        ('package://pose_ros/nowhere.yaml', 'No such file'),
    ],
)
def test_missing_file(url: str, complaint: str) -> None:
    with pytest.raises(CalibrationError, match=complaint):
        load_camera_info(url)


def test_binary_file(tmp_path: Path) -> None:
    path = tmp_path / 'camera.yaml'
    path.write_bytes(b'\xff\xd8\xff\xe0')
    with pytest.raises(CalibrationError, match='wanted a camera_calibration YAML file'):
        load_camera_info(str(path))


@pytest.mark.parametrize('fov_deg', [1.0, 60.0, 179.0])
def test_ideal_camera(fov_deg: float) -> None:
    info = ideal_camera_info(640, 480, fov_deg)
    assert (info.width, info.height) == (640, 480)
    fx, fy, cx, cy = info.k[0], info.k[4], info.k[2], info.k[5]
    assert degrees(atan(cx / fx) + atan((640 - cx) / fx)) == pytest.approx(fov_deg)
    assert (fy, cx, cy) == (fx, 319.5, 239.5)
    assert info.p.reshape(3, 4)[:, :3].tolist() == info.k.reshape(3, 3).tolist()
    assert info.p.reshape(3, 4)[:, 3].tolist() == [0, 0, 0]
    assert not any(info.d)
    assert info.r.reshape(3, 3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
