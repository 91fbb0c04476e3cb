# SPDX-License-Identifier: Apache-2.0
"""How often the stream has to begin again at the least is said."""

from pathlib import Path

import pytest

from benchmark.restarts import LEAST, main


def test_too_few_restarts_are_refused_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(['--count', '10'])
    assert ended.value.code == 2
    assert f'--count: wanted at least {LEAST}, got 10' in capsys.readouterr().err


def test_the_least_count_is_documented() -> None:
    text = (Path(__file__).parents[2] / 'docs/reliability.md').read_text()
    assert f'`make restarts COUNT={LEAST}`' in text
