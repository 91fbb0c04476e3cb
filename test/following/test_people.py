# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
import pytest
from std_msgs.msg import Header

from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.options import LandmarkerOptions, RunningMode
from pose_ros.following.people import FollowingOptions, People
from pose_ros.following.positions import PositionOptions, Positions
from pose_ros.images.frame import Frame
from pose_ros.poses.poses import Poses

PERIOD_NS = 33_333_333
FOLLOWING = FollowingOptions(
    max_missed_s=1.0, smooth_landmarks=True, smooth_segmentation=True, still=False
)


@pytest.fixture(scope='module')
def noisy(models: dict[str, Path]) -> list[tuple[Frame, Poses]]:
    """Two people who stand still before a camera with sensor noise, as found with num_poses 2."""
    import skimage.data

    rng = np.random.default_rng(0)
    person = skimage.data.astronaut()[::2, ::2]
    both = np.hstack([person, person[:, ::-1]])
    options = LandmarkerOptions(
        models['lite'],
        num_poses=2,
        min_pose_detection_confidence=0.3,
        output_segmentation_masks=True,
    )
    found = []
    with Landmarker(options) as landmarker:
        for i in range(12):
            rgb = (both + rng.normal(0, 6, both.shape)).clip(0, 255).astype(np.uint8)
            frame = Frame(rgb, Header(), (i + 1) * PERIOD_NS)
            found.append((frame, landmarker.detect(landmarker.load(rgb), 33 * (i + 1))))
    assert all(len(result) == 2 for _, result in found)
    return found


def follow(people: People, frames: list[tuple[Frame, Poses]]) -> list[Poses]:
    return [
        people.smooth_masks(people.follow(frame, result, frame.stamp_ns), frame.stamp_ns)
        for frame, result in frames
    ]


def jitter(results: list[Poses]) -> float:
    """Return the mean motion of visible landmarks from frame to frame, people by track id."""
    points = np.array([each.landmarks[np.argsort(each.track_ids), :17, :2] for each in results])
    return float(np.abs(np.diff(points[4:], axis=0)).mean())


def test_ids_stay_and_jitter_falls(noisy: list[tuple[Frame, Poses]]) -> None:
    off = FollowingOptions(
        max_missed_s=1.0, smooth_landmarks=False, smooth_segmentation=False, still=False
    )
    raw = follow(People(off, Positions(PositionOptions())), noisy)
    smooth = follow(People(FOLLOWING, Positions(PositionOptions())), noisy)
    assert all(sorted(each.track_ids.tolist()) == [1, 2] for each in raw + smooth)
    for (_, found), result in zip(noisy, raw, strict=True):
        np.testing.assert_array_equal(found.landmarks, result.landmarks)
        assert result.masks is found.masks
    assert jitter(smooth) < jitter(raw) / 2
    assert (smooth[5].masks[0] != raw[5].masks[0]).any()


def test_masks_wait_until_somebody_wants_them(noisy: list[tuple[Frame, Poses]]) -> None:
    people = People(FOLLOWING, Positions(PositionOptions()))
    for frame, found in noisy[:3]:
        followed = people.follow(frame, found, frame.stamp_ns)
        assert followed.masks is found.masks
        smooth = people.smooth_masks(followed, frame.stamp_ns)
    assert (smooth.masks[0] != found.masks[0]).any()


def test_a_still_is_left_as_it_was_found(noisy: list[tuple[Frame, Poses]]) -> None:
    people = People(FollowingOptions(1.0, True, True, still=True), Positions(PositionOptions()))
    for (_, found), result in zip(noisy, follow(people, noisy), strict=True):
        np.testing.assert_array_equal(found.landmarks, result.landmarks)
        assert result.masks is found.masks


def test_a_stream_that_begins_again_has_new_ids_and_no_memory(
    noisy: list[tuple[Frame, Poses]],
) -> None:
    people = People(FOLLOWING, Positions(PositionOptions()))
    first, again = follow(people, noisy[:3]), follow(people, noisy[:3])
    assert sorted(again[0].track_ids.tolist()) == [3, 4]
    for before, after in zip(first, again, strict=True):
        np.testing.assert_array_equal(before.landmarks, after.landmarks)


def test_what_mediapipe_smoothed_is_not_smoothed_twice(
    models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    people = People(FollowingOptions(1.0, True, True, still=False), Positions(PositionOptions()))
    with Landmarker(LandmarkerOptions(models['lite'])) as landmarker:
        for i in range(1, 5):
            frame = Frame(astronaut, Header(), i * PERIOD_NS)
            found = landmarker.detect(
                landmarker.load(np.ascontiguousarray(np.roll(astronaut, 3 * i, 1))), 33 * i
            )
            assert found.is_smooth
            followed = people.follow(frame, found, frame.stamp_ns)
            np.testing.assert_array_equal(found.landmarks, followed.landmarks)
    assert not LandmarkerOptions(models['lite'], running_mode=RunningMode.IMAGE).smooths
