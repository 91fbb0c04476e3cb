# SPDX-License-Identifier: Apache-2.0
"""download() against a real web server on this machine."""

import hashlib
from pathlib import Path
import time

import pytest

from pose_ros.models import download as module
from pose_ros.models.download import DownloadError, download
from simulation.http_files import Site, certificate, serving

CONTENT = bytes(range(256)) * 1200
SHA256 = hashlib.sha256(CONTENT).hexdigest()
THIRD = len(CONTENT) // 3
LIMIT = len(CONTENT)


@pytest.fixture(scope='module')
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp('certificate'))


@pytest.fixture(autouse=True)
def quick(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience, no proxy before this machine, and trust in its certificate."""
    monkeypatch.setenv('SSL_CERT_FILE', str(key))
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
    key: Path,
    faults: list[int | str],
    ranges: bool,
    requests: list[str],
) -> None:
    path = tmp_path / 'file'
    with serving(Site(CONTENT, faults, ranges), key) as site:
        download(site.url, path, SHA256, LIMIT)
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
    key: Path,
    faults: list[int | str],
    requests: int,
    message: str,
) -> None:
    with (
        serving(Site(CONTENT, faults), key) as site,
        pytest.raises(DownloadError, match=message) as caught,
    ):
        download(site.url, tmp_path / 'file', SHA256, LIMIT)
    assert site.url in str(caught.value)
    assert '\n' not in str(caught.value)
    assert len(site.requests) == requests


def test_leaves_an_address_out_of_reach_at_once(
    tmp_path: Path,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, 'PAUSE_S', 60.0)
    with serving(Site(CONTENT), key) as closed:
        pass
    started = time.monotonic()
    with pytest.raises(DownloadError, match='refused'):
        download(closed.url, tmp_path / 'file', SHA256, LIMIT)
    assert time.monotonic() - started < 10.0


def test_refuses_other_content(tmp_path: Path, key: Path) -> None:
    with (
        serving(Site(CONTENT[:-1] + b'!'), key) as site,
        pytest.raises(DownloadError, match=f'not the known file, wanted SHA-256 {SHA256[:9]}'),
    ):
        download(site.url, tmp_path / 'file', SHA256, LIMIT)
    assert len(site.requests) == 1


def test_says_how_far_it_is(tmp_path: Path, key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Site(CONTENT, ['cut']), key) as site:
        download(site.url, tmp_path / 'file', SHA256, LIMIT)
    out, err = capsys.readouterr()
    assert out == ''
    assert err.splitlines()[-1] == 'file: 100 % of 0.3 MB'
    assert f'file: cut after {THIRD} of {len(CONTENT)} bytes; trying again' in err.splitlines()
    assert 4 <= len(err.splitlines()) <= 6


def test_refuses_what_is_not_https(tmp_path: Path) -> None:
    with (
        serving(Site(CONTENT)) as site,
        pytest.raises(DownloadError, match='wanted an address that begins with https://'),
    ):
        download(site.url, tmp_path / 'file', SHA256, LIMIT)
    assert site.requests == []


def test_follows_no_redirection_away_from_https(tmp_path: Path, key: Path) -> None:
    with (
        serving(Site(CONTENT)) as plain,
        serving(Site(CONTENT, [plain.url]), key) as site,
        pytest.raises(DownloadError, match='wanted an address that begins with https'),
    ):
        download(site.url, tmp_path / 'file', SHA256, LIMIT)
    assert plain.requests == []


def test_follows_a_redirection_within_https(tmp_path: Path, key: Path) -> None:
    with (
        serving(Site(CONTENT), key) as other,
        serving(Site(CONTENT, [other.url]), key) as site,
    ):
        download(site.url, tmp_path / 'file', SHA256, LIMIT)
    assert len(other.requests) == 1


def test_refuses_a_certificate_that_is_not_trusted(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv('SSL_CERT_FILE')
    with (
        serving(Site(CONTENT), key) as site,
        pytest.raises(DownloadError, match='CERTIFICATE_VERIFY_FAILED'),
    ):
        download(site.url, tmp_path / 'file', SHA256, LIMIT)


def test_takes_no_more_than_the_limit(tmp_path: Path, key: Path) -> None:
    with (
        serving(Site(CONTENT), key) as site,
        pytest.raises(DownloadError, match=f'{LIMIT} bytes or more, wanted at most {LIMIT - 1}'),
    ):
        download(site.url, tmp_path / 'file', SHA256, LIMIT - 1)
    assert not (tmp_path / 'file').exists()


def test_a_full_disk_is_no_matter_of_the_network(key: Path) -> None:
    with serving(Site(CONTENT), key) as site, pytest.raises(OSError, match='No space left') as it:
        download(site.url, Path('/dev/full'), SHA256, LIMIT)
    assert not isinstance(it.value, DownloadError)
