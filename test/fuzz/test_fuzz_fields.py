# SPDX-License-Identifier: Apache-2.0
"""Any fields of images, depth images, camera_info, stamps and parameters: used, or refused."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
import numpy as np
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from pose_ros.detection.stream_clock import StreamClock, Verdict
from pose_ros.following.positions import PositionOptions, Positions
from pose_ros.images.depth import DepthError, depth_pixels
from pose_ros.images.encodings import ENCODINGS
from pose_ros.images.frame import Frame, FrameError, to_frame
from pose_ros.poses.poses import Poses
from pose_ros.stream.parameters import Parameters
from simulation.people import BODIES_M, CAMERAS, seen

COUNTS = st.one_of(st.integers(0, 40), st.integers(0, 2**32 - 1))
NUMBERS = st.one_of(st.floats(), st.floats(-2000, 2000), st.sampled_from([0.0, 1.0, 500.0]))
FRAMES = st.sampled_from(['', 'camera', 'other'])
BOUNDED = settings(max_examples=300, deadline=None, derandomize=True, database=None)
FRAME = Frame(np.zeros((480, 640, 3), np.uint8), Header(frame_id='camera'), 10**9)
PEOPLE = seen(BODIES_M[:2], np.array(((0.0, 0.0, 2.0), (0.5, 0.0, 3.0))), CAMERAS['ideal'])


@st.composite
def images(draw: st.DrawFn, encodings: list[str]) -> Image:
    """Return an image whose fields agree with one another, but for up to three of them."""
    encoding = draw(st.sampled_from(encodings))
    unit = draw(st.integers(1, 20))
    width, height = 4 * unit, 3 * draw(st.sampled_from([unit, unit, unit + 1]))
    is_planar = encoding in {'nv12', 'nv21', 'i420', 'yuv420'}
    height += is_planar and height % 2
    channels = {'rgb': 3, 'bgr': 3, 'rgba': 4, 'bgra': 4, '8UC3': 3, '8UC4': 4, 'yuv422': 2}
    samples = channels.get(encoding.rstrip('0168') if 'UC' not in encoding else encoding, 1)
    samples = 2 if encoding in {'uyvy', 'yuyv', 'yuv422', 'yuv422_yuy2'} else samples
    size = 4 if encoding == '32FC1' else 2 if '16' in encoding else 1
    step = width * samples * size + draw(st.sampled_from([0, 0, 2, 8]))
    rows = height * 3 // 2 if is_planar else height
    fields: dict[str, Any] = {
        'width': width,
        'height': height,
        'encoding': encoding,
        'is_bigendian': draw(st.integers(0, 1)),
        'step': step,
        'data': draw(st.binary(min_size=step * rows, max_size=step * rows))
        if step * rows < 200
        else draw(st.binary(min_size=1, max_size=8)).ljust(8, b'x') * (step * rows // 8 + 1),
    }
    fields['data'] = fields['data'][: step * rows]
    others = {
        'width': COUNTS,
        'height': COUNTS,
        'encoding': st.one_of(st.sampled_from(list(ENCODINGS)), st.text(max_size=9)),
        'is_bigendian': st.integers(0, 255),
        'step': COUNTS,
        'data': st.integers(0, step * rows).map(lambda end: fields['data'][:end]),
    }
    for name in draw(st.lists(st.sampled_from(sorted(others)), max_size=3)):
        fields[name] = draw(others[name])
    return Image(header=Header(frame_id=draw(FRAMES)), **fields)


@BOUNDED
@given(image=images(list(ENCODINGS)))
def test_images(image: Image) -> None:
    try:
        rgb = to_frame(image).rgb
    except FrameError:
        pass
    else:
        assert rgb.shape == (image.height, image.width, 3)


@BOUNDED
@given(image=images(['16UC1', 'mono16', '32FC1']))
def test_depth_images(image: Image) -> None:
    try:
        pixels, _ = depth_pixels(image)
    except DepthError:
        pass
    else:
        assert pixels.shape == (image.height, image.width)
    positions = Positions(PositionOptions(60.0, False, 10.0))
    positions.take_depth(image)
    require_sound(positions.place(FRAME, PEOPLE))


def require_sound(result: Poses) -> None:
    """Check that each position is whole and ahead of the camera, or unknown as a whole."""
    known = ~np.isnan(result.positions).any(axis=1)
    assert np.isfinite(result.positions[known]).all()
    assert (result.positions[known, 2] > 0).all()
    assert np.isnan(result.positions[~known]).all()
    assert np.array_equal(known, result.position_sources > 0)
    assert np.array_equal(known, ~np.isnan(result.position_errors))


@BOUNDED
@given(data=st.data(), rectified=st.booleans(), fov_deg=st.sampled_from([0.0, 60.0]))
def test_camera_info(data: st.DataObject, rectified: bool, fov_deg: float) -> None:
    draw = data.draw
    matrix = st.lists(NUMBERS, min_size=9, max_size=9)
    fields: dict[str, Any] = {
        'width': 640,
        'height': 480,
        'distortion_model': 'plumb_bob',
        'd': [0.01] * 5,
        'k': [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0],
        'p': [500.0, 0.0, 320.0, 0.0, 0.0, 500.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        'binning_x': 1,
        'binning_y': 1,
        'roi': RegionOfInterest(),
    }
    others: dict[str, st.SearchStrategy[Any]] = {
        'width': COUNTS,
        'height': COUNTS,
        'distortion_model': st.sampled_from(['', 'rational_polynomial', 'equidistant', 'none']),
        'd': st.lists(NUMBERS, max_size=14),
        'k': matrix,
        'p': st.lists(NUMBERS, min_size=12, max_size=12),
        'binning_x': COUNTS,
        'binning_y': COUNTS,
        'roi': st.builds(
            RegionOfInterest, x_offset=COUNTS, y_offset=COUNTS, width=COUNTS, height=COUNTS
        ),
    }
    for name in draw(st.lists(st.sampled_from(sorted(others)), max_size=3)):
        fields[name] = draw(others[name])
    if draw(st.booleans()):  # plausible at first sight
        fields['k'][0], fields['k'][4] = draw(NUMBERS), draw(NUMBERS)
    info = CameraInfo(header=Header(frame_id=draw(FRAMES)), **fields)
    positions = Positions(PositionOptions(fov_deg, rectified, 0.1))
    positions.take_camera_info(info)
    require_sound(positions.place(FRAME, PEOPLE))
    require_sound(positions.place_still(FRAME, PEOPLE))
    assert '\n' not in positions.report.text


@BOUNDED
@given(
    stamps_ns=st.lists(
        st.one_of(
            st.integers(0, 20).map(lambda step: step * 500_000),
            st.integers(-(2**63), 2**63 - 1),
        )
    ),
    restart_after_s=st.floats(0.0, 3600.0),
)
def test_stamps(stamps_ns: list[int], restart_after_s: float) -> None:
    clock, last_ms = StreamClock(restart_after_s), -1
    for index, stamp_ns in enumerate(stamps_ns):
        tick = clock.tick(stamp_ns, arrival_ns=10**18 + index)
        if tick.verdict is Verdict.RESTART:
            last_ms = -1
        if tick.verdict in {Verdict.PROCESS, Verdict.RESTART}:
            assert tick.stamp_ms > last_ms
            last_ms = tick.stamp_ms


class Change:
    """What is read of an rclpy Parameter."""

    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, value


@BOUNDED
@given(data=st.data())
def test_parameters(data: st.DataObject) -> None:
    before = Parameters()
    name = data.draw(st.sampled_from(sorted(vars(before))))
    value = data.draw(
        st.one_of(
            st.none(),
            st.booleans(),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(),
            st.text(max_size=20),
            st.binary(max_size=5),
            st.lists(st.integers(), max_size=3),
        )
    )
    try:
        after = before.changed([Change(name, value)])
    except ValueError as error:
        reason = str(error)
    else:
        reason = f'{name}: wanted '
        # Integers stand for numbers and strings, and an empty list for an empty string.
        assert getattr(after, name) == value or isinstance(value, int) or value == []
    assert reason.startswith(f'{name}: wanted ')
