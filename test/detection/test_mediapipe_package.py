# SPDX-License-Identifier: Apache-2.0
"""Importing the landmarker imports neither matplotlib nor sounddevice, until they are used."""

import subprocess
import sys

IMPORTED = """
import sys
import pose_ros.detection.landmarker
assert not [name for name in sys.modules if name.startswith(('matplotlib', 'sounddevice'))]
"""


def run(script: str) -> None:
    """Run a script in a process that has imported nothing yet."""
    ended = subprocess.run(
        [sys.executable, '-c', IMPORTED + script], text=True, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_neither_is_imported() -> None:
    run('')


def test_others_get_the_real_ones() -> None:
    run('import matplotlib.pyplot as plt; plt.figure; import matplotlib; matplotlib.colors')


def test_mediapipe_can_use_them_all_the_same() -> None:
    run(
        'names = [name for name in sys.modules if name.startswith("mediapipe.")]\n'
        'plt = [sys.modules[name].plt for name in names if name.endswith("drawing_utils")][0]\n'
        'assert plt.figure is __import__("matplotlib.pyplot").pyplot.figure\n'
    )


def test_what_is_imported_already_is_left_alone() -> None:
    ended = subprocess.run(
        [
            sys.executable,
            '-c',
            'import matplotlib.pyplot as before\n'
            'import pose_ros.detection.landmarker\n'
            'import matplotlib.pyplot as after\n'
            'assert before is after',
        ],
        text=True,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
