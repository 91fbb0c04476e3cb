# SPDX-License-Identifier: Apache-2.0
"""Results fill in what is unknown, and refuse arrays that do not fit one another."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.msg import PoseLandmarks
from pose_ros.poses.poses import UNTRACKED, Poses, PositionSource


def people(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(count).random((count, 33, 5), np.float32)


def test_unknown_is_filled_in() -> None:
    result = Poses(people(2), people(2))
    assert len(result) == 2
    assert result.masks == ()
    assert result.track_ids.tolist() == [UNTRACKED] * 2
    assert result.track_ids.dtype == np.int32
    assert result.positions.shape == (2, 3)
    assert np.isnan(result.positions).all()
    assert result.position_errors.shape == (2,)
    assert np.isnan(result.position_errors).all()
    assert result.position_sources.tolist() == [PositionSource.NONE] * 2


def test_what_is_shared_cannot_be_written_to() -> None:
    result = Poses(people(2), people(2))
    for array in (
        result.track_ids,
        result.positions,
        result.position_errors,
        result.position_sources,
    ):
        with pytest.raises(ValueError, match='read-only'):
            array[0] = 1


def test_empty() -> None:
    result = Poses.empty()
    assert len(result) == 0
    assert result.landmarks.shape == result.world_landmarks.shape == (0, 33, 5)
    assert result.visibility.shape == (0, 33)
    assert result.confidence.shape == (0,)
    assert result.positions.shape == (0, 3)


def test_what_is_given_is_kept() -> None:
    positions = np.arange(6.0).reshape(2, 3)
    track_ids = np.array([4, 5], np.int32)
    result = Poses(people(2), people(2), positions=positions, track_ids=track_ids)
    assert result.positions is positions
    assert result.track_ids is track_ids


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        (
            'landmarks',
            np.zeros((2, 32, 5)),
            r'landmarks: wanted shape \(2, 33, 5\), got \(2, 32, 5\)',
        ),
        ('landmarks', np.zeros((2, 33, 3)), r'landmarks: wanted .* got \(2, 33, 3\)'),
        ('world_landmarks', people(1), r'world_landmarks: wanted .* got \(1, 33, 5\)'),
        ('masks', (np.zeros((4, 4), np.float32),), 'masks: wanted none or 2, got 1'),
        ('track_ids', np.zeros(3, np.int32), r'track_ids: wanted shape \(2,\), got \(3,\)'),
        ('positions', np.zeros((2, 2)), r'positions: wanted shape \(2, 3\), got \(2, 2\)'),
        (
            'position_errors',
            np.zeros((2, 1)),
            r'position_errors: wanted shape \(2,\), got \(2, 1\)',
        ),
        ('position_sources', np.zeros(0, np.uint8), r'position_sources: .* got \(0,\)'),
    ],
)
def test_wrong_shapes(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(Poses(people(2), people(2)), **{name: value})


def test_confidence_is_mean_presence_and_visibility_a_column() -> None:
    landmarks = people(3)
    result = Poses(landmarks, people(3))
    assert result.confidence.dtype == np.float32
    assert result.confidence == pytest.approx([np.mean(person[:, 4]) for person in landmarks])
    assert np.array_equal(result.visibility, landmarks[:, :, 3])


def test_sources_are_the_messages_constants() -> None:
    for source in PositionSource:
        assert getattr(PoseLandmarks, f'POSITION_{source.name}') == source
