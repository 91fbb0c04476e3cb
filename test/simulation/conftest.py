# SPDX-License-Identifier: Apache-2.0
"""Makes `simulation` importable."""

from pathlib import Path
import sys

# At the end: before the installed package, the repository's pose_ros folder would hide it.
sys.path.append(str(Path(__file__).parents[2]))
