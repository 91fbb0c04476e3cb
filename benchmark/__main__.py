# SPDX-License-Identifier: Apache-2.0
"""
Measures the node's latency, throughput and costs: `make bench`.

A camera, the node and a subscriber run as processes of their own, beside MediaPipe alone on the
same frames; and each step between camera and subscriber is measured by itself.
docs/benchmarks.md says how, README.md has a short table of the results.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
import os
from pathlib import Path
import shlex
import signal
import sys
from tempfile import TemporaryDirectory
import time

from benchmark.benchmark_run import BenchmarkRun, available_models, say
from benchmark.comparison import comparison_table, differences
from benchmark.footprint import footprint_table, own_node
from benchmark.hardware_line import hardware_line
from benchmark.machine import machine
from benchmark.measurement import medians
from benchmark.plot import plot
from benchmark.processes import WorkerError
from benchmark.report import row_table, step_table, target_table, write
from benchmark.scene_run import Peer
from benchmark.scenes import ENDURANCE, FULL, QUICK, Lengths
from benchmark.targets import check_beside_plain, check_footprints, check_targets
from benchmark.topics import LANDMARKS_TOPIC, PLAIN_TOPIC, Topic
from pose_ros.models.store import fetch

HERE = Path(__file__).parent


def plain_peer() -> Peer:
    """Return the plainest node, to be measured beside ours."""
    command = [sys.executable, str(HERE / 'plain_node.py'), str(fetch('full'))]
    return Peer(Topic(PLAIN_TOPIC, LANDMARKS_TOPIC.type), shlex.join(command))


def arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog='benchmark', description=__doc__)
    parser.add_argument('--quick', action='store_true', help='end within 3 minutes')
    parser.add_argument(
        '--name',
        default=os.environ.get('ROS_DISTRO', 'results'),
        help='of the files with the results: the ROS 2 distro',
    )
    parser.add_argument('--output', type=Path, default=HERE / 'results')
    parser.add_argument(
        '--rounds', type=int, help='of the comparison with other nodes, and of --only-footprint'
    )
    parser.add_argument(
        '--only-peers', action='store_true', help='measure nothing but the comparison'
    )
    parser.add_argument(
        '--only-footprint',
        action='store_true',
        help="measure nothing but start, memory and masks' cost",
    )
    parser.add_argument(
        '--before',
        type=Path,
        metavar='POSE_NODE',
        help='executable of another installation, whose start, memory and masks are measured, too',
    )
    parser.add_argument(
        '--plain', action='store_true', help='with --quick: compare with the plainest node, too'
    )
    peer = parser.add_argument_group(
        'other nodes beside ours, each with all three options',
        'any node that publishes one message with a header for each image on /camera/image_raw',
    )
    for option, text in (
        ('--peer-command', 'starts the node, for the shell'),
        ('--peer-topic', 'of its messages'),
        ('--peer-type', 'of its messages: package/msg/Type'),
    ):
        peer.add_argument(option, action='append', default=[], help=text)
    parsed = parser.parse_args()
    if not len(parsed.peer_command) == len(parsed.peer_topic) == len(parsed.peer_type):
        parser.error('--peer-command, --peer-topic and --peer-type belong together')
    parsed.peers = [
        Peer(Topic(topic, type_name), command)
        for topic, type_name, command in zip(
            parsed.peer_topic, parsed.peer_type, parsed.peer_command, strict=True
        )
    ]
    if parsed.plain or not parsed.quick:
        parsed.peers.insert(0, plain_peer())
    return parsed


def report(run: BenchmarkRun, options: argparse.Namespace) -> str:
    """Print and write what was measured; return the machine's line for docs/hardware.md."""
    bare_ms = [row.bare.inference_ms for row in run.rows if row.scene == ENDURANCE]
    say(
        f'MediaPipe alone took {min(bare_ms):.1f} to {max(bare_ms):.1f} ms for the same frames: '
        'the closer these are, the quieter the machine was'
    )
    assert run.endurance is not None
    rows, steps = [*medians(run.rows), run.endurance], run.median_steps()
    targets = list(check_targets(rows, run.endurance, run.idle_share, steps))
    plain = [row for row in differences(run.compared) if row.node == PLAIN_TOPIC]
    targets += [*check_beside_plain(plain), *check_footprints(run.footprints)]
    about = {**machine(), 'load_at_start': run.load_at_start, 'bare_ms': bare_ms}
    about['footprints'] = [asdict(each) for each in run.footprints]
    write(options.output, options.name, rows, steps, targets, about)
    plot(options.output / f'{options.name}.png', options.name, rows)
    print(row_table(rows), step_table(steps), target_table(targets), sep='\n\n')
    say(f'results in {options.output}/{options.name}.csv, .json and .png')
    return hardware_line(rows, about, options.name)


def measure(run: BenchmarkRun, options: argparse.Namespace, lengths: Lengths) -> None:
    """
    Measure what the command line asks for.

    :raises WorkerError: when a process fails
    """
    is_whole = not options.only_peers and not options.only_footprint
    if is_whole:
        run.measure(with_others=not options.quick)
    if options.only_footprint or (is_whole and not options.quick):
        nodes = [own_node(), *([options.before] if options.before else [])]
        run.measure_footprints(nodes, options.rounds or 1)
    if options.peers and not options.only_footprint:
        run.compare(options.peers, options.rounds or lengths.comparisons)


def main() -> int:
    """Run, print and write."""
    options, begin_s = arguments(), time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # no process is left behind
    lengths = QUICK if options.quick else FULL
    with TemporaryDirectory() as folder:
        run = BenchmarkRun(Path(folder), lengths, available_models())
        try:
            measure(run, options, lengths)
        except WorkerError as error:
            say(f'FAILED: {error}')
            return 1
    line = report(run, options) if run.endurance else ''
    if run.footprints:
        print('', footprint_table(run.footprints), sep='\n')
    if options.only_footprint:
        print('', target_table(list(check_footprints(run.footprints))), sep='\n')
    if run.compared:
        print('', comparison_table(list(differences(run.compared))), sep='\n')
    say(f'{(time.monotonic() - begin_s) / 60:.1f} minutes')
    if line:
        say('this machine, for docs/hardware.md:')
        print(line)
    return 0


if __name__ == '__main__':
    sys.exit(main())
