# SPDX-License-Identifier: Apache-2.0
"""Tests of whether measurements are held against the right targets."""

from dataclasses import replace
from pathlib import Path

from benchmark.comparison import Difference
from benchmark.footprint import Footprint, Measured, footprint_table, median_of
from benchmark.measurement import (
    OURS,
    BareLoop,
    FrameTimes,
    Measurement,
    Part,
    Scene,
    medians,
    summarize,
)
from benchmark.scenes import EVERY_OUTPUT, SIZES, TARGETED_OUTPUTS, targeted_scenes
from benchmark.step import ALONE, FOLLOWED, TWO_PEOPLE, Step
from benchmark.targets import check_beside_plain, check_footprints, check_targets

RESULTS = Path(__file__).parents[2] / 'benchmark/results'
BARE = BareLoop(inference_ms=20.0, rate_hz=50.0, cpu_ms=20.0, rss_mb=100.0, pss_mb=90.0)
STEPS = [
    Step(640, 480, TWO_PEOPLE, FOLLOWED, 1.1, 1.1),
    Step(640, 480, TWO_PEOPLE, ALONE, 0.2, 0.2),
]
INFERENCE_NS = 20_000_000


def measured(
    scene: Scene, overhead_ms: float = 2.0, saturated: bool = False, parts: int = 1
) -> Measurement:
    period_ns = INFERENCE_NS if saturated else 33_333_333
    frames = [
        FrameTimes(
            index * period_ns,
            int(index * period_ns + INFERENCE_NS + overhead_ms * 1e6),
            index * period_ns + 1_000_000,
            INFERENCE_NS,
        )
        for index in range(100)
    ]
    outputs_ms = dict.fromkeys(scene.outputs, 24.0)
    part = Part(100, 100, frames, 2.2, 200.0, 180.0, outputs_ms)
    return summarize(scene, 30.0, saturated, [part] * parts, BARE)


def rows(overhead_ms: float = 2.0) -> list[Measurement]:
    scenes = list(targeted_scenes(['lite', 'full', 'heavy']))
    return [measured(scene, overhead_ms) for scene in scenes] + [
        measured(scene, saturated=True) for scene in scenes if not scene.outputs
    ]


ENDURANCE = measured(Scene(OURS, 'full', *SIZES[0]), parts=4)


def test_a_good_run_meets_all_targets() -> None:
    targets = list(check_targets(rows(), ENDURANCE, 0.005, STEPS))
    assert [str(target) for target in targets if not target.met] == []
    assert len(targets) == 22


def test_latency_is_held_against_the_limit_of_its_size() -> None:
    missed = [
        target.text
        for target in check_targets(rows(overhead_ms=5.0), ENDURANCE, 0.005, STEPS)
        if not target.met
    ]
    assert missed == [
        f'landmarks: latency minus inference, landmarks only, full, 30 Hz, {size}'
        for size in ('640x480', '1280x720')
    ]


def test_the_last_of_the_targeted_outputs_counts() -> None:
    late = [
        replace(row, outputs_ms={**row.outputs_ms, 'overlay': 60.0}) if row.outputs_ms else row
        for row in rows()
    ]
    missed = [target for target in check_targets(late, ENDURANCE, 0.005, STEPS) if not target.met]
    assert len(missed) == 3
    assert all(target.text.startswith('last output') and target.value == 40 for target in missed)


def test_of_rounds_the_median_counts() -> None:
    scene = Scene(OURS, 'full', *SIZES[0])
    (row,) = medians(measured(scene, overhead_ms) for overhead_ms in (9.0, 2.0, 3.0))
    assert row.overhead_ms == 3.0


def test_the_targeted_outputs_are_outputs_of_the_node() -> None:
    assert set(TARGETED_OUTPUTS) <= set(EVERY_OUTPUT)


def test_the_node_is_held_against_the_plainest_one() -> None:
    later = Difference('/plain', 640, 480, False, 25.0, 0.4, 0.1, 30.0, 1.0, 0.0, 0.6, 20.0)
    slower = replace(later, saturated=True, rate_ratio=0.95)
    assert [target.met for target in check_beside_plain([later, slower])] == [True, True]
    earlier, faster = replace(later, later_ms=-0.4), replace(slower, rate_ratio=1.05)
    assert [target.met for target in check_beside_plain([earlier, faster])] == [False, False]


def test_masks_that_nobody_sees_may_cost_nothing() -> None:
    good = Footprint(2.0, 0.8, 150.0, 200.0, 20.0, 20.1, 23.0, 250.0, 0.0, 40.0)
    bad = replace(good, unheard_ms=23.0, lost=2.0)
    found = [
        Measured((640, 480), is_own=True, footprint=good),
        Measured((1280, 720), is_own=True, footprint=bad),
        Measured((640, 480), is_own=False, footprint=bad),
    ]
    assert [target.met for target in check_footprints(found)] == [True, True, False, False]
    head, _, *lines = footprint_table(found).splitlines()
    assert head == '| footprint, full | 640x480 | 1280x720 | 640x480, before |'
    assert '| CPU until then, s | 0.8 | 0.8 | 0.8 |' in lines
    assert len(lines) == 10
    assert median_of([good, bad, bad]) == bad


def test_results_name_no_folder_of_the_machine_that_made_them() -> None:
    files = [each for each in RESULTS.iterdir() if each.suffix != '.png']
    assert len(files) > 5
    for each in files:
        assert '/bin/' not in each.read_text(), each
