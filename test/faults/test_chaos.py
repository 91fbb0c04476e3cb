# SPDX-License-Identifier: Apache-2.0
"""Half a minute of three clients that do everything wrong; `make chaos` does it for longer."""

import pytest

from simulation.chaos.run import run


@pytest.mark.timeout(400)
@pytest.mark.parametrize('seed', [1])
def test_a_node_survives_three_careless_clients(seed: int) -> None:
    outcome = run(seconds=30.0, seed=seed)
    assert not outcome.problems, f'{outcome.facts}\n{outcome.log}'
