# SPDX-License-Identifier: Apache-2.0
"""
Reads exports with the readers of other tools, in an environment of their own.

    python foreign_reader.py opensim|pose2sim|lerobot FOLDER RESULT.npz

It imports nothing of ours. What was read goes into RESULT.npz as it came from the reader.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]


def opensim(folder: Path) -> Arrays:
    """Return times, names and positions of the markers of each TRC file."""
    library = import_module('opensim')
    found: Arrays = {}
    for path in folder.glob('*.trc'):
        table = library.TimeSeriesTableVec3(str(path))
        rows = [table.getRowAtIndex(index) for index in range(table.getNumRows())]
        count = table.getNumColumns()
        found[f'{path.stem}.names'] = np.array(list(table.getColumnLabels()))
        found[f'{path.stem}.times'] = np.array(list(table.getIndependentColumn()))
        found[f'{path.stem}.values'] = np.array(
            [[[row[marker][axis] for axis in range(3)] for marker in range(count)] for row in rows]
        )
        found[f'{path.stem}.units'] = np.array(table.getTableMetaDataString('Units'))
        found[f'{path.stem}.rate'] = np.array(table.getTableMetaDataString('DataRate'))
    return found


def pose2sim(folder: Path) -> Arrays:
    """Return the same of TRC files, and the keypoints of each OpenPose file."""
    # Its windows are not needed to read files, and not every machine has Tk.
    sys.modules['customtkinter'] = ModuleType('customtkinter')
    common = import_module('Pose2Sim.common')
    association = import_module('Pose2Sim.personAssociation')
    found: Arrays = {}
    for path in folder.glob('*.trc'):
        table, _, times, names, _ = common.read_trc(str(path))
        found[f'{path.stem}.names'] = np.array(names)
        found[f'{path.stem}.times'] = times.to_numpy()
        found[f'{path.stem}.values'] = table.to_numpy().reshape(len(table), len(names), 3)
    for path in folder.glob('openpose_*/*.json'):
        found[path.stem] = np.array(association.read_json(str(path)))
    return found


def lerobot(folder: Path) -> Arrays:
    """Return all features of all frames of the data set, and where its pictures are."""
    datasets = import_module('lerobot.datasets.lerobot_dataset')
    dataset = datasets.LeRobotDataset('pose_ros/walk', root=folder / 'lerobot')
    frames = [dataset[index] for index in range(len(dataset))]
    names = [name for name in frames[0] if name != 'task']
    found = {name: np.stack([np.asarray(frame[name]) for frame in frames]) for name in names}
    return found | {
        'tasks': np.array([frame['task'] for frame in frames]),
        'rate': np.array(dataset.fps),
        'mean': np.asarray(dataset.meta.stats['observation.pose.landmarks']['mean']),
    }


READERS = {each.__name__: each for each in (opensim, pose2sim, lerobot)}

if __name__ == '__main__':
    np.savez(sys.argv[3], **READERS[sys.argv[1]](Path(sys.argv[2])))  # type: ignore[arg-type]
