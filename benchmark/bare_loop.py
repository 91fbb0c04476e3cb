# SPDX-License-Identifier: Apache-2.0
"""The process that runs MediaPipe alone on the film, and says what each frame costs."""

from __future__ import annotations

import json
from pathlib import Path
import resource
import sys
import time
from typing import Any

from mediapipe import Image, ImageFormat
from mediapipe.tasks.python import BaseOptions, vision

from benchmark.film import back_and_forth, load
from benchmark.processes import serve


class BareLoop:
    """Nothing but `detect_for_video` in a loop."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        """
        Load frames and model.

        :param options: of PoseLandmarkerOptions, with the model's path as `model`
        """
        self._frames = load(path)
        self._task = vision.PoseLandmarker.create_from_options(
            vision.PoseLandmarkerOptions(
                BaseOptions(options.pop('model')), running_mode=vision.RunningMode.VIDEO, **options
            )
        )
        self._index = 0

    def run(self, seconds: float, rate_hz: float) -> dict[str, Any]:
        """
        Process frames for so long.

        :param rate_hz: of the frames; 0: as fast as possible
        :returns: each frame's milliseconds, and seconds of wall clock and CPU for all of them
        """
        inference_ms: list[float] = []
        cpu_s, begin_s = _cpu_s(), time.monotonic()
        while time.monotonic() < begin_s + seconds:
            if rate_hz:
                time.sleep(max(0.0, begin_s + len(inference_ms) / rate_hz - time.monotonic()))
            frame_s = time.monotonic()
            image = Image(ImageFormat.SRGB, self._frames[back_and_forth(self._index)])
            self._task.detect_for_video(image, 33 * self._index)
            self._index += 1
            inference_ms.append((time.monotonic() - frame_s) * 1e3)
        return {
            'inference_ms': inference_ms,
            'wall_s': time.monotonic() - begin_s,
            'cpu_s': _cpu_s() - cpu_s,
            'frames_mb': self._frames.nbytes / 1e6,
        }

    def close(self) -> None:
        """Release MediaPipe's graph."""
        self._task.close()


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    path, options = sys.argv[1:]
    bare = BareLoop(Path(path), json.loads(options))
    try:
        serve(bare.run)
    finally:
        bare.close()


if __name__ == '__main__':
    main()
