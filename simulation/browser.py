# SPDX-License-Identifier: Apache-2.0
"""A real browser without a display, for the tests and the pictures of the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import shutil
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ['CHROMIUM', 'browser', 'write_film']

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
# It needs no GPU, makes no connections of its own, and lends its camera without asking.
FLAGS = (
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
)
FILM_SIZE = (640, 480)
FILM_PICTURES = 30


@contextmanager
def browser(film: Path | None = None) -> Iterator[Any]:
    """
    Give a browser of Playwright.

    :param film: what its camera films, see write_film
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    flags = [*FLAGS, *([f'--use-file-for-fake-video-capture={film}'] if film else [])]
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield running
        running.close()


def write_film(path: Path, rgb: NDArray[np.uint8]) -> None:
    """
    Write a film of a picture that moves a little, 640x480.

    :param path: whose name ends with .mjpeg
    :param rgb: uint8 (H, W, 3)
    """
    width, height = FILM_SIZE
    scale = height / rgb.shape[0]
    left = (width - rgb.shape[1] * scale) / 2
    with path.open('wb') as file:
        for number in range(FILM_PICTURES):
            shift = 6 * np.sin(2 * np.pi * number / FILM_PICTURES)
            matrix = np.array([[scale, 0, left + shift], [0, scale, 0]])
            moved = cv2.warpAffine(rgb[:, :, ::-1], matrix, FILM_SIZE)
            file.write(cv2.imencode('.jpg', moved)[1].tobytes())
