# SPDX-License-Identifier: Apache-2.0
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.outputs.masks import MASK_THRESHOLD, instance_mask, mask
from pose_ros.poses.poses import Poses

WIDTH, HEIGHT = 5, 3


def result(*masks: NDArray[np.float32], people: int | None = None) -> Poses:
    landmarks = np.zeros((len(masks) if people is None else people, 33, 5), np.float32)
    return Poses(landmarks, landmarks, masks)


def full(value: float) -> NDArray[np.float32]:
    return np.full((HEIGHT, WIDTH), value, np.float32)


@pytest.fixture
def people() -> Poses:
    """Three people whose masks overlap, as they are read from the landmarker: read-only."""
    masks = np.random.default_rng(3).random((3, HEIGHT, WIDTH), np.float32)
    masks.flags.writeable = False
    return result(*masks)


@pytest.mark.parametrize('count', [1, 2, 3])
def test_mask_is_the_most_certain_person(people: Poses, count: int) -> None:
    largest = np.max(people.masks[:count], axis=0)
    given = result(*people.masks[:count])
    mono = mask(given, WIDTH, HEIGHT, 'mono8')
    np.testing.assert_array_equal(mono, np.rint(largest * 255))
    exact = mask(given, WIDTH, HEIGHT, '32FC1')
    np.testing.assert_array_equal(exact, largest)


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (0.0, 0),
        (1.9e-3, 0),
        (2e-3, 1),
        (0.5, 128),
        (1.0, 255),
        (np.nextafter(1, 2) + 1e-6, 255),
    ],
)
def test_mono8_is_rounded(value: float, expected: int) -> None:
    mono = mask(result(full(value)), WIDTH, HEIGHT, 'mono8')
    np.testing.assert_array_equal(mono, np.full((HEIGHT, WIDTH), expected))


@pytest.mark.parametrize('nobody', [result(), result(people=2)])
@pytest.mark.parametrize('encoding', ['mono8', '32FC1', None])
def test_no_masks_give_a_zero_image(nobody: Poses, encoding: str | None) -> None:
    if encoding is None:
        image = instance_mask(nobody, WIDTH, HEIGHT)
    else:
        image = mask(nobody, WIDTH, HEIGHT, encoding)
    assert image.shape == (HEIGHT, WIDTH)
    assert image.dtype == (np.float32 if encoding == '32FC1' else np.uint8)
    assert not image.any()


def test_instance_is_the_person_with_the_largest_mask(people: Poses) -> None:
    expected = 1 + np.argmax(people.masks, axis=0)
    expected[np.max(people.masks, axis=0) <= MASK_THRESHOLD] = 0
    instance = instance_mask(people, WIDTH, HEIGHT)
    np.testing.assert_array_equal(instance, expected)
    assert set(instance.flat) >= {1, 2, 3}


@pytest.mark.parametrize(
    ('values', 'expected'),
    [
        ([0.0, 0.0], 0),
        ([MASK_THRESHOLD, 0.0], 0),
        ([np.nextafter(np.float32(MASK_THRESHOLD), np.float32(1)), 0.0], 1),
        ([0.0, 0.2], 2),
        ([0.7, 0.7], 1),
        ([0.7, 0.8], 2),
        ([0.8, 0.7], 1),
    ],
)
def test_instance_at_the_edges(values: list[float], expected: int) -> None:
    given = result(*(full(value) for value in values))
    instance = instance_mask(given, WIDTH, HEIGHT)
    np.testing.assert_array_equal(instance, np.full((HEIGHT, WIDTH), expected))


def test_people_can_be_given_other_values(people: Poses) -> None:
    values = np.array([40, 0, 255], np.uint8)
    instance = instance_mask(people, WIDTH, HEIGHT)
    named = instance_mask(people, WIDTH, HEIGHT, values)
    np.testing.assert_array_equal(named, np.array([0, *values])[instance])


@pytest.mark.parametrize(('person', 'expected'), [(253, 254), (254, 255), (255, 255), (299, 255)])
def test_people_after_the_254th_share_a_value(person: int, expected: int) -> None:
    masks = [full(0)] * 300
    masks[person] = full(1)
    instance = instance_mask(result(*masks), WIDTH, HEIGHT)
    np.testing.assert_array_equal(instance, np.full((HEIGHT, WIDTH), expected))


def test_refuses_what_does_not_fit(people: Poses) -> None:
    with pytest.raises(ValueError, match="encoding: wanted one of mono8, 32FC1; got 'rgb8'"):
        mask(people, WIDTH, HEIGHT, 'rgb8')
    with pytest.raises(ValueError, match=r'masks: wanted shape \(3, 6\), got \(3, 5\)'):
        mask(people, WIDTH + 1, HEIGHT, 'mono8')
    with pytest.raises(ValueError, match=r'masks: wanted shape \(4, 5\), got \(3, 5\)'):
        instance_mask(people, WIDTH, HEIGHT + 1)
    with pytest.raises(ValueError, match='values: wanted 3, one for each person; got 2'):
        instance_mask(people, WIDTH, HEIGHT, np.array([1, 2], np.uint8))
