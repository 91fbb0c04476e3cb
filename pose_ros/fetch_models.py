# SPDX-License-Identifier: Apache-2.0
"""Gets models of the Pose Landmarker into this user's cache: the executable `fetch_models`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import sys

from pose_ros.models.store import MODELS, ModelError, cache_directory, fetch

__all__ = ['main']


def main(argv: Sequence[str] | None = None) -> int:
    """
    Get models, and print the paths of their bundles.

    :param argv: their names, full when empty; None for the process's arguments
    :returns: exit code: 0, or 1 when one could not be had
    """
    parser = argparse.ArgumentParser(
        prog='fetch_models',
        description=f'Get models of the Pose Landmarker into {cache_directory()}.',
    )
    parser.add_argument('names', nargs='*', metavar='lite|full|heavy', help='default: full')
    names = parser.parse_args(argv).names or ['full']
    if unknown := [name for name in names if name not in MODELS]:
        parser.error(f'wanted {", ".join(MODELS)}, got {" ".join(unknown)}')
    failed = False
    for name in names:
        try:
            print(fetch(name))
        except ModelError as error:
            print(error, file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == '__main__':
    sys.exit(main())
