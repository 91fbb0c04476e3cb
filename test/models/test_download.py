# SPDX-License-Identifier: Apache-2.0
"""download() against a real web server on this machine."""

import hashlib
from pathlib import Path
import time

import pytest

from pose_ros.models import download as module
from pose_ros.models.download import DownloadError, download
from simulation.http_files import Site, serving

CONTENT = bytes(range(256)) * 1200
SHA256 = hashlib.sha256(CONTENT).hexdigest()
THIRD = len(CONTENT) // 3


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience, and no proxy before this machine."""
    monkeypatch.setattr(module, 'PAUSE_S', 0.0)
    monkeypatch.setattr(module, 'TIMEOUT_S', 0.3)
    monkeypatch.setenv('no_proxy', '127.0.0.1')


@pytest.mark.parametrize(
    ('faults', 'ranges', 'requests'),
    [
        ([], True, ['']),
        (['cut'], True, ['', f'bytes={THIRD}-']),
        (['cut', 'cut'], True, ['', f'bytes={THIRD}-', f'bytes={THIRD + 2 * THIRD // 3}-']),
        (['cut'], False, ['', f'bytes={THIRD}-']),
        (['silent'], True, ['', f'bytes={THIRD}-']),
        ([503, 503], True, ['', '', '']),
        (['cut', 503], True, ['', f'bytes={THIRD}-', f'bytes={THIRD}-']),
    ],
)
def test_arrives_whole(
    tmp_path: Path,
    faults: list[int | str],
    ranges: bool,
    requests: list[str],
) -> None:
    path = tmp_path / 'file'
    with serving(Site(CONTENT, faults, ranges)) as site:
        download(site.url, path, SHA256)
    assert path.read_bytes() == CONTENT
    assert site.requests == requests


@pytest.mark.parametrize(
    ('faults', 'requests', 'message'),
    [
        ([404], 1, '404'),
        ([403], 1, '403'),
        ([503] * 9, module.ATTEMPTS, '503'),
        (['cut'] * 9, module.ATTEMPTS, 'cut after'),
    ],
)
def test_gives_up(
    tmp_path: Path,
    faults: list[int | str],
    requests: int,
    message: str,
) -> None:
    with (
        serving(Site(CONTENT, faults)) as site,
        pytest.raises(DownloadError, match=message) as caught,
    ):
        download(site.url, tmp_path / 'file', SHA256)
    assert site.url in str(caught.value)
    assert '\n' not in str(caught.value)
    assert len(site.requests) == requests


def test_leaves_an_address_out_of_reach_at_once(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, 'PAUSE_S', 60.0)
    with serving(Site(CONTENT)) as closed:
        pass
    started = time.monotonic()
    with pytest.raises(DownloadError, match='refused'):
        download(closed.url, tmp_path / 'file', SHA256)
    assert time.monotonic() - started < 10.0


def test_refuses_other_content(tmp_path: Path) -> None:
    with (
        serving(Site(CONTENT[:-1] + b'!')) as site,
        pytest.raises(DownloadError, match=f'not the known file, wanted SHA-256 {SHA256[:9]}'),
    ):
        download(site.url, tmp_path / 'file', SHA256)
    assert len(site.requests) == 1


def test_says_how_far_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Site(CONTENT, ['cut'])) as site:
        download(site.url, tmp_path / 'file', SHA256)
    out, err = capsys.readouterr()
    assert out == ''
    assert err.splitlines()[-1] == 'file: 100 % of 0.3 MB'
    assert f'file: cut after {THIRD} of {len(CONTENT)} bytes; trying again' in err.splitlines()
    assert 4 <= len(err.splitlines()) <= 6
