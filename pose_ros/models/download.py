# SPDX-License-Identifier: Apache-2.0
"""Downloads a file over HTTPS, checks its SHA-256, and shows progress on stderr."""

import hashlib
import http.client
from pathlib import Path
import sys
import time
from typing import Any
import urllib.error
import urllib.request

__all__ = ['DownloadError', 'check_sha256', 'download']

ATTEMPTS = 4
PAUSE_S = 1.0  # before the second attempt; twice as long before each further one
TIMEOUT_S = 20.0  # without a byte
TRANSFER_ERRORS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)


class DownloadError(RuntimeError):
    """A file could not be had, or is another than wanted. One line."""


def download(url: str, path: Path, sha256: str, max_bytes: int) -> None:
    """
    Download a file. A transfer that is cut is taken up where it was, three times.

    An address that is out of reach is not tried again.

    :param url: its address, https://...; so are those to which it is redirected
    :param path: where to write it; what is left there after an error is not the file
    :param sha256: its SHA-256, hexadecimal
    :param max_bytes: what is larger is not taken
    :raises DownloadError: when it could not be had, or is another than wanted
    :raises OSError: when it could not be written
    """
    for attempt in range(ATTEMPTS):
        try:
            _transfer(url, path, max_bytes)
            break
        except TRANSFER_ERRORS as error:
            refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
            out_of_reach = type(error) is urllib.error.URLError
            if refused or out_of_reach or attempt == ATTEMPTS - 1:
                raise DownloadError(f'{url}: {error}') from error
            print(f'{path.name}: {error}; trying again', file=sys.stderr, flush=True)
            time.sleep(PAUSE_S * 2**attempt)
    check_sha256(url, path.read_bytes(), sha256)


def check_sha256(what: str, data: bytes, sha256: str) -> None:
    """
    Check that data are the wanted ones.

    :param what: where they come from, for the message
    :param data: the data
    :param sha256: their SHA-256, hexadecimal
    :raises DownloadError: when they have another
    """
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise DownloadError(
            f'{what}: not the known file, wanted SHA-256 {sha256[:16]}..., '
            f'got {found[:16]}... ({len(data)} bytes)'
        )


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows no redirection away from HTTPS."""

    def redirect_request(self, *arguments: Any) -> urllib.request.Request | None:
        """Check the new address, the last of the arguments."""
        _require_https(arguments[-1])
        return super().redirect_request(*arguments)


def _require_https(url: str) -> None:
    if not url.startswith('https://'):
        raise DownloadError(f'{url}: wanted an address that begins with https://')


def _transfer(url: str, path: Path, max_bytes: int) -> None:
    """Append to a file what it lacks of the one at an address."""
    _require_https(url)
    opener = urllib.request.build_opener(_HttpsOnly)
    have = path.stat().st_size if path.exists() else 0
    request = urllib.request.Request(url, headers={'Range': f'bytes={have}-'} if have else {})
    with opener.open(request, timeout=TIMEOUT_S) as response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            have = 0
        total = have + int(response.headers.get('Content-Length', 0))
        _require_size(url, total, max_bytes)
        progress = _Progress(path.name, total)
        with path.open('ab' if have else 'wb') as file:
            while block := response.read1(1 << 16):
                file.write(block)
                have += len(block)
                _require_size(url, have, max_bytes)
                progress.show(have)
    if have < total:
        raise ConnectionError(f'cut after {have} of {total} bytes')


def _require_size(url: str, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise DownloadError(f'{url}: {size} bytes or more, wanted at most {max_bytes}')


class _Progress:
    """A line on stderr: on a terminal one that counts, elsewhere one for every quarter."""

    def __init__(self, name: str, total: int) -> None:
        self._name = name
        self._total = total
        self._steps = 100 if sys.stderr.isatty() else 4
        self._shown = 0

    def show(self, have: int) -> None:
        """Say how many bytes are there, when that is worth a line."""
        step = have * self._steps // self._total if self._total else 0
        if step > self._shown:
            self._shown = step
            print(
                f'{self._name}: {100 * have // self._total} % of {self._total / 1e6:.1f} MB',
                end='\n' if self._steps == 4 or have == self._total else '\r',
                file=sys.stderr,
                flush=True,
            )
