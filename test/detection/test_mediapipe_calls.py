# SPDX-License-Identifier: Apache-2.0
"""The C library is called only where it gives what MediaPipe's Python package gives."""

from collections.abc import Callable
import ctypes
from pathlib import Path
from typing import Any

from mediapipe.tasks.python import vision
import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.detection import mediapipe_c
from pose_ros.detection.landmarker import Landmarker
from pose_ros.detection.live_landmarker import LiveLandmarker
from pose_ros.detection.mediapipe_c import DirectCalls
from pose_ros.detection.mediapipe_calls import PUBLIC_SWITCH
from pose_ros.detection.options import LandmarkerError, LandmarkerOptions, RunningMode

C_LIBRARY = 'through its C library'
PACKAGE = 'through its Python package'
OTHER_WAY = hasattr(vision.PoseLandmarkerResult, 'from_ctypes')

needs_c = pytest.mark.skipif(
    not OTHER_WAY, reason='this MediaPipe has no C library beside its Python package'
)


@pytest.fixture(autouse=True)
def unproved(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has built no landmarker yet."""
    monkeypatch.delenv(PUBLIC_SWITCH, raising=False)
    monkeypatch.setattr(DirectCalls, 'distrusted', '')
    monkeypatch.setattr(DirectCalls, 'proved', frozenset())
    monkeypatch.setattr(DirectCalls, 'layout_proved', False)


def landmarks(
    options: LandmarkerOptions, frames: list[NDArray[np.uint8]]
) -> tuple[str, list[NDArray[np.float32]]]:
    with Landmarker(options) as landmarker:
        found = [
            landmarker.detect(landmarker.load(rgb), 33 * i).landmarks
            for i, rgb in enumerate(frames)
        ]
        return landmarker.engine, found


@needs_c
@pytest.mark.parametrize('running_mode', [RunningMode.IMAGE, RunningMode.VIDEO])
@pytest.mark.parametrize('confidence', [0.5, 0.0])
def test_both_ways_give_the_same_and_the_probe_leaves_no_trace(
    running_mode: RunningMode,
    confidence: float,
    models: dict[str, Path],
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = LandmarkerOptions(
        models['lite'],
        running_mode=running_mode,
        min_pose_detection_confidence=confidence,
        min_pose_presence_confidence=confidence,
        output_segmentation_masks=True,
    )
    frames = [np.ascontiguousarray(np.roll(astronaut, 8 * i, axis=1)) for i in range(3)]
    engine, direct = landmarks(options, frames)
    assert C_LIBRARY in engine
    assert DirectCalls.layout_proved
    monkeypatch.setenv(PUBLIC_SWITCH, '1')
    engine, public = landmarks(options, frames)
    assert PACKAGE in engine
    assert PUBLIC_SWITCH in engine
    for ours, theirs in zip(direct, public, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def _other_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    call = DirectCalls._call

    def with_one_less(self: DirectCalls, function: Any, image: Any, *stamp_ms: int) -> Any:
        return call(self, lambda *arguments: function(*arguments[:-1]), image, *stamp_ms)

    monkeypatch.setattr(DirectCalls, '_call', with_one_less)


def _other_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ctypes.ArgumentError('argument 5: wrong type')

    monkeypatch.setattr(DirectCalls, 'image', refuse)


def _other_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    image = DirectCalls.image
    monkeypatch.setattr(DirectCalls, 'image', lambda self, rgb: image(self, rgb[:, ::-1].copy()))


def _a_person_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        mediapipe_c, '_arrays', lambda _people, count: np.zeros((count + 1, 33, 5), np.float32)
    )


@needs_c
@pytest.mark.parametrize(
    'fault', [_other_signature, _other_type, _other_pixels, _a_person_too_many]
)
@pytest.mark.parametrize('running_mode', [RunningMode.IMAGE, RunningMode.VIDEO])
def test_a_library_that_is_not_as_expected_is_not_called(
    fault: Callable[[pytest.MonkeyPatch], None],
    running_mode: RunningMode,
    models: dict[str, Path],
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = LandmarkerOptions(models['lite'], running_mode=running_mode)
    with monkeypatch.context() as patched:
        patched.setenv(PUBLIC_SWITCH, '1')
        _, expected = landmarks(options, [astronaut])
    fault(monkeypatch)
    engine, found = landmarks(options, [astronaut])
    assert PACKAGE in engine
    assert 'not as expected' in engine
    np.testing.assert_array_equal(found[0], expected[0])


@needs_c
def test_landmarks_in_another_order_are_seen_at_the_first_person(
    models: dict[str, Path], astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mediapipe_c, '_columns', lambda _structure: [1, 0, 2, 3, 4])
    options = LandmarkerOptions(models['lite'])
    with Landmarker(options) as landmarker:
        assert C_LIBRARY in landmarker.engine
        with pytest.raises(LandmarkerError, match='pose_landmarks differ'):
            landmarker.detect(landmarker.load(astronaut), 0)
        assert PACKAGE in landmarker.engine
        assert len(landmarker.detect(landmarker.load(astronaut), 33)) == 1
    engine, _ = landmarks(options, [astronaut])
    assert PACKAGE in engine


@needs_c
@pytest.mark.parametrize('error', [TypeError('wanted 7'), ctypes.ArgumentError('argument 2')])
def test_a_call_that_fails_later_is_one_error_and_the_next_one_is_public(
    error: Exception,
    models: dict[str, Path],
    astronaut: NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Landmarker(LandmarkerOptions(models['lite'])) as landmarker:
        assert len(landmarker.detect(landmarker.load(astronaut), 0)) == 1

        def fail(*_: Any) -> None:
            raise type(error)(*error.args)

        monkeypatch.setattr(DirectCalls, '_check', fail)
        with pytest.raises(LandmarkerError, match=type(error).__name__):
            landmarker.detect(landmarker.load(astronaut), 33)
        assert len(landmarker.detect(landmarker.load(astronaut), 66)) == 1


@needs_c
def test_mediapipes_own_words_are_no_reason_to_distrust_its_library(
    models: dict[str, Path], astronaut: NDArray[np.uint8]
) -> None:
    with Landmarker(LandmarkerOptions(models['lite'])) as landmarker:
        landmarker.detect(landmarker.load(astronaut), 100)
        with pytest.raises(LandmarkerError, match='timestamp'):
            landmarker.detect(landmarker.load(astronaut), 100)
        assert C_LIBRARY in landmarker.engine


def test_an_unknown_exception_of_the_package_is_one_of_ours(
    models: dict[str, Path], astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise TypeError('an unexpected keyword')

    monkeypatch.setenv(PUBLIC_SWITCH, '1')
    monkeypatch.setattr(vision.PoseLandmarker, 'detect_for_video', fail)
    with (
        Landmarker(LandmarkerOptions(models['lite'])) as landmarker,
        pytest.raises(LandmarkerError, match='TypeError: an unexpected keyword'),
    ):
        landmarker.detect(landmarker.load(astronaut), 0)


def test_a_mediapipe_made_in_another_way_is_called_publicly(
    models: dict[str, Path], astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_way(_self: DirectCalls, _task: Any) -> None:
        raise AttributeError('_lib')

    monkeypatch.setattr(DirectCalls, '__init__', other_way)
    engine, found = landmarks(LandmarkerOptions(models['lite']), [astronaut])
    assert PACKAGE in engine
    assert found[0].shape == (1, 33, 5)


def test_live_stream_says_how_it_is_called(models: dict[str, Path]) -> None:
    options = LandmarkerOptions(models['lite'], running_mode=RunningMode.LIVE_STREAM)
    live = LiveLandmarker(options, lambda: None)
    assert 'called through its' in live.engine
    live.close()
