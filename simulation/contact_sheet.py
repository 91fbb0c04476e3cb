# SPDX-License-Identifier: Apache-2.0
"""
Draws the labelled frames of a recording with their boxes and ids on one sheet.

python -m simulation.contact_sheet writes the sheets of all recordings beside their labels.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from simulation.ground_truth import LABELS, GroundTruth, read_ground_truth
from simulation.recordings import names, recording
from simulation.video import read_frames

__all__ = ['contact_sheet']

COLUMNS = 5
SHEET_WIDTH_PX = 1500
JPEG_QUALITY = 72  # keeps a sheet below 300 kB
COLOURS = ((230, 30, 30), (20, 150, 20), (30, 60, 230), (200, 0, 200), (230, 140, 0))
IGNORED = (120, 120, 120)


def contact_sheet(truth: GroundTruth, video: Path) -> NDArray[np.uint8]:
    """
    Return the sheet, rgb uint8 (H, W, 3).

    A whole person has a thick box, another a thin one, an ignored label a grey one.
    """
    every = min(np.diff(list(truth.frames)))
    tiles = [
        _tile(truth, index, rgb)
        for index, rgb in read_frames(video, int(every))
        if index in truth.frames
    ]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    return np.vstack(
        [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    )


def _tile(truth: GroundTruth, index: int, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    scale = SHEET_WIDTH_PX / COLUMNS / truth.width
    tile = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    for label in truth.frames[index]:
        left, top, width, height = (round(float(value)) for value in label.box_px * scale)
        colour = IGNORED if label.ignored else COLOURS[label.person % 10 - 1]
        cv2.rectangle(
            tile, (left, top), (left + width, top + height), colour, 2 if label.whole else 1
        )
        _write(tile, str(label.person), (left + 2, top + 12), colour)
    _write(tile, f'frame {index}', (4, tile.shape[0] - 6), (0, 0, 0))
    return tile


def _write(
    rgb: NDArray[np.uint8],
    text: str,
    place: tuple[int, int],
    colour: tuple[int, int, int],
) -> None:
    for ink, width in (((255, 255, 255), 3), (colour, 1)):
        cv2.putText(rgb, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, ink, width, cv2.LINE_AA)


def main() -> None:
    """Write all sheets."""
    for name in names():
        sheet = contact_sheet(read_ground_truth(name), recording(name))
        cv2.imwrite(
            str(LABELS / f'{name}.jpg'),
            cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR),
            (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY),
        )


if __name__ == '__main__':
    main()
