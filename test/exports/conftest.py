# SPDX-License-Identifier: Apache-2.0
"""One recording, written in every format."""

from pathlib import Path

import pytest

from pose_ros.bags.annotate import annotate
from pose_ros.bags.job import Job, Wanted
from pose_ros.exports.table import EXPORTS
from pose_ros.stream.parameters import Parameters
from simulation.bag_files import landmarks, pictures, stamped, write_bag
from simulation.exported import PEOPLE, Exported


@pytest.fixture(scope='session')
def exported(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """What annotate_bag writes of a real video with two people."""
    assert models['lite']
    folder = tmp_path_factory.mktemp('exported')
    path = write_bag(folder / 'walk', 'mcap', stamped(pictures(40)))
    parameters = Parameters(model='lite', num_poses=PEOPLE, horizontal_fov=60.0)
    wanted = Wanted(parameters, exports=tuple(EXPORTS))
    for out in ('one', 'two'):
        assert annotate(Job(path, folder / out / 'walk', wanted)).done
    exported = Exported(folder / 'one/walk', folder / 'two/walk', landmarks(folder / 'one/walk'))
    counts = {len(each.poses) for each in exported.messages}
    assert counts >= {1, 2}, 'the recording shows one and two people'
    return exported
