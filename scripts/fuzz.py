#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Looks for bytes that break what reads images and model bundles, guided by coverage.

    python scripts/fuzz.py --minutes 5

It needs atheris (pip install atheris). What it found before is in build/fuzz, what every run
begins with in test/fuzz_corpus. Input that breaks something is written to build/fuzz, and the exit
code is 1.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / 'build/fuzz'
TARGETS = ('pictures', 'images', 'bundles')
MAX_BYTES = 1 << 16
LIMITS = ('-timeout=20', '-rss_limit_mb=2048', f'-max_len={MAX_BYTES}', '-print_final_stats=1')


def run_target(name: str) -> None:
    """Fuzz one target in this process, which ends with it; atheris takes the other arguments."""
    sys.path.append(str(ROOT))  # behind the installed package
    import atheris  # noqa: PLC0415 (not wanted for --help)

    with atheris.instrument_imports(include=['pose_ros', 'zipfile']):
        from simulation.fuzz_targets import TARGETS as FUNCTIONS  # noqa: PLC0415
    atheris.Setup(sys.argv, FUNCTIONS[name])
    atheris.Fuzz()


def fuzz(name: str, minutes: float) -> bool:
    """Return whether a target held for some minutes, in a process of its own."""
    corpus = FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    print(f'fuzzing {name} for {minutes:g} minutes', flush=True)
    done = subprocess.run(
        [
            sys.executable,
            __file__,
            '--target',
            name,
            str(corpus),
            str(ROOT / 'test/fuzz_corpus' / name),
            f'-max_total_time={round(minutes * 60)}',
            f'-artifact_prefix={FOLDER}/{name}-',
            *LIMITS,
        ],
        check=False,
    )
    return done.returncode == 0


def main() -> int:
    """Fuzz all targets one after the other."""
    if len(sys.argv) > 2 and sys.argv[1] == '--target':
        name = sys.argv[2]
        del sys.argv[1:3]
        run_target(name)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--minutes', type=float, default=5.0, help='for each target; default: 5')
    parser.add_argument('--only', choices=TARGETS, action='append', help='this target alone')
    arguments = parser.parse_args()
    held = [fuzz(name, arguments.minutes) for name in arguments.only or TARGETS]
    return 0 if all(held) else 1


if __name__ == '__main__':
    sys.exit(main())
