# SPDX-License-Identifier: Apache-2.0
"""Which boxes of a detector count for which frame, with the types of vision_msgs' definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from std_msgs.msg import Header

from pose_ros.detection.options import LandmarkerOptions
from pose_ros.detection.search_options import Part, Search, SearchOptions
from pose_ros.images.frame import Frame
from pose_ros.stream.pose_stream import PoseStream
from pose_ros.stream.regions import Regions, RegionsOptions
from simulation.vision_messages import DEFINITIONS

STORE = get_typestore(Stores.ROS2_JAZZY)
for name, text in DEFINITIONS.items():
    STORE.register(get_types_from_msg(text, name))

SECOND = 10**9
FRAME_ID = 'camera'
NAN, INF = float('nan'), float('inf')


def vision(kind: str, *values: Any) -> Any:
    return STORE.types[f'vision_msgs/msg/{kind}'](*values)


def header(stamp_ns: int, frame_id: str = FRAME_ID) -> Any:
    sec, nanosec = divmod(stamp_ns, SECOND)
    time = STORE.types['builtin_interfaces/msg/Time'](sec, nanosec)
    return STORE.types['std_msgs/msg/Header'](time, frame_id)


def detection(
    box: tuple[float, float, float, float],
    *classes: tuple[str, float],
    theta: float = 0.0,
) -> Any:
    """Return a box (centre, width, height) with its hypotheses."""
    x, y, width, height = box
    bounds = vision(
        'BoundingBox2D', vision('Pose2D', vision('Point2D', x, y), theta), width, height
    )
    results = [
        vision('ObjectHypothesisWithPose', vision('ObjectHypothesis', *each), None)
        for each in classes
    ]
    return vision('Detection2D', header(0), results, bounds, '')


def array(stamp_ns: int, *detections: Any, frame_id: str = FRAME_ID) -> Any:
    return vision('Detection2DArray', header(stamp_ns, frame_id), list(detections))


def frame(stamp_ns: int, rgb: NDArray[np.uint8] | None = None) -> Frame:
    pixels = np.zeros((8, 8, 3), np.uint8) if rgb is None else rgb
    return Frame(pixels, Header(frame_id=FRAME_ID), stamp_ns)


PERSON = ('person', 0.8)
BOX = (50.0, 60.0, 20.0, 40.0)
CORNERS = [40.0, 40.0, 60.0, 80.0]


def boxes(regions: Regions, stamp_ns: int) -> list[list[float]] | None:
    found = regions.of_frame(frame(stamp_ns))
    return None if found is None else found.boxes_px.tolist()


def test_people_count_and_others_do_not_and_the_surest_come_first() -> None:
    regions = Regions(RegionsOptions())
    regions.take(
        array(
            SECOND,
            detection((5.0, 5.0, 2.0, 2.0), ('person', 0.3)),
            detection(BOX, ('dog', 0.1), PERSON),
            detection(BOX, ('person', 0.1), ('dog', 0.9)),
            detection(BOX),
        )
    )
    assert boxes(regions, SECOND) == [CORNERS, [4.0, 4.0, 6.0, 6.0]]
    assert regions.misfit == ''
    assert regions.text == "2 of people, 2 of other classes than 'person' ('dog', '')"


@pytest.mark.parametrize(('wanted', 'count'), [('0', 1), ('person', 1), ('', 3), ('cat', 0)])
def test_a_person_has_the_class_that_the_parameter_says(wanted: str, count: int) -> None:
    regions = Regions(RegionsOptions(wanted))
    regions.take(array(0, detection(BOX, ('0', 0.5)), detection(BOX, PERSON), detection(BOX)))
    found = boxes(regions, 0)
    assert found is not None
    assert len(found) == count


def test_a_turned_box_is_held_by_one_that_is_not() -> None:
    regions = Regions(RegionsOptions())
    regions.take(array(0, detection(BOX, PERSON, theta=np.pi / 2)))
    assert np.allclose(boxes(regions, 0) or 0, [[30, 50, 70, 70]])


@pytest.mark.parametrize('wrong', [NAN, INF, -INF])
def test_boxes_without_sense_are_left_out_and_counted(wrong: float) -> None:
    regions = Regions(RegionsOptions())
    damaged = [
        detection(tuple(wrong if i == at else value for i, value in enumerate(BOX)), PERSON)  # type: ignore[arg-type]
        for at in range(4)
    ]
    flat = detection((50.0, 60.0, 0.0, 40.0), PERSON)
    regions.take(
        array(0, *damaged, flat, detection(BOX, ('person', wrong)), detection(BOX, PERSON))
    )
    found = boxes(regions, 0)
    assert found == [CORNERS, CORNERS]
    assert regions.text.endswith('5 without a sensible size and place')


def test_the_nearest_message_within_the_slop_counts_and_keeps_its_number() -> None:
    regions = Regions(RegionsOptions(slop_s=0.3))
    for tenth in range(5):
        regions.take(array(SECOND + tenth * SECOND // 10, detection((tenth, 5, 2, 2), PERSON)))
    assert boxes(regions, SECOND + SECOND // 10) == [[0, 4, 2, 6]]
    assert boxes(regions, SECOND - SECOND // 5) == [[-1, 4, 1, 6]]
    numbers = {
        found.number
        for late_ns in (0, SECOND // 10, SECOND // 4)
        if (found := regions.of_frame(frame(SECOND + 4 * SECOND // 10 + late_ns)))
    }
    assert len(numbers) == 1
    assert regions.matched_s == regions.asked_s
    assert boxes(regions, 3 * SECOND) is None
    assert regions.matched_s < regions.asked_s
    assert 'the nearest are 1.600 s away' in regions.misfit
    assert 'regions_slop is 0.3 s' in regions.misfit


def test_boxes_of_another_camera_are_not_used() -> None:
    regions = Regions(RegionsOptions())
    assert boxes(regions, 0) is None
    assert regions.misfit == 'none has come yet'
    regions.take(array(0, detection(BOX, PERSON), frame_id='other'))
    assert boxes(regions, 0) is None
    assert "wanted some in the frame of the image, 'camera', got 'other'" in regions.misfit
    regions.take(array(0, detection(BOX, PERSON), frame_id=''))
    assert boxes(regions, 0) == [CORNERS]


def test_ten_thousand_boxes_are_too_many() -> None:
    regions = Regions(RegionsOptions())
    many = [detection(BOX, ('person', number / 10_000)) for number in range(10_000)]
    regions.take(array(0, *many))
    found = boxes(regions, 0)
    assert found is not None
    assert len(found) == 100


@pytest.mark.parametrize(('part', 'rotation'), [(Part(), 0), (Part(0.25, 0, 0.5, 1), 180)])
def test_a_stream_finds_whom_a_box_shows_also_in_a_turned_part(
    models: dict[str, Path], astronaut: NDArray[np.uint8], part: Part, rotation: int
) -> None:
    picture = np.zeros((512, 1024, 3), np.uint8)
    picture[:, 256:768] = astronaut if not rotation else astronaut[::-1, ::-1]
    regions = Regions(RegionsOptions())
    stream = PoseStream(
        LandmarkerOptions(models['lite'], num_poses=3),
        1.0,
        SearchOptions(Search.REGIONS, region_of_interest=part, image_rotation=rotation),
        regions=regions,
    )

    def people(stamp_ns: int) -> int:
        shown = frame(stamp_ns, picture)
        found = stream.find(shown, stream.admit(shown, 0))
        assert found is not None
        return len(found.poses)

    assert people(SECOND) == 0
    regions.take(array(SECOND, detection((512.0, 256.0, 400.0, 512.0), PERSON)))
    assert people(SECOND + SECOND // 10) == 1
    assert people(9 * SECOND) == 1
    stream.close()
    counters = stream.counters
    assert (counters.with_regions, counters.without_regions) == (1, 2)
    assert counters.regions == '1 of people'
    assert counters.search_age_s == pytest.approx(7.9)


def test_a_change_of_search_goes_on_with_the_people(
    models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    regions = Regions(RegionsOptions())
    options = LandmarkerOptions(models['lite'], num_poses=3)
    stream = PoseStream(options, 1.0, regions=regions)
    regions.take(array(SECOND, detection((240.0, 256.0, 400.0, 512.0), PERSON)))
    for number, search in enumerate(('image', 'regions', 'windows', 'regions', 'image')):
        stream.set_options(options, SearchOptions(Search(search)))
        shown = frame(SECOND + number * 33_000_000, astronaut)
        found = stream.find(shown, stream.admit(shown, 0))
        assert found is not None
        assert len(found.poses) == 1
        assert bool(stream.counters.regions) == (search == 'regions')
    stream.close()
