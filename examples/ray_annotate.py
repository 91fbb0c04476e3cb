# SPDX-License-Identifier: Apache-2.0
"""
Annotates many recordings on a Ray cluster, or with Ray on this machine.

    python ray_annotate.py recordings/*.mcap -o /shared/out --jobs 2 --parquet

It takes the arguments of annotate_bag. One recording is one task on one CPU: a task whose worker
is killed begins its recording again, and a second run goes on with what is not done. Recordings
and results must lie where all machines see them under the same path.
"""

from __future__ import annotations

import os
import sys

import ray

from pose_ros.bags.arguments import read_arguments
from pose_ros.bags.job import Job, Report
from pose_ros.bags.worker import report_of


@ray.remote(num_cpus=1, max_retries=5)
def annotate_one(job: Job) -> Report:
    """Annotate one recording on a worker."""
    return report_of(job)


def main() -> int:
    """Annotate the recordings, and return 1 when one of them failed."""
    given = read_arguments(None)
    # In a cluster RAY_ADDRESS says where it is; its CPUs say how many tasks run at a time.
    cpus = None if os.environ.get('RAY_ADDRESS') else given.processes
    ray.init(num_cpus=cpus, include_dashboard=False, log_to_driver=False)
    waiting = [annotate_one.remote(job) for job in given.jobs]
    failed = 0
    while waiting:
        [done], waiting = ray.wait(waiting)
        report = ray.get(done)
        failed += not report.done
        print('done' if report.done else 'FAILED', f'{report.path}: {report.text}', flush=True)
    return int(failed > 0)


if __name__ == '__main__':
    sys.exit(main())
