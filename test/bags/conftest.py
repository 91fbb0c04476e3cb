# SPDX-License-Identifier: Apache-2.0
"""Recordings that the tests of this folder share, and a look into what was written."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
import pytest

from pose_ros.bags.job import Job, Wanted
from pose_ros.stream.parameters import Parameters
from simulation.bag_files import Message, pictures, stamped


@pytest.fixture(scope='session')
def frames() -> list[NDArray[np.uint8]]:
    """The first frames of a real video, with two people."""
    return list(pictures(24))


@pytest.fixture
def messages(frames: list[NDArray[np.uint8]]) -> list[Message]:
    """The same as messages on /image_raw."""
    return stamped(frames)


@pytest.fixture
def lite(models: dict[str, Path]) -> Parameters:
    """Parameters for a quick test."""
    assert models['lite']
    return Parameters(model='lite')


@pytest.fixture
def job(lite: Parameters, tmp_path: Path) -> Any:
    """Makes a job out of a path."""

    def make(path: Path, out: str = 'out', **wanted: Any) -> Job:
        wanted = {'parameters': lite, **wanted}
        return Job(path, tmp_path / out / path.stem, Wanted(**wanted))

    return make
